// A certificate chain with its private key, checked when it is loaded.

import type { SigningKey } from '@godwit/crypto'
import type { Certificate } from './certificate.ts'

/** What a server (or client) proves itself with. */
export interface Identity {
  /** DER, the end-entity certificate first. */
  readonly chain: readonly Uint8Array[]
  readonly key: SigningKey
  readonly leaf: Certificate
  /** The DNS names (wildcards as written) and IP addresses of the leaf. */
  readonly names: readonly string[]
}

export function loadIdentity(options: {
  certificates: readonly Uint8Array[]
  key: SigningKey
}): Identity {
  throw new Error(`not yet ${options.certificates.length}`)
}
