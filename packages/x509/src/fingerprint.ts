import type { CryptoProvider } from '@godwit/crypto'

/** SHA-256 of the DER, as upper-case hex pairs with colons. */
export function certificateFingerprint(crypto: CryptoProvider, der: Uint8Array): string {
  throw new Error(`not yet ${crypto.name} ${der.length}`)
}
