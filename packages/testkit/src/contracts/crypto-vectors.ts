// What the crypto contract suites share: Wycheproof files, hexadecimal, and a look for secrets in
// what an object shows of itself.

import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { gunzipSync } from 'node:zlib'

/** One test of a Wycheproof file; which fields are there depends on the file. */
export interface WycheproofTest {
  readonly tcId: number
  readonly comment: string
  readonly flags: readonly string[]
  readonly result: 'valid' | 'invalid' | 'acceptable'
  readonly [field: string]: unknown
}

export interface WycheproofGroup {
  readonly tests: readonly WycheproofTest[]
  readonly [field: string]: unknown
}

/** The groups of `vectors/wycheproof/<name>_test.json.gz`. */
export function wycheproof(name: string): readonly WycheproofGroup[] {
  const url = new URL(`../../vectors/wycheproof/${name}_test.json.gz`, import.meta.url)
  const file = JSON.parse(gunzipSync(readFileSync(url)).toString()) as {
    testGroups: WycheproofGroup[]
  }
  return file.testGroups
}

/** The bytes of a hexadecimal field. */
export function bytesOf(test: WycheproofTest, field: string): Uint8Array {
  return hexToBytes(test[field] as string)
}

export function hexToBytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

export function bytesToHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** True when `inspect` or JSON of `object` shows the first bytes of `secret` in a usual notation. */
export function showsSecret(object: unknown, secret: Uint8Array): boolean {
  const text = [
    inspect(object, { depth: 10, showHidden: true, maxArrayLength: null }),
    JSON.stringify(object),
  ]
    .join('\n')
    .replaceAll(/\s+/g, '')
  const head = Buffer.from(secret.subarray(0, 12))
  return [
    head.toString('hex'),
    head.toString('base64'),
    [...head].join(','),
    [...head].map((byte) => byte.toString(16).padStart(2, '0')).join(','),
  ].some((notation) => text.includes(notation))
}
