// Field sections and instruction streams.

import {
  DecoderStreamReader,
  encodeFieldSection,
  EncoderStreamReader,
  FieldSectionDecoder,
  QPACK_DECODER_STREAM_ERROR,
  QPACK_DECOMPRESSION_FAILED,
  QPACK_ENCODER_STREAM_ERROR,
  QpackError,
} from '@godwit/qpack'
import { CODE_LENGTHS, CODES, EOS } from '../../../qpack/src/huffman-code.ts'
import {
  decodeHuffman,
  encodeHuffman,
  huffmanLength,
  maxDecodedLength,
} from '../../../qpack/src/huffman.ts'
import { Script } from '../engine/script.ts'
import { attempt, must, mustEqual, mustMatch } from '../engine/target.ts'
import type { Target } from '../engine/target.ts'

const REQUEST = [
  ':method',
  'GET',
  ':scheme',
  'https',
  ':authority',
  'example.org',
  ':path',
  '/a?b=c',
  'user-agent',
  'godwit',
  'accept',
  '*/*',
  'cookie',
  'a=b',
  'cookie',
  'a long one: no N bit',
  'x-custom',
  'Value',
  'authorization',
  'secret',
  'content-length',
  '12',
  'x-empty',
  '',
]
const RESPONSE = [
  ':status',
  '200',
  'content-type',
  'text/html; charset=utf-8',
  'server',
  'godwit',
  'cache-control',
  'max-age=604800',
  'x-bytes',
  '\u00ff\u0080 \u0000',
]

const AROUND = 16

const small = new FieldSectionDecoder({ maxSize: 400, maxLines: 6 })
const large = new FieldSectionDecoder()

export const qpackSection: Target = {
  name: 'qpack-section',
  about: 'FieldSectionDecoder: only QpackError; limits hold; encoded and decoded again the same',
  maxLength: 4096,
  steps: { base: 3000, perByte: 300 },
  seeds: () => [
    encodeFieldSection(REQUEST),
    encodeFieldSection(RESPONSE),
    Uint8Array.of(0, 0, 0xd1, 0xff, 0x23, 0x5f, 0x1d, 0x01, 0x61, 0x27, 0x00, 0x61, 0x01, 0x62),
  ],
  run(input) {
    const { value: fields, error } = attempt(() => large.decode(input), QpackError)
    // The same between other bytes: what is read past either end would show.
    const room = new Uint8Array(input.length + 2 * AROUND).fill(0x61)
    room.set(input, AROUND)
    const inside = attempt(() => large.decode(room, AROUND, AROUND + input.length), QpackError)
    mustMatch([inside.value, inside.error?.code], [fields, error?.code], 'between other bytes')
    const limited = attempt(() => small.decode(input), QpackError)
    if (error !== null) {
      must(error.errorCode === QPACK_DECOMPRESSION_FAILED, `error code ${error.errorCode}`)
      // The smaller decoder may have stopped before it came to what is wrong.
      must(limited.error !== null || limited.value === null, 'a smaller limit accepts more')
      return
    }
    if (fields === null) {
      must(limited.value === null, 'a smaller limit accepts more')
      return
    }
    must(fields.length % 2 === 0, 'a name without a value')
    let size = 16 * fields.length
    for (const text of fields) {
      size += text.length
      for (let i = 0; i < text.length; i++) must(text.charCodeAt(i) <= 0xff, 'not a byte')
    }
    must(size <= 65_536 && fields.length <= 2048, `a section of ${size} bytes`)
    const fits = size <= 400 && fields.length <= 12
    must(
      (limited.value !== null) === fits,
      `a section of ${size} bytes, ${fields.length / 2} lines`,
    )
    mustMatch(large.decode(encodeFieldSection(fields)), fields, 'encoded and decoded again')
  },
}

let symbolsByCode: Map<number, number> | null = null

/** Huffman's code bit by bit: the slow twin of the table. */
function decodeSlowly(bytes: Uint8Array): number[] | null {
  const symbols = (symbolsByCode ??= new Map(
    [...CODES].map((code, symbol) => [code * 32 + CODE_LENGTHS[symbol], symbol]),
  ))
  const output: number[] = []
  let code = 0
  let length = 0
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = ((code << 1) | ((byte >>> bit) & 1)) >>> 0
      length++
      const symbol = symbols.get(code * 32 + length)
      if (symbol === undefined) continue
      if (symbol === EOS) return null
      output.push(symbol)
      code = 0
      length = 0
    }
  }
  return length < 8 && code === (1 << length) - 1 ? output : null
}

export const qpackHuffman: Target = {
  name: 'qpack-huffman',
  about: 'decodeHuffman against a decoder that goes bit by bit; encoded and decoded again',
  maxLength: 64,
  steps: { base: 300, perByte: 200 },
  seeds: () =>
    ['www.example.com', 'no-cache', '\u0000\u00ff\u0080~', ''].map((text) => {
      const bytes = new Uint8Array(huffmanLength(text))
      encodeHuffman(bytes, 0, text)
      return bytes
    }),
  run(input) {
    const output = new Uint8Array(maxDecodedLength(input.length) + 4).fill(0xee)
    const length = decodeHuffman(input, 0, input.length, output)
    const slow = decodeSlowly(input)
    must(length <= maxDecodedLength(input.length), `${length} bytes decoded`)
    must(output[maxDecodedLength(input.length)] === 0xee, 'written past the end')
    if (slow === null) {
      must(length === -1, 'accepted what is no Huffman code')
      return
    }
    mustEqual(output.slice(0, length), Uint8Array.from(slow), 'decoded')
    const text = String.fromCharCode(...slow)
    const again = new Uint8Array(huffmanLength(text))
    must(encodeHuffman(again, 0, text) === again.length, 'another length than was said')
    // The only encoding: no other bytes mean the same.
    mustEqual(again, input, 'encoded again')
  },
}

interface Outcome {
  readonly code: number
  /** Offset after the last byte that was taken without an error. */
  readonly at: number
}

/** What becomes of a stream that comes in pieces of `sizes`, over and over. */
function readStream(
  reader: EncoderStreamReader | DecoderStreamReader,
  bytes: Uint8Array,
  sizes: Uint8Array,
): Outcome {
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : 1 + (sizes[i % sizes.length] & 7)
    const end = Math.min(bytes.length, at + size)
    const { error } = attempt(() => reader.handle(bytes, at, end), QpackError)
    if (error !== null) return { code: error.errorCode, at: 0 }
    at = end
  }
  return { code: 0, at }
}

export const qpackStreams: Target = {
  name: 'qpack-streams',
  about: 'encoder and decoder streams: any split gives what one piece gives',
  maxLength: 128,
  steps: { base: 200, perByte: 60 },
  seeds: () => [
    Uint8Array.of(2, 1, 3, 0x20, 0x20),
    Uint8Array.of(1, 1, 0x3f, 0x01),
    Uint8Array.of(1, 2, 0x41, 0x7f, 0x80, 0x80, 0x01, 0x44),
    Uint8Array.of(0, 0x80),
  ],
  run(input) {
    const script = new Script(input)
    const sizes = script.take(1 + script.below(4))
    const bytes = script.rest()
    for (const [make, code] of [
      [() => new EncoderStreamReader(), QPACK_ENCODER_STREAM_ERROR],
      [() => new DecoderStreamReader(), QPACK_DECODER_STREAM_ERROR],
    ] as const) {
      const whole = readStream(make(), bytes, new Uint8Array(0))
      must(whole.code === 0 || whole.code === code, `error code ${whole.code}`)
      mustMatch(readStream(make(), bytes, sizes), whole, 'in pieces')
    }
  },
}
