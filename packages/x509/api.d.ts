/* oxlint-disable -- a text to compare, not a program */

// What @godwit/x509 exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.

// --- @godwit/x509

export interface AlgorithmIdentifier {
  readonly oid: string
  readonly parameters: Uint8Array | null
  readonly raw: Uint8Array
}

export interface Authority {
  readonly certificate: Uint8Array
  readonly key: SigningKey
}

export interface BasicConstraints {
  readonly isCa: boolean
  readonly pathLength: number | null
}

export interface Certificate extends Extensions {
  readonly raw: Uint8Array
  readonly tbs: Uint8Array
  readonly version: 1 | 2 | 3
  readonly serialNumber: Uint8Array
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly notBefore: number
  readonly notAfter: number
  readonly subjectPublicKeyInfo: Uint8Array
}

export interface DevelopmentAuthorityOptions {
  readonly crypto: CryptoProvider
  readonly time: number
  readonly name?: string
  readonly days?: number
  readonly permittedNames?: readonly string[]
}

export interface DevelopmentIdentity {
  readonly certificate: Uint8Array
  readonly key: SigningKey
}

export interface DevelopmentIdentityOptions {
  readonly crypto: CryptoProvider
  readonly time: number
  readonly authority?: Authority | null
  readonly names?: readonly string[]
  readonly days?: number
}

export interface DistinguishedName {
  readonly raw: Uint8Array
  readonly text: string
  readonly canonical: readonly string[]
  readonly emailAddresses: readonly string[]
}

export interface Extensions {
  readonly subjectAltNames: GeneralNames
  readonly basicConstraints: BasicConstraints | null
  readonly keyUsage: ReadonlySet<KeyUsage> | null
  readonly extendedKeyUsage: readonly string[] | null
  readonly nameConstraints: NameConstraints | null
  readonly authorityKeyIdentifier: Uint8Array | null
  readonly subjectKeyIdentifier: Uint8Array | null
  readonly unknownCriticalExtensions: readonly string[]
}

export interface GeneralNames {
  readonly dns: readonly string[]
  readonly ip: readonly Uint8Array[]
  readonly email: readonly string[]
  readonly uri: readonly string[]
  readonly directory: readonly DistinguishedName[]
  readonly others: number
}

export interface Identity {
  readonly chain: readonly Uint8Array[]
  readonly key: SigningKey
  readonly leaf: Certificate
  readonly names: readonly string[]
}

export interface IpSubtree {
  readonly address: Uint8Array
  readonly mask: Uint8Array
}

export interface IssueOptions {
  readonly crypto: CryptoProvider
  readonly issuer?: Authority | null
  readonly subject: string
  readonly key: SigningKey
  readonly subjectAltNames?: readonly string[]
  readonly notBefore: number
  readonly notAfter: number
  readonly isCa?: boolean
  readonly pathLength?: number
  readonly usages?: readonly ('server' | 'client')[]
  readonly permittedNames?: readonly string[]
}

export type KeyUsage = (typeof KEY_USAGES)[number]

export interface NameConstraints {
  readonly permitted: Subtrees
  readonly excluded: Subtrees
}

export interface PemBlock {
  readonly label: string
  readonly headers: readonly string[]
  readonly der: Uint8Array
}

export interface Subtrees extends Omit<GeneralNames, 'ip'> {
  readonly ip: readonly IpSubtree[]
}

export declare class TrustStore {
  #private
  constructor(certificates: Iterable<Uint8Array>)
  get size(): number
  bySubject(subject: DistinguishedName): Certificate[]
  has(certificate: Certificate): boolean
}

export interface VerifyOptions {
  readonly chain: readonly Uint8Array[]
  readonly trustStore: TrustStore
  readonly serverName: string | null
  readonly usage: 'server' | 'client'
  readonly time: number
  readonly crypto: CryptoProvider
}

export declare class X509Error extends Error {
  readonly name = 'X509Error'
  readonly code: X509ErrorCode
  constructor(code: X509ErrorCode, message: string, options?: ErrorOptions)
}

export type X509ErrorCode =
  | 'ERR_X509_MALFORMED'
  | 'ERR_X509_MALFORMED_PEM'
  | 'ERR_X509_NO_CERTIFICATE'
  | 'ERR_X509_UNKNOWN_ISSUER'
  | 'ERR_X509_SELF_SIGNED'
  | 'ERR_X509_EXPIRED'
  | 'ERR_X509_NOT_YET_VALID'
  | 'ERR_X509_NAME_MISMATCH'
  | 'ERR_X509_BAD_SIGNATURE'
  | 'ERR_X509_NAME_CONSTRAINT'
  | 'ERR_X509_KEY_USAGE'
  | 'ERR_X509_EXTENDED_KEY_USAGE'
  | 'ERR_X509_NOT_CA'
  | 'ERR_X509_PATH_LENGTH'
  | 'ERR_X509_CRITICAL_EXTENSION'
  | 'ERR_X509_UNSUPPORTED_ALGORITHM'
  | 'ERR_X509_WEAK_ALGORITHM'
  | 'ERR_X509_LIMIT'
  | 'ERR_X509_KEY_MISMATCH'
  | 'ERR_X509_INVALID_KEY'
  | 'ERR_X509_ENCRYPTED_KEY'

export declare function certificateFingerprint(crypto: CryptoProvider, der: Uint8Array): string

export declare function createDevelopmentAuthority(options: DevelopmentAuthorityOptions): Authority

export declare function createDevelopmentIdentity(
  options: DevelopmentIdentityOptions,
): DevelopmentIdentity

export declare function encodePem(label: string, der: Uint8Array): string

export declare function formatIpAddress(address: Uint8Array): string

export declare function issueCertificate(options: IssueOptions): Uint8Array

export declare function loadIdentity(options: {
  readonly certificates: readonly Uint8Array[]
  readonly key: SigningKey
}): Identity

export declare function parseCertificate(der: Uint8Array): Certificate

export declare function parseIpAddress(text: string): Uint8Array | null

export declare function parsePem(text: string): PemBlock[]

export declare function parsePemCertificates(text: string): Uint8Array[]

export declare function parsePemPrivateKey(text: string): Uint8Array

export declare function privateKeyToPkcs8(block: PemBlock): Uint8Array

export declare function publicKeyType(subjectPublicKeyInfo: Uint8Array): KeyType

export declare function verifyCertificateChain(options: VerifyOptions): Certificate[]

export declare function verifyServerName(certificate: Certificate, name: string): boolean
