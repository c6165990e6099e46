// What a peer may make a CryptoProvider compute.

/**
 * Bits of the largest RSA modulus that `verify` takes. Certificates come from the peer, and the cost
 * of a verification grows with the square of the modulus; real ones stop at 4096.
 */
export const RSA_MODULUS_MAX_BITS = 8192

/** Bits of the smallest RSA modulus that `verify` takes: below, a signature proves nothing. */
export const RSA_MODULUS_MIN_BITS = 1024

/** Bits of the largest RSA public exponent that `verify` takes; the cost grows with each. */
export const RSA_EXPONENT_MAX_BITS = 64

/**
 * Bytes of the largest SubjectPublicKeyInfo that `verify` looks at: room for the largest RSA key
 * above. (OpenSSL parses much larger ones; in Node 26 a modulus of more than 16384 bits leaves an
 * error behind that fails the next, unrelated, import of a private key.)
 */
export const PUBLIC_KEY_MAX_BYTES = 1200

/** Bytes of the longest message that HMAC in WebAssembly takes; every HkdfLabel is shorter. */
export const MAX_HMAC_MESSAGE = 512
