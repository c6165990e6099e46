import t from 'tap'
import { createServer } from '../src/index.ts'
import { connect } from '../src/client/connect.ts'
import { parseListenArguments } from '../src/server/listen-arguments.ts'
import { makeIdentity } from './support/identity.ts'

const { key, cert } = makeIdentity()

t.test('an unknown option is a TypeError that names it and the known ones', async (t) => {
  // @ts-expect-error -- what a JavaScript caller may do
  t.throws(() => createServer({ key, cert, certs: cert }), {
    name: 'TypeError',
    message: /"certs" is not an option; known: key, cert/,
  })
})

t.test('a wrong type names the option, what was expected and what came', async (t) => {
  // @ts-expect-error -- what a JavaScript caller may do
  t.throws(() => createServer({ key: 5, cert }), {
    name: 'TypeError',
    message: /"key" expected PEM .* got 5/,
  })
  // @ts-expect-error -- what a JavaScript caller may do
  t.throws(() => createServer({ key, cert, alsoTcp: 'yes' }), {
    message: `"alsoTcp" expected boolean, got 'yes'`,
  })
  t.throws(() => createServer({ key, cert, ALPNProtocols: [] }), {
    message: /"ALPNProtocols" expected non-empty array of strings, got array/,
  })
  // @ts-expect-error -- what a JavaScript caller may do
  t.throws(() => createServer(null), { message: '"options" expected object, got null' })
  // @ts-expect-error -- what a JavaScript caller may do
  t.throws(() => createServer({ key, cert }, 'handler'), { message: /"requestListener"/ })
})

t.test('a number out of range is a RangeError', async (t) => {
  t.throws(() => createServer({ key, cert, maxHeaderSize: 0 }), {
    name: 'RangeError',
    message: '"maxHeaderSize" expected integer 1..1073741824, got 0',
  })
  t.throws(() => createServer({ key, cert, transport: { maxIdleTimeout: -1 } }), {
    name: 'RangeError',
    message: /"transport.maxIdleTimeout" expected an integer/,
  })
})

t.test('a transport too narrow for HTTP/3 is refused at start (rfc9114#6.2-1)', async (t) => {
  for (const [name, value, least] of [
    ['initialMaxStreamsUni', 2, 3],
    ['initialMaxStreamsUni', 0, 3],
    ['initialMaxStreamData', 1023, 1024],
    ['initialMaxData', 1023, 1024],
  ] as const) {
    const wrong = {
      name: 'RangeError',
      message: `"transport.${name}" expected at least ${least} for HTTP/3, got ${value}`,
    }
    const transport = { [name]: value }
    t.throws(() => createServer({ key, cert, transport }), wrong)
    await t.rejects(connect('https://localhost/', { transport }), wrong)
    t.ok(createServer({ key, cert, transport: { [name]: least } }), 'rfc9114#6.2-2')
  }
})

t.test('wrong options of a client reject before anything is sent', async (t) => {
  await t.rejects(connect('http://localhost/'), { message: /"url" expected an https: URL/ })
  // @ts-expect-error -- what a JavaScript caller may do
  await t.rejects(connect('https://localhost/', { cafile: 'x' }), { message: /"cafile"/ })
  await t.rejects(connect('https://localhost/', { family: 5 }), {
    name: 'RangeError',
    message: '"family" expected 0, 4 or 6, got 5',
  })
})

t.test('listen takes the forms of node:net', async (t) => {
  const callback = (): void => {}
  t.match(parseListenArguments([]), { port: 0, host: undefined, callback: undefined })
  t.match(parseListenArguments([443]), { port: 443, host: undefined })
  t.match(parseListenArguments(['443', callback]), { port: 443, callback })
  t.match(parseListenArguments([443, '::1', callback]), { port: 443, host: '::1', callback })
  t.match(parseListenArguments([443, '127.0.0.1', 511, callback]), { host: '127.0.0.1' })
  t.match(parseListenArguments([{ port: 443, host: 'localhost', backlog: 5 }, callback]), {
    port: 443,
    host: 'localhost',
    callback,
  })
  t.throws(() => parseListenArguments([70_000]), { name: 'RangeError', message: /"port"/ })
  t.throws(() => parseListenArguments([{ port: -1 }]), { name: 'RangeError', message: /"port"/ })
})

t.test('ciphers are names of TLS 1.3 suites, those of node:tls', async (t) => {
  t.throws(() => createServer({ key, cert, ciphers: 'TLS_AES_128_GCM_SHA256:RC4' }), {
    name: 'TypeError',
    message: /"ciphers" expected names .* TLS_CHACHA20_POLY1305_SHA256, got 'RC4'/,
  })
  // @ts-expect-error -- what a JavaScript caller may do
  t.throws(() => createServer({ key, cert, ciphers: ['TLS_AES_128_GCM_SHA256'] }), {
    message: /"ciphers" expected string/,
  })
  await t.rejects(connect('https://localhost/', { ciphers: '' }), { message: /"ciphers"/ })
})
