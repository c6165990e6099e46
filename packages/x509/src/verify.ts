import type { CryptoProvider } from '@godwit/crypto'
import type { Certificate } from './certificate.ts'
import type { TrustStore } from './trust-store.ts'

export interface VerifyOptions {
  /** DER as the peer sent them: the end-entity first, the rest in any order. */
  readonly chain: readonly Uint8Array[]
  readonly trustStore: TrustStore
  /** DNS name or IP literal that the certificate must be for; null: not checked. */
  readonly serverName: string | null
  /** What the peer is: a server or a client. */
  readonly usage: 'server' | 'client'
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly crypto: CryptoProvider
}

/** Verifies a chain; returns the path, leaf first, anchor last. Throws X509Error. */
export function verifyCertificateChain(options: VerifyOptions): Certificate[] {
  throw new Error(`not yet ${options.time}`)
}
