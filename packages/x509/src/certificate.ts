// A parsed certificate, RFC 5280 §4.1.

import type { X509Error } from './errors.ts'

/** A Name, RFC 5280 §4.1.2.4. */
export interface DistinguishedName {
  readonly raw: Uint8Array
  /** Readable form after RFC 4514, with control characters escaped: `CN=Test CA,O=Example`. */
  readonly text: string
  /**
   * One string per relative distinguished name, outermost first, equal when the two compare equal
   * by RFC 5280 §7.1.
   */
  readonly canonical: readonly string[]
  /** Values of emailAddress attributes: name constraints look at them, RFC 5280 §4.2.1.10. */
  readonly emailAddresses: readonly string[]
}

/** An AlgorithmIdentifier, RFC 5280 §4.1.1.2. */
export interface AlgorithmIdentifier {
  readonly oid: string
  /** DER of the parameters, null when absent. */
  readonly parameters: Uint8Array | null
  readonly raw: Uint8Array
}

/** A list of GeneralName, RFC 5280 §4.2.1.6. */
export interface GeneralNames {
  readonly dns: readonly string[]
  /** 4 or 16 bytes each. */
  readonly ip: readonly Uint8Array[]
  readonly email: readonly string[]
  readonly uri: readonly string[]
  readonly directory: readonly DistinguishedName[]
  /** How many names of other kinds there were. */
  readonly others: number
}

/** Address and mask, 4 or 16 bytes each. */
export interface IpSubtree {
  readonly address: Uint8Array
  readonly mask: Uint8Array
}

/** GeneralSubtrees, RFC 5280 §4.2.1.10. */
export interface Subtrees {
  readonly dns: readonly string[]
  readonly ip: readonly IpSubtree[]
  readonly email: readonly string[]
  readonly uri: readonly string[]
  readonly directory: readonly DistinguishedName[]
  readonly others: number
}

/** NameConstraints, RFC 5280 §4.2.1.10. */
export interface NameConstraints {
  readonly permitted: Subtrees
  readonly excluded: Subtrees
}

/** The bits of keyUsage, RFC 5280 §4.2.1.3. */
export type KeyUsage =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly'

/** A certificate; byte arrays are views of the DER that was given to `parseCertificate`. */
export interface Certificate {
  /** The whole certificate, DER. */
  readonly raw: Uint8Array
  /** The part that is signed. */
  readonly tbs: Uint8Array
  readonly version: 1 | 2 | 3
  /** Contents of the INTEGER, big-endian, two's complement. */
  readonly serialNumber: Uint8Array
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  /** Milliseconds since 1970-01-01T00:00:00Z, inclusive. */
  readonly notBefore: number
  /** Milliseconds since 1970-01-01T00:00:00Z, inclusive. */
  readonly notAfter: number
  /** DER of SubjectPublicKeyInfo. */
  readonly subjectPublicKeyInfo: Uint8Array
  /** All empty when the extension is absent. */
  readonly subjectAltNames: GeneralNames
  /** Null when the extension is absent, and so for all below. */
  readonly basicConstraints: { readonly isCa: boolean; readonly pathLength: number | null } | null
  readonly keyUsage: ReadonlySet<KeyUsage> | null
  /** Object identifiers. */
  readonly extendedKeyUsage: readonly string[] | null
  readonly nameConstraints: NameConstraints | null
  readonly authorityKeyIdentifier: Uint8Array | null
  readonly subjectKeyIdentifier: Uint8Array | null
  /** Object identifiers of critical extensions that were not understood: the verifier refuses them. */
  readonly unknownCriticalExtensions: readonly string[]
}

/** Parses one DER certificate; trailing bytes are an error. Throws {@link X509Error}. */
export function parseCertificate(der: Uint8Array): Certificate {
  throw new Error(`not yet ${der.length}`)
}
