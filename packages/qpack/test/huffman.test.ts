import * as fc from 'fast-check'
import t from 'tap'
import { CODE_LENGTHS, CODES, EOS } from '../src/huffman-code.ts'
import { decodeHuffman, encodeHuffman, huffmanLength, maxDecodedLength } from '../src/huffman.ts'
import { fromHex, toHex } from './hex.ts'

const byteString = fc
  .uint8Array({ maxLength: 80 })
  .map((bytes) => String.fromCharCode.apply(null, [...bytes]))

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(huffmanLength(text))
  const end = encodeHuffman(bytes, 0, text)
  if (end !== bytes.length) throw new Error(`wrote ${end} of ${bytes.length}`)
  return bytes
}

function decode(bytes: Uint8Array): string | null {
  const output = new Uint8Array(maxDecodedLength(bytes.length))
  const length = decodeHuffman(bytes, 0, bytes.length, output)
  return length < 0 ? null : String.fromCharCode.apply(null, [...output.subarray(0, length)])
}

// The slow readable twin: bit by bit against the list of codes.
function decodeSlowly(bytes: Uint8Array): string | null {
  const symbols = new Map<string, number>()
  for (let i = 0; i <= EOS; i++) symbols.set(CODES[i].toString(2).padStart(CODE_LENGTHS[i], '0'), i)
  let text = ''
  let code = ''
  for (const byte of bytes) {
    for (const bit of byte.toString(2).padStart(8, '0')) {
      code += bit
      const symbol = symbols.get(code)
      if (symbol === undefined) continue
      if (symbol === EOS) return null
      text += String.fromCharCode(symbol)
      code = ''
    }
  }
  return code.length <= 7 && !code.includes('0') ? text : null
}

t.test('the code is complete and has the values of RFC 7541 appendix B', (t) => {
  let sum = 0
  for (const length of CODE_LENGTHS) sum += 2 ** -length
  t.equal(sum, 1)
  t.equal(CODE_LENGTHS.length, 257)
  const known: [number, number, number][] = [
    [0, 0x1ff8, 13],
    [10, 0x3ffffffc, 30],
    [0x20, 0x14, 6],
    [0x30, 0x0, 5],
    [0x5c, 0x7fff0, 19],
    [0x61, 0x3, 5],
    [0x7f, 0xffffffc, 28],
    [153, 0x1fffdc, 21],
    [203, 0x7ffffde, 27],
    [255, 0x3ffffee, 26],
    [EOS, 0x3fffffff, 30],
  ]
  for (const [symbol, code, length] of known) {
    t.equal(CODES[symbol], code, `code of ${symbol}`)
    t.equal(CODE_LENGTHS[symbol], length, `length of ${symbol}`)
  }
  t.end()
})

t.test('strings of RFC 7541 appendix C.4 and C.6 encode and decode', (t) => {
  const vectors: [string, string][] = [
    ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
    ['no-cache', 'a8eb10649cbf'],
    ['custom-key', '25a849e95ba97d7f'],
    ['custom-value', '25a849e95bb8e8b4bf'],
    ['302', '6402'],
    ['private', 'aec3771a4b'],
    ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
    ['https://www.example.com', '9d29ad171863c78f0b97c8e9ae82ae43d3'],
    ['307', '640eff'],
    ['gzip', '9bd9ab'],
    [
      'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
      '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
    ],
  ]
  for (const [text, hex] of vectors) {
    t.equal(toHex(encode(text)), hex, text)
    t.equal(decode(fromHex(hex)), text, hex)
  }
  t.end()
})

t.test('every byte survives, alone and between others', (t) => {
  for (let i = 0; i < 256; i++) {
    for (const text of [String.fromCharCode(i), `a${String.fromCharCode(i)}b`]) {
      if (decode(encode(text)) !== text) t.fail(`byte ${i}`)
    }
  }
  t.end()
})

t.test('bytes and strings survive a round trip', (t) => {
  fc.assert(
    fc.property(byteString, (text) => decode(encode(text)) === text),
    { seed: 1 },
  )
  t.end()
})

t.test('the table gives what reading bit by bit gives, for any bytes', (t) => {
  const nearlyAllOnes = fc
    .array(fc.constantFrom(0xff, 0xfe, 0x7f, 0xfc, 0x00, 0xea), { maxLength: 8 })
    .map((bytes) => Uint8Array.from(bytes))
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 24 }), nearlyAllOnes),
      (bytes) => decode(bytes) === decodeSlowly(bytes),
    ),
    { seed: 2, numRuns: 2000 },
  )
  t.end()
})

t.test('EOS and wrong padding are refused (RFC 7541 §5.2)', (t) => {
  t.equal(decode(fromHex('ffffffff')), null, 'EOS')
  t.equal(decode(fromHex('07ffffffff')), null, 'EOS after a symbol')
  t.equal(decode(fromHex('1fff')), null, 'padding of more than seven bits')
  t.equal(decode(fromHex('18')), null, 'padding of zeros')
  t.equal(decode(fromHex('1f')), 'a')
  t.equal(decode(new Uint8Array(0)), '')
  t.end()
})

t.test('a character that is not a byte has no length', (t) => {
  t.equal(huffmanLength('caf\u00e9') > 0, true)
  t.equal(huffmanLength('\u0161'), -1)
  t.end()
})
