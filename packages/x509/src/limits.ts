// Every limit of this package, with its unit and reason. A chain comes from the peer before anything
// about it is known to be true, so work and memory are bounded by these and not by its good will.

/** Bytes of one certificate. Real ones have 1 to 4 KB; some with hundreds of names reach 30 KB. */
export const MAX_CERTIFICATE_LENGTH = 65_536

/** Nested DER elements. A certificate needs about nine. */
export const MAX_DER_DEPTH = 16

/** Bytes of an object identifier; the longest in use (UUIDs under 2.25) have 21. */
export const MAX_OID_LENGTH = 39

/** Bytes of a serial number: 20 by RFC 5280 §4.1.2.2, and one for the sign. */
export const MAX_SERIAL_NUMBER_LENGTH = 21

/** Certificates that a peer may send. Real chains have two to four. */
export const MAX_CHAIN_CERTIFICATES = 32

/** Certificates of one path, end-entity and anchor included. */
export const MAX_PATH_CERTIFICATES = 10

/** Signatures checked for one chain: cross-signed candidates can multiply without end. */
export const MAX_SIGNATURE_CHECKS = 64

/** Issuers tried for one chain, signature checked or not. */
export const MAX_CANDIDATES = 1_000

/** Comparisons of a name with a name constraint for one chain: both lists can have thousands. */
export const MAX_CONSTRAINT_COMPARISONS = 250_000

/** Bits of an RSA modulus, least. RFC 9325 §4.5: at least 2048. */
export const MIN_RSA_BITS = 2048

/** Bits of an RSA modulus, most: checking a signature takes time with the square of it. */
export const MAX_RSA_BITS = 8192

/** Bytes of an RSA public exponent: checking a signature takes time with it, and 65537 is all that is met. */
export const MAX_RSA_EXPONENT_LENGTH = 5

/** Characters of a PEM text. All of a system's trusted certificates together have about 230,000. */
export const MAX_PEM_LENGTH = 8_388_608

/** Bytes of a private key in DER. RSA with 16,384 bits has 9 KB. */
export const MAX_PRIVATE_KEY_LENGTH = 16_384
