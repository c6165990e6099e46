// How much one AEAD key may be used, RFC 9001 §6.6 (its analysis is RFC 9001 appendix B).

import { TLS_CHACHA20_POLY1305_SHA256, type CipherSuite } from '@godwit/crypto'

/**
 * Packets that may be sealed with one key. Infinity for ChaCha20-Poly1305, whose limit is larger
 * than the number of packets of a connection.
 */
export function confidentialityLimit(suite: CipherSuite): number {
  return suite === TLS_CHACHA20_POLY1305_SHA256 ? Infinity : 2 ** 23
}

/** Packets of one connection that may fail to open, whatever their keys. */
export function integrityLimit(suite: CipherSuite): number {
  return suite === TLS_CHACHA20_POLY1305_SHA256 ? 2 ** 36 : 2 ** 52
}
