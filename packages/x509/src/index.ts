export { parseCertificate } from './certificate.ts'
export type { Certificate } from './certificate.ts'
export type { DistinguishedName } from './distinguished-name.ts'
export { X509Error } from './errors.ts'
export type { X509ErrorCode } from './errors.ts'
export type { BasicConstraints, Extensions, KeyUsage } from './extensions.ts'
export { certificateFingerprint } from './fingerprint.ts'
export type { GeneralNames, IpSubtree, NameConstraints, Subtrees } from './general-names.ts'
export { loadIdentity } from './identity.ts'
export type { Identity } from './identity.ts'
export { formatIpAddress, parseIpAddress } from './ip-address.ts'
export { createDevelopmentAuthority, createDevelopmentIdentity, issueCertificate } from './issue.ts'
export type {
  Authority,
  DevelopmentAuthorityOptions,
  DevelopmentIdentity,
  DevelopmentIdentityOptions,
  IssueOptions,
} from './issue.ts'
export { encodePem, parsePem, parsePemCertificates } from './pem.ts'
export type { PemBlock } from './pem.ts'
export { parsePemPrivateKey, privateKeyToPkcs8 } from './private-key.ts'
export { publicKeyType } from './public-key.ts'
export { verifyServerName } from './server-name.ts'
export type { AlgorithmIdentifier } from './signature-algorithm.ts'
export { TrustStore } from './trust-store.ts'
export { verifyCertificateChain } from './verify.ts'
export type { VerifyOptions } from './verify.ts'
