// Private keys in PEM, brought into PKCS #8.

import type { PemBlock } from './pem.ts'

export function privateKeyToPkcs8(block: PemBlock): Uint8Array {
  throw new Error(`not yet ${block.label}`)
}

/** The first private key of a PEM text as PKCS #8. */
export function parsePemPrivateKey(text: string): Uint8Array {
  throw new Error(`not yet ${text.length}`)
}
