// Object identifiers, in dotted form. The names in the comments are those of the RFCs.

// Extensions, RFC 5280 §4.2.1.
export const OID_SUBJECT_KEY_IDENTIFIER = '2.5.29.14'
export const OID_KEY_USAGE = '2.5.29.15'
export const OID_SUBJECT_ALT_NAME = '2.5.29.17'
export const OID_BASIC_CONSTRAINTS = '2.5.29.19'
export const OID_NAME_CONSTRAINTS = '2.5.29.30'
export const OID_CERTIFICATE_POLICIES = '2.5.29.32'
export const OID_POLICY_MAPPINGS = '2.5.29.33'
export const OID_AUTHORITY_KEY_IDENTIFIER = '2.5.29.35'
export const OID_EXTENDED_KEY_USAGE = '2.5.29.37'
export const OID_INHIBIT_ANY_POLICY = '2.5.29.54'

// Key purposes, RFC 5280 §4.2.1.12.
export const OID_ANY_EXTENDED_KEY_USAGE = '2.5.29.37.0'
export const OID_SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const OID_CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

// Public keys: RFC 8017 appendix C, RFC 5480 §2.1.1, RFC 8410 §3.
export const OID_RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
export const OID_EC_PUBLIC_KEY = '1.2.840.10045.2.1'
export const OID_SECP256R1 = '1.2.840.10045.3.1.7'
export const OID_SECP384R1 = '1.3.132.0.34'
export const OID_SECP521R1 = '1.3.132.0.35'
export const OID_ED25519 = '1.3.101.112'

// Signatures: RFC 8017 appendix C, RFC 5758 §3.2, RFC 3279 §2.2.
export const OID_RSA_MD2 = '1.2.840.113549.1.1.2'
export const OID_RSA_MD5 = '1.2.840.113549.1.1.4'
export const OID_RSA_SHA1 = '1.2.840.113549.1.1.5'
export const OID_RSA_SHA1_OIW = '1.3.14.3.2.29'
export const OID_RSA_PSS = '1.2.840.113549.1.1.10'
export const OID_RSA_SHA256 = '1.2.840.113549.1.1.11'
export const OID_RSA_SHA384 = '1.2.840.113549.1.1.12'
export const OID_RSA_SHA512 = '1.2.840.113549.1.1.13'
export const OID_MGF1 = '1.2.840.113549.1.1.8'
export const OID_DSA_SHA1 = '1.2.840.10040.4.3'
export const OID_ECDSA_SHA1 = '1.2.840.10045.4.1'
export const OID_ECDSA_SHA256 = '1.2.840.10045.4.3.2'
export const OID_ECDSA_SHA384 = '1.2.840.10045.4.3.3'
export const OID_ECDSA_SHA512 = '1.2.840.10045.4.3.4'

// Hashes, RFC 8017 appendix B.1.
export const OID_SHA1 = '1.3.14.3.2.26'
export const OID_SHA256 = '2.16.840.1.101.3.4.2.1'
export const OID_SHA384 = '2.16.840.1.101.3.4.2.2'
export const OID_SHA512 = '2.16.840.1.101.3.4.2.3'

// Attributes of names, RFC 5280 appendix A.1 and RFC 2985.
export const OID_COMMON_NAME = '2.5.4.3'
export const OID_EMAIL_ADDRESS = '1.2.840.113549.1.9.1'

/** Short names of RFC 4514 §3, and a few that everybody uses. */
export const ATTRIBUTE_NAMES: ReadonlyMap<string, string> = new Map([
  [OID_COMMON_NAME, 'CN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  [OID_EMAIL_ADDRESS, 'emailAddress'],
])
