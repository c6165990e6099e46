// What differs between QUIC versions in packet protection: RFC 9001 §5 for version 1, RFC 9369 §3.3
// for version 2.

/** A QUIC version number: 1 (RFC 9000) or 0x6b3343cf (RFC 9369). */
export type Version = number

export const VERSION_1 = 0x00000001
export const VERSION_2 = 0x6b3343cf

export interface VersionParameters {
  /** RFC 9001 §5.2 */
  readonly initialSalt: Uint8Array
  /** RFC 9001 §5.8 */
  readonly retryKey: Uint8Array
  readonly retryNonce: Uint8Array
  /** Labels for HKDF-Expand-Label, RFC 9001 §5.1 and §6.1. */
  readonly keyLabel: string
  readonly ivLabel: string
  readonly headerProtectionLabel: string
  readonly updateLabel: string
}

/* prettier-ignore */
const PARAMETERS_1: VersionParameters = {
  initialSalt: Uint8Array.of(
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
    0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a,
  ),
  retryKey: Uint8Array.of(
    0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e,
  ),
  retryNonce: Uint8Array.of(
    0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb,
  ),
  keyLabel: 'quic key',
  ivLabel: 'quic iv',
  headerProtectionLabel: 'quic hp',
  updateLabel: 'quic ku',
}

/* prettier-ignore */
const PARAMETERS_2: VersionParameters = {
  initialSalt: Uint8Array.of(
    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
    0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9,
  ),
  retryKey: Uint8Array.of(
    0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92,
  ),
  retryNonce: Uint8Array.of(
    0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a,
  ),
  keyLabel: 'quicv2 key',
  ivLabel: 'quicv2 iv',
  headerProtectionLabel: 'quicv2 hp',
  updateLabel: 'quicv2 ku',
}

/** The constants of `version`. Throws RangeError for a version that godwit does not speak. */
export function versionParameters(version: Version): VersionParameters {
  if (version === VERSION_1) return PARAMETERS_1
  if (version === VERSION_2) return PARAMETERS_2
  throw new RangeError(`"version" expected 0x00000001 or 0x6b3343cf, got 0x${version.toString(16)}`)
}
