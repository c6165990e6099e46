import t from 'tap'
import { fieldValue, headersOf, rawHeadersOf } from '../src/fields.ts'
import { fieldsOf, OutgoingHeaders } from '../src/outgoing-headers.ts'

const FIELDS = [
  ':method',
  'GET',
  'cookie',
  'a=1',
  'cookie',
  'b=2',
  'set-cookie',
  'x',
  'set-cookie',
  'y',
  'accept',
  'text/html',
  'accept',
  '*/*',
  'content-type',
  'text/plain',
  'content-type',
  'text/html',
  '__proto__',
  'safe',
]

t.test('headers follow the rules of node:http', async (t) => {
  const headers = headersOf(FIELDS)
  t.equal(headers['cookie'], 'a=1; b=2', 'rfc9114#4.2.1-2: crumbs are joined')
  t.strictSame(headers['set-cookie'], ['x', 'y'])
  t.equal(headers['accept'], 'text/html, */*')
  t.equal(headers['content-type'], 'text/plain', 'the first of a single-valued field')
  t.notOk(':method' in headers)
  t.equal(Object.getPrototypeOf(headers), null)
  t.equal(headers['__proto__'], 'safe')
})

t.test('rawHeaders keep order and duplicates', async (t) => {
  t.strictSame(rawHeadersOf(FIELDS).slice(0, 4), ['cookie', 'a=1', 'cookie', 'b=2'])
  t.equal(fieldValue(FIELDS, ':method'), 'GET')
  t.equal(fieldValue(FIELDS, 'absent'), undefined)
})

t.test('outgoing headers come in every form that node:http takes', async (t) => {
  const wanted = ['a', '1', 'b', 'x', 'b', 'y']
  t.strictSame(fieldsOf({ A: 1, b: ['x', 'y'] }), wanted, 'rfc9114#4.2-1')
  t.strictSame(fieldsOf(['A', '1', 'b', 'x', 'b', 'y']), wanted)
  t.strictSame(
    fieldsOf([
      ['A', 1],
      ['b', 'x'],
      ['b', 'y'],
    ]),
    wanted,
  )
  t.strictSame(
    fieldsOf(
      new Map<string, string | number | string[]>([
        ['A', 1],
        ['b', ['x', 'y']],
      ]),
    ),
    wanted,
  )
  t.strictSame(fieldsOf(new Headers({ a: '1' })), ['a', '1'])
})

t.test('rfc9114#4.2-3, rfc9114#4.1-7: connection-specific fields are left out', async (t) => {
  t.strictSame(fieldsOf({ Connection: 'close', 'transfer-encoding': 'chunked', a: '1' }), [
    'a',
    '1',
  ])
})

t.test('names and values are validated as by node:http', async (t) => {
  const headers = new OutgoingHeaders()
  t.throws(() => headers.set('bad name', 'x'), { code: 'ERR_INVALID_HTTP_TOKEN' })
  t.throws(() => headers.set('a', 'x\r\nb: y'), { code: 'ERR_INVALID_CHAR' })
  t.throws(() => headers.set('a', ['x', '\u0000']), { code: 'ERR_INVALID_CHAR' })
  // @ts-expect-error -- what a JavaScript caller may do
  t.throws(() => headers.set('a'), { code: 'ERR_HTTP_INVALID_HEADER_VALUE' })
})

t.test('get, append, names', async (t) => {
  const headers = new OutgoingHeaders()
  headers.set('X-One', 1)
  headers.append('x-one', '2')
  headers.append('other', 'z')
  t.strictSame(headers.get('x-ONE'), [1, '2'])
  t.strictSame(headers.names(), ['x-one', 'other'])
  t.strictSame(headers.rawNames(), ['X-One', 'other'])
  headers.delete('X-ONE')
  t.equal(headers.has('x-one'), false)
})
