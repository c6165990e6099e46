import * as fc from 'fast-check'
import t from 'tap'
import { encodePem, parsePem, parsePemCertificates } from '@godwit/x509'
import { decodeBase64, encodeBase64 } from '../src/base64.ts'
import { X509Error } from '../src/errors.ts'
import { errorOf, readVector } from './support.ts'

const block = (label: string, body: string): string =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`

t.test('RFC 4648 §4: base64 both ways, equal to what Node does', (t) => {
  const property = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const text = Buffer.from(bytes).toString('base64')
    const decoded = decodeBase64(text)
    return encodeBase64(bytes) === text && decoded !== null && Buffer.compare(decoded, bytes) === 0
  })
  fc.assert(property, { seed: 7468, numRuns: 1000 })
  t.end()
})

t.test('RFC 4648 §3: what is not strictly base64 is refused', (t) => {
  for (const text of [
    'A',
    'AA',
    'AAA',
    'AB==',
    'AAB=',
    'A===',
    '====',
    'AA=A',
    'AA-_',
    'AAé=',
    'A A=',
  ]) {
    t.equal(decodeBase64(text), null, text)
  }
  t.end()
})

t.test('RFC 7468: several blocks, text between them, any line ends', (t) => {
  const text = `\ufeffSubject: junk\r\n----- not a block -----\r\n${block('A', 'AAEC')}\rmore\n\n${block(
    'X509 CRL',
    '  AA\n\n EC \t\n',
  )}tail`
  t.same(parsePem(text), [
    { label: 'A', headers: [], der: Uint8Array.of(0, 1, 2) },
    { label: 'X509 CRL', headers: [], der: Uint8Array.of(0, 1, 2) },
  ])
  t.same(parsePem(`\ufeff${block('A', 'AAEC')}`).length, 1, 'a byte order mark')
  t.same(parsePem(''), [])
  t.end()
})

t.test('RFC 1421 headers are kept apart', (t) => {
  const text = block('RSA PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAEC')
  t.same(parsePem(text)[0].headers, ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-128-CBC,00'])
  t.same(parsePem(text)[0].der, Uint8Array.of(0, 1, 2))
  t.end()
})

t.test('broken blocks are errors that name the line', (t) => {
  const bad: [string, RegExp][] = [
    ['\n-----BEGIN A-----\nAAEC\n', /^PEM line 2: this A has no END line/],
    ['-----BEGIN A-----\nAAEC\n-----END B-----\n', /^PEM line 3: expected -----END A-----/],
    ['-----BEGIN A-----\n-----BEGIN A-----\n', /^PEM line 2: expected/],
    ['-----BEGIN -----\n', /^PEM line 1: not a BEGIN line/],
    ['-----BEGIN A----\n', /^PEM line 1: not a BEGIN line/],
    ['-----END A-----\n', /^PEM line 1: not a BEGIN line/],
    [block('A', 'A*EC'), /^PEM line 1: this A is not base64/],
    [block('A', ''), /^PEM line 1: this A is empty/],
  ]
  for (const [text, message] of bad) {
    const error = errorOf(() => parsePem(text))
    t.equal(error.code, 'ERR_X509_MALFORMED_PEM', text)
    t.match(error.message, message)
  }
  t.end()
})

t.test('sizes are bounded', (t) => {
  t.equal(errorOf(() => parsePem(' '.repeat(9_000_000))).code, 'ERR_X509_LIMIT')
  t.end()
})

t.test('certificates are picked out; none is an error that tells what there was', (t) => {
  const text = readVector('key-p256-pkcs8') + readVector('leaf-p256') + readVector('int-p256')
  t.equal(parsePemCertificates(text).length, 2)
  const error = errorOf(() => parsePemCertificates(readVector('key-p256-pkcs8')))
  t.equal(error.code, 'ERR_X509_NO_CERTIFICATE')
  t.match(error.message, /only PRIVATE KEY/)
  t.match(errorOf(() => parsePemCertificates('hello')).message, /nothing in PEM/)
  t.end()
})

t.test('what is encoded parses back, and is what openssl writes', (t) => {
  const text = readVector('leaf-p256')
  t.equal(encodePem('CERTIFICATE', parsePem(text)[0].der), text)
  const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
    const [parsed] = parsePem(encodePem('A B', bytes))
    return parsed.label === 'A B' && Buffer.compare(parsed.der, bytes) === 0
  })
  fc.assert(property, { seed: 7468 })
  t.end()
})

t.test('arbitrary text gives blocks or an X509Error', (t) => {
  const piece = fc.constantFrom(
    '-----BEGIN ',
    '-----END ',
    '-----',
    'A',
    'AAEC',
    '\n',
    ' ',
    ': ',
    '=',
    'é',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        parsePem(pieces.join(''))
      } catch (error) {
        if (!(error instanceof X509Error)) throw error
      }
    }),
    { seed: 7468, numRuns: 3000 },
  )
  t.end()
})
