// Field sections as a browser and a server send them, and Huffman code.

import { FieldSectionDecoder, FieldSectionEncoder } from '@godwit/qpack'
import type * as HuffmanModule from '../../packages/qpack/src/huffman.ts'
import { internal } from '../lib/internal.ts'
import type { Micro } from './micro.ts'

const { decodeHuffman, encodeHuffman, huffmanLength } =
  await internal<typeof HuffmanModule>('qpack/huffman')

const REQUEST_FIELDS: Readonly<Record<string, string>> = {
  ':method': 'GET',
  ':scheme': 'https',
  ':authority': 'www.example.com',
  ':path': '/assets/app-3f2a.js',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0',
  accept: '*/*',
  'accept-language': 'en-US,en;q=0.5',
  'accept-encoding': 'gzip, deflate, br, zstd',
  referer: 'https://www.example.com/',
  cookie: 'session=d2f1c4b2a97e4c6fb1a0c1e7a2',
  'sec-fetch-dest': 'script',
  'sec-fetch-mode': 'no-cors',
  'sec-fetch-site': 'same-origin',
}
const SMALL_REQUEST_FIELDS: Readonly<Record<string, string>> = {
  ':method': 'GET',
  ':scheme': 'https',
  ':authority': 'localhost:4433',
  ':path': '/1k',
}
const RESPONSE_FIELDS: Readonly<Record<string, string>> = {
  ':status': '200',
  'content-type': 'application/octet-stream',
  'content-length': '1024',
  date: 'Mon, 23 Nov 2026 20:00:00 GMT',
}

function section(name: string, lines: Readonly<Record<string, string>>): Micro[] {
  const fields = Object.entries(lines).flat()
  const encoder = new FieldSectionEncoder()
  const decoder = new FieldSectionDecoder()
  const bytes = encoder.encode(fields).slice()
  const size = `${fields.length / 2} lines, ${bytes.length} bytes`
  return [
    { name: `QPACK encode ${name} (${size})`, run: () => encoder.encode(fields).length },
    { name: `QPACK decode ${name} (${size})`, run: () => decoder.decode(bytes)?.length },
  ]
}

export function qpackMicros(): Micro[] {
  const text = 'Mon, 23 Nov 2026 20:00:00 GMT'
  const bytes = new Uint8Array(64)
  const length = encodeHuffman(bytes, 0, text)
  const decoded = new Uint8Array(128)
  return [
    ...section("a browser's request", REQUEST_FIELDS),
    ...section('a small request', SMALL_REQUEST_FIELDS),
    ...section('a response', RESPONSE_FIELDS),
    { name: `Huffman length, ${text.length} characters`, run: () => huffmanLength(text) },
    { name: `Huffman encode, ${text.length} characters`, run: () => encodeHuffman(bytes, 0, text) },
    {
      name: `Huffman decode, ${length} bytes`,
      run: () => decodeHuffman(bytes, 0, length, decoded),
    },
  ]
}
