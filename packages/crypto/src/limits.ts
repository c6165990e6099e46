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
