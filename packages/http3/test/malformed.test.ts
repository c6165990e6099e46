// Malformed messages, RFC 9114 §4.1.2 to §4.4 and §10.3: a stream error for what comes, a TypeError
// for what goes. The connection goes on.

import * as fc from 'fast-check'
import t from 'tap'
import { H3_MESSAGE_ERROR } from '../src/index.ts'
import {
  checkRequestFields,
  checkResponseFields,
  checkTrailerFields,
  MessageHead,
} from '../src/message-fields.ts'
import { bytes, data, headers, pair, RawPeer, readAll, request } from './peers.ts'

const head = new MessageHead()
const get = request('GET')
const CONNECTION_SPECIFIC = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]

function without(name: string): string[] {
  const at = get.indexOf(name)
  return [...get.slice(0, at), ...get.slice(at + 2)]
}

function withPath(path: string, method = 'GET', scheme = 'https'): string[] {
  return [':method', method, ':scheme', scheme, ':authority', 'a', ':path', path]
}

// Wrong in any message: names and values, attacks 31 and 32.
const LINES: [string, string, string][] = [
  ['an uppercase name (rfc9114#4.2-2)', 'X-a', 'b'],
  ['an empty name', '', 'b'],
  ['a name with a space', 'x a', 'b'],
  ['a name with a colon', 'x:a', 'b'],
  ['a name with CR LF', 'x\r\na', 'b'],
  ['a name with NUL', 'x\0', 'b'],
  ['a name with a byte above 0x7f (rfc9114#10.3-1)', 'x\u00e4', 'b'],
  ['a value with CR (rfc9114#10.3-2)', 'x-a', 'a\rb'],
  ['a value with LF', 'x-a', 'a\nb'],
  ['a value with NUL', 'x-a', 'a\0b'],
  ['a value with a control', 'x-a', 'a\u0001b'],
  ['a value with DEL', 'x-a', 'a\u007fb'],
  ['a value that begins with a space', 'x-a', ' a'],
  ['a value that ends with a tab', 'x-a', 'a\t'],
  ['a value of a space', 'x-a', ' '],
  ...CONNECTION_SPECIFIC.map((name): [string, string, string] => [
    `"${name}" (rfc9114#4.2-3)`,
    name,
    'close',
  ]),
]

const REQUESTS: [string, string[]][] = [
  ...LINES.map(([title, name, value]): [string, string[]] => [title, [...get, name, value]]),
  ['no fields', []],
  ...[':method', ':scheme', ':authority', ':path'].flatMap((name): [string, string[]][] => [
    [`no ${name} (rfc9114#4.3.1-6, rfc9114#4.3.1-7)`, without(name)],
    [`${name} twice`, [...get, name, get[get.indexOf(name) + 1]]],
    [`${name} again before fields`, [name, get[get.indexOf(name) + 1], ...get]],
    [`an empty ${name}`, get.toSpliced(get.indexOf(name) + 1, 1, '')],
  ]),
  ['a pseudo-header field after a field (rfc9114#4.3-6)', ['x-a', 'b', ...get]],
  ['an undefined pseudo-header field (rfc9114#4.3-4)', [':foo', 'bar', ...get]],
  [':protocol, which was not offered', [':protocol', 'websocket', ...get]],
  [':status in a request (rfc9114#4.3-2)', [':status', '200', ...get]],
  ['te other than trailers (rfc9114#4.2-4)', [...get, 'te', 'gzip']],
  ['te with trailers and more', [...get, 'te', 'trailers, gzip']],
  ['host other than :authority (rfc9114#4.3.1-9)', [...get, 'host', 'example.net']],
  ['an empty host (rfc9114#4.3.1-8)', [...without(':authority'), 'host', '']],
  ['host twice', [...get, 'host', 'example.org', 'host', 'example.org']],
  ['userinfo in :authority (rfc9114#4.3.1-1)', get.toSpliced(5, 1, 'user@example.org')],
  ['a method that is no token', get.toSpliced(1, 1, 'GE T')],
  ['a scheme that is none', get.toSpliced(3, 1, 'ht/tp')],
  ['a path without a slash', withPath('index.html')],
  ['a path with a space', withPath('/a b')],
  ['a path with a fragment', withPath('/a#b')],
  ['a path with LF', withPath('/a\nb')],
  ['an asterisk that is not for OPTIONS', withPath('*')],
  ['a URL as a path', withPath('https://example.org/')],
  ['a path of another scheme with a control', withPath('a\nb', 'GET', 'coap')],
  ['content-length that is no number', [...get, 'content-length', '1x']],
  ['an empty content-length', [...get, 'content-length', '']],
  ['a negative content-length', [...get, 'content-length', '-1']],
  ['content-length with a plus', [...get, 'content-length', '+1']],
  ['content-length as a list', [...get, 'content-length', '1, 1']],
  ['content-length twice', [...get, 'content-length', '1', 'content-length', '1']],
  ['content-length above 2^53-1', [...get, 'content-length', '9007199254740993']],
  ['content-length of many digits', [...get, 'content-length', '0'.repeat(17)]],
  ['CONNECT with :path (rfc9114#4.4-1)', [...request('CONNECT').slice(0, 4), ':path', '/']],
  ['CONNECT with :scheme', [...request('CONNECT').slice(0, 4), ':scheme', 'https']],
  ['CONNECT without :authority', [':method', 'CONNECT']],
  ['CONNECT with host only', [':method', 'CONNECT', 'host', 'a:1']],
  ['CONNECT without a port', [':method', 'CONNECT', ':authority', 'example.org']],
  ['CONNECT without a host', [':method', 'CONNECT', ':authority', ':443']],
]

const GOOD_REQUESTS: string[][] = [
  get,
  [...get, 'host', 'example.org'],
  [...without(':authority'), 'host', 'example.org'],
  [...get, 'te', 'trailers'],
  [
    ...get,
    'x-empty',
    '',
    'x-tab',
    'a\tb',
    'x-bytes',
    '\u00ff\u0080',
    'cookie',
    'a=b',
    'cookie',
    'c=d',
  ],
  withPath('*', 'OPTIONS'),
  withPath('/a?b=%20/?:@'),
  withPath('', 'GET', 'urn'),
  withPath('/caf\u00c3\u00a9'),
  [':method', 'GET', ':scheme', 'urn', ':path', 'example:a'],
  [':method', 'GET', ':scheme', 'https', ':path', '/', ':authority', '[::1]:8443'],
  request('CONNECT'),
  [':method', 'CONNECT', ':authority', '[::1]:443'],
]

const RESPONSES: [string, string[]][] = [
  ...LINES.map(([title, name, value]): [string, string[]] => [
    title,
    [':status', '200', name, value],
  ]),
  ['no :status (rfc9114#4.3.2-1)', ['x-a', 'b']],
  ['no fields', []],
  [':status twice', [':status', '200', ':status', '200']],
  ['a pseudo-header field after a field (rfc9114#4.3-6)', ['x-a', 'b', ':status', '200']],
  [':path in a response (rfc9114#4.3-2)', [':status', '200', ':path', '/']],
  ['te in a response', [':status', '200', 'te', 'trailers']],
  ['101 (RFC 9114 §4.5)', [':status', '101']],
  ...['', '20', '2000', '2x0', '099', '-10', ' 200', '+20'].map((status): [string, string[]] => [
    `:status "${status}"`,
    [':status', status],
  ]),
  ['content-length that is no number', [':status', '200', 'content-length', 'x']],
]

const TRAILERS: [string, string[]][] = [
  ...LINES.map(([title, name, value]): [string, string[]] => [title, [name, value]]),
  ['a pseudo-header field (rfc9114#4.3-3)', [':path', '/']],
  [':status, as of a second response (rfc9114#4.1-2)', [':status', '200']],
]

t.test('requests that are none', (t) => {
  for (const [title, fields] of REQUESTS) {
    t.type(checkRequestFields(fields, head), 'string', title)
    const peer = new RawPeer('server')
    const stream = peer.message()
    stream.write(headers(...fields))
    peer.run()
    t.equal(stream.resetReceived, H3_MESSAGE_ERROR, `${title}: the response is reset`)
    t.equal(stream.resetSent, H3_MESSAGE_ERROR, `rfc9114#4.1.2-2, ${title}: it is refused`)
    t.same(peer.side.types(), [], `${title}: nobody hears of it`)
    t.equal(peer.closedWith, null)
    const { client } = pair()
    const ours = 'rfc9114#4.1-7, rfc9114#4.3-1, rfc9114#4.3-5, rfc9114#4.3.1-5'
    const refusal = /"fields" expected a request: /
    t.throws(() => client.http3.request(fields, true), refusal, `${ours}, ${title}: not sent`)
    t.equal(client.http3.openRequests, 0)
  }
  t.end()
})

t.test('requests that are', (t) => {
  for (const fields of GOOD_REQUESTS) {
    t.equal(checkRequestFields(fields, head), null, fields.join(' '))
    const { client, server, run } = pair()
    client.http3.request(fields, true)
    run()
    t.same(server.last('request').fields, fields)
  }
  for (const authority of ['user@a', 'a b', 'a/b', 'a?b', 'a#b', 'a\\b', 'a\r\nb']) {
    t.type(checkRequestFields(withPath('/').toSpliced(5, 1, authority), head), 'string', authority)
  }
  t.end()
})

t.test('responses that are none', (t) => {
  for (const [title, fields] of RESPONSES) {
    t.type(checkResponseFields(fields, head), 'string', title)
    const peer = new RawPeer('client')
    peer.message().write(headers(...fields))
    peer.run()
    t.match(
      peer.side.last('reset'),
      { errorCode: H3_MESSAGE_ERROR, error: { code: 'ERR_HTTP3_MESSAGE', remote: false } },
      `rfc9114#4.1.2-2, ${title}`,
    )
    t.same(peer.side.types(), ['finished', 'reset'], `rfc9114#4.1.2-4, ${title}`)
    t.equal(peer.closedWith, null)
    t.equal(peer.side.http3.openRequests, 0)
    const { client, server, run } = pair()
    client.http3.request(get, true)
    run()
    const { stream } = server.last('request')
    const refusal = /"fields" expected a response: /
    const ours = `rfc9114#4.3-1, rfc9114#4.3-5, ${title}: not sent`
    t.throws(() => stream.sendHeaders(fields, true), refusal, ours)
  }
  t.end()
})

t.test('trailers that are none', (t) => {
  for (const [title, fields] of TRAILERS) {
    t.type(checkTrailerFields(fields), 'string', title)
    for (const role of ['server', 'client'] as const) {
      const peer = new RawPeer(role)
      const stream = peer.message()
      stream.write(role === 'server' ? headers(...request('POST')) : headers(':status', '200'))
      peer.run()
      stream.write(headers(...fields))
      stream.finish()
      peer.run()
      t.match(peer.side.last('reset'), { errorCode: H3_MESSAGE_ERROR }, `${role}: ${title}`)
      t.equal(peer.side.types().includes('trailers'), false)
    }
    const { client } = pair()
    const stream = client.http3.request(get, false)!
    t.throws(() => stream.sendTrailers(fields), /"fields" expected a trailer section: /, title)
  }
  t.end()
})

t.test('an odd number of strings is refused', (t) => {
  const { client, server, run } = pair()
  t.throws(() => client.http3.request([...get, 'x'], true), TypeError)
  const stream = client.http3.request(get, false)!
  t.throws(() => stream.sendTrailers(['x']), TypeError)
  run()
  t.throws(() => server.last('request').stream.sendHeaders([':status']), TypeError)
  t.end()
})

t.test('a character above U+00FF is refused in what we send', (t) => {
  const { client } = pair()
  for (const fields of [[...get, 'x-a', '\u0161'], [...get, 'x\u0161', 'a'], withPath('/\u0161')]) {
    t.throws(() => client.http3.request(fields, true), TypeError)
  }
  t.end()
})

t.test('names like __proto__ are names (attack 46)', (t) => {
  const { client, server, run } = pair()
  client.http3.request([...get, '__proto__', 'a', 'constructor', 'b'], true)
  run()
  t.same(server.last('request').fields.slice(-4), ['__proto__', 'a', 'constructor', 'b'])
  t.end()
})

t.test('a long wrong name is shortened and escaped in the message', (t) => {
  const wrong = checkTrailerFields([`X\n${'a'.repeat(1000)}`, ''])!
  t.ok(wrong.length < 150)
  t.notMatch(wrong, /\n/)
  t.end()
})

for (const role of ['server', 'client'] as const) {
  const first = (length: string): Uint8Array =>
    role === 'server'
      ? headers(...request('POST', 'content-length', length))
      : headers(':status', '200', 'content-length', length)

  t.test(`${role}: content that is not what content-length says (RFC 9114 §4.1.2)`, (t) => {
    const cases: [string, Uint8Array[], boolean][] = [
      ['more in one frame', [first('3'), data(1, 2, 3, 4)], false],
      ['more in a second frame', [first('3'), data(1, 2, 3), data(4)], false],
      ['less', [first('3'), data(1, 2)], true],
      ['none', [first('3')], true],
      ['less before trailers', [first('3'), data(1), headers('x-a', 'b')], true],
      ['some where none was announced', [first('0'), data(1)], true],
    ]
    for (const [title, parts, fin] of cases) {
      const peer = new RawPeer(role)
      const stream = peer.message()
      for (const part of parts) stream.write(part)
      if (fin) stream.finish()
      peer.run()
      for (const event of peer.side.log) if (event.type === 'data') readAll(event.stream)
      peer.run()
      t.equal(peer.closedWith, null)
      t.equal(peer.side.types().includes('end'), false, title)
      t.equal(peer.side.http3.openRequests, 0, title)
      if (role === 'server') t.equal(stream.resetReceived, H3_MESSAGE_ERROR, title)
    }
    t.end()
  })

  t.test(`${role}: content that is what content-length says`, (t) => {
    const peer = new RawPeer(role)
    const stream = peer.message()
    for (const part of [first('4'), data(), data(...bytes('ab')), data(), data(...bytes('cd'))]) {
      stream.write(part)
    }
    stream.finish()
    peer.run()
    const message = peer.side.last(role === 'server' ? 'request' : 'response').stream
    t.equal(readAll(message), 'abcd')
    t.equal(message.ended, true)
    t.end()
  })
}

t.test('client: content where there can be none', (t) => {
  for (const [method, status] of [
    ['HEAD', '200'],
    ['GET', '204'],
    ['GET', '304'],
  ]) {
    const peer = new RawPeer('client')
    const stream = peer.message(method)
    stream.write(headers(':status', status, 'content-length', '1'))
    stream.write(data(1))
    peer.run()
    t.match(peer.side.last('reset'), { errorCode: H3_MESSAGE_ERROR }, `${method} ${status}`)
  }
  t.end()
})

t.test('client: Content-Length of a successful CONNECT means nothing (RFC 9110 §9.3.6)', (t) => {
  const peer = new RawPeer('client')
  const stream = peer.message('CONNECT')
  stream.write(headers(':status', '200', 'content-length', '1'))
  stream.write(data(1, 2, 3))
  stream.finish()
  peer.run()
  t.equal(readAll(peer.side.last('response').stream).length, 3)
  t.equal(peer.side.last('response').stream.ended, true)
  t.end()
})

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if ((c < 0x20 && c !== 0x09) || c === 0x7f) return true
  }
  return false
}

t.test('any field lines give an answer, and what is accepted has no control characters', (t) => {
  const bytes = fc
    .uint8Array({ maxLength: 10 })
    .map((list) => String.fromCharCode.apply(null, [...list]))
  const line = fc.tuple(fc.oneof(bytes, fc.constantFrom('x-a', 'host', ':path', 'te')), bytes)
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      for (const fields of [[...get, ...lines.flat()], lines.flat()]) {
        checkResponseFields(fields, head)
        checkTrailerFields(fields)
        if (checkRequestFields(fields, head) !== null) continue
        if (fields.some(hasControl)) return false
      }
      return true
    }),
    { seed: 1, numRuns: 3000 },
  )
  t.end()
})
