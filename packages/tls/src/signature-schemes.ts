// SignatureScheme, RFC 9846 §4.3.3: a code point ties an algorithm to a kind of key.

import type { CryptoProvider, KeyType, SignatureAlgorithm, SigningKey } from '@godwit/crypto'

export interface SignatureScheme {
  readonly code: number
  readonly algorithm: SignatureAlgorithm
  readonly keyType: KeyType
}

const scheme = (
  code: number,
  algorithm: SignatureAlgorithm,
  keyType: KeyType,
): SignatureScheme => ({ code, algorithm, keyType })

// RSASSA-PKCS1-v1_5 and SHA-1 are not defined for handshake signatures; rsa_pss_pss keys are rare.
const HANDSHAKE_SCHEMES: readonly SignatureScheme[] = [
  scheme(0x0403, 'ecdsa-sha256', 'p256'),
  scheme(0x0503, 'ecdsa-sha384', 'p384'),
  scheme(0x0603, 'ecdsa-sha512', 'p521'),
  scheme(0x0807, 'ed25519', 'ed25519'),
  scheme(0x0804, 'rsa-pss-sha256', 'rsa'),
  scheme(0x0805, 'rsa-pss-sha384', 'rsa'),
  scheme(0x0806, 'rsa-pss-sha512', 'rsa'),
]

const CERTIFICATE_ONLY_SCHEMES: readonly SignatureScheme[] = [
  scheme(0x0401, 'rsa-pkcs1-sha256', 'rsa'),
  scheme(0x0501, 'rsa-pkcs1-sha384', 'rsa'),
  scheme(0x0601, 'rsa-pkcs1-sha512', 'rsa'),
]

const BY_CODE: ReadonlyMap<number, SignatureScheme> = new Map(
  HANDSHAKE_SCHEMES.map((entry) => [entry.code, entry]),
)

/** The scheme of a code point that may sign a handshake, or undefined. */
export function handshakeScheme(code: number): SignatureScheme | undefined {
  return BY_CODE.get(code)
}

function codesFor(crypto: CryptoProvider, schemes: readonly SignatureScheme[]): number[] {
  const codes: number[] = []
  for (const algorithm of crypto.signatureAlgorithms) {
    for (const entry of schemes) if (entry.algorithm === algorithm) codes.push(entry.code)
  }
  return codes
}

/** Code points for signature_algorithms: what `crypto` verifies, in its order of preference. */
export function handshakeSchemeCodes(crypto: CryptoProvider): number[] {
  return codesFor(crypto, HANDSHAKE_SCHEMES)
}

/** Code points for signature_algorithms_cert besides those of signature_algorithms. */
export function certificateSchemeCodes(crypto: CryptoProvider): number[] {
  return codesFor(crypto, CERTIFICATE_ONLY_SCHEMES)
}

/** The first of the peer's schemes with which `key` can sign, or null. */
export function selectScheme(key: SigningKey, offered: readonly number[]): SignatureScheme | null {
  for (const code of offered) {
    const entry = BY_CODE.get(code)
    if (entry === undefined || entry.keyType !== key.type) continue
    if (key.algorithms.includes(entry.algorithm)) return entry
  }
  return null
}

// How certificates are signed: the OID of the AlgorithmIdentifier, and the code points that allow it.
const BY_CERTIFICATE_OID: ReadonlyMap<string, readonly number[]> = new Map([
  ['1.2.840.10045.4.3.2', [0x0403]],
  ['1.2.840.10045.4.3.3', [0x0503]],
  ['1.2.840.10045.4.3.4', [0x0603]],
  ['1.3.101.112', [0x0807]],
  ['1.2.840.113549.1.1.10', [0x0804, 0x0805, 0x0806]],
  ['1.2.840.113549.1.1.11', [0x0401]],
  ['1.2.840.113549.1.1.12', [0x0501]],
  ['1.2.840.113549.1.1.13', [0x0601]],
])

/** True when the peer said that it verifies certificates signed by the algorithm `oid`. */
export function isCertificateAlgorithmOffered(oid: string, offered: readonly number[]): boolean {
  const codes = BY_CERTIFICATE_OID.get(oid)
  return codes !== undefined && codes.some((code) => offered.includes(code))
}
