// The SHA-256 fingerprint of a certificate: what people compare, and what WebTransport's
// serverCertificateHashes holds.

import type { CryptoProvider } from '@godwit/crypto'
import { hex } from './text.ts'

/** SHA-256 of a certificate's DER as `openssl x509 -fingerprint -sha256` writes it: `AB:CD:…`. */
export function certificateFingerprint(crypto: CryptoProvider, der: Uint8Array): string {
  const digest = crypto.createHash('sha256').update(der).digest()
  return (hex(digest).match(/../g) ?? []).join(':').toUpperCase()
}
