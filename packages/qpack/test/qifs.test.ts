// Field sections that nghttp3 encoded; see vectors/README.md.

import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import {
  EncoderStreamReader,
  encodeFieldSection,
  FieldSectionDecoder,
  QpackError,
} from '../src/index.ts'

const VECTORS = new URL('vectors/qifs/', import.meta.url)

function sections(qif: string): string[][] {
  return qif
    .split('\n\n')
    .filter((section) => section.trim() !== '')
    .map((section) =>
      section
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .flatMap((line) => line.split('\t')),
    )
}

function* records(file: Uint8Array): Generator<{ stream: bigint; bytes: Uint8Array }> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  let at = 0
  while (at < file.length) {
    const length = view.getUint32(at + 8)
    yield { stream: view.getBigUint64(at), bytes: file.subarray(at + 12, at + 12 + length) }
    at += 12 + length
  }
}

for (const name of ['netbsd-hq', 'fb-req-hq', 'fb-resp-hq']) {
  t.test(`${name} decodes, and encodes to no more bytes`, (t) => {
    const expected = sections(readFileSync(new URL(`${name}.qif`, VECTORS), 'latin1'))
    const decoder = new FieldSectionDecoder()
    const instructions = new EncoderStreamReader()
    let index = 0
    for (const { stream, bytes } of records(readFileSync(new URL(`${name}.out`, VECTORS)))) {
      if (stream === 0n) {
        instructions.handle(bytes)
        continue
      }
      const fields = expected[index++]
      t.same(decoder.decode(bytes), fields)
      const ours = encodeFieldSection(fields)
      t.same(decoder.decode(ours), fields)
      t.ok(ours.length <= bytes.length, `${ours.length} <= ${bytes.length}`)
    }
    t.equal(index, expected.length)
    t.end()
  })
}

t.test('what a decoder must refuse is refused', (t) => {
  for (const name of readdirSync(new URL('errors/', VECTORS))) {
    const refuse = (): void => {
      for (const { stream, bytes } of records(readFileSync(new URL(`errors/${name}`, VECTORS)))) {
        if (stream === 0n) new EncoderStreamReader().handle(bytes)
        else new FieldSectionDecoder().decode(bytes)
      }
    }
    t.throws(refuse, QpackError, name)
  }
  t.end()
})
