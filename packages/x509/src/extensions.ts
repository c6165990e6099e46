// The extensions that path validation and name matching look at, RFC 5280 §4.2.1. All others are
// skipped when they are not critical, and remembered when they are.

import { contextTag, DerReader, TAG_BIT_STRING, TAG_OCTET_STRING } from './der-reader.ts'
import { malformed } from './errors.ts'
import {
  type GeneralNames,
  type NameConstraints,
  NO_NAMES,
  readGeneralNames,
  readNameConstraints,
} from './general-names.ts'
import {
  OID_AUTHORITY_KEY_IDENTIFIER,
  OID_BASIC_CONSTRAINTS,
  OID_CERTIFICATE_POLICIES,
  OID_EXTENDED_KEY_USAGE,
  OID_INHIBIT_ANY_POLICY,
  OID_KEY_USAGE,
  OID_NAME_CONSTRAINTS,
  OID_POLICY_MAPPINGS,
  OID_SUBJECT_ALT_NAME,
  OID_SUBJECT_KEY_IDENTIFIER,
} from './oids.ts'

/** BasicConstraints, RFC 5280 §4.2.1.9. */
export interface BasicConstraints {
  readonly isCa: boolean
  /** How many more intermediate certificates may follow; null: any number. */
  readonly pathLength: number | null
}

/** The bits of keyUsage in their order, RFC 5280 §4.2.1.3. */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

/** A bit of keyUsage, RFC 5280 §4.2.1.3. */
export type KeyUsage = (typeof KEY_USAGES)[number]

/** Null where the extension is absent. */
export interface Extensions {
  /** All lists empty when the extension is absent. */
  readonly subjectAltNames: GeneralNames
  readonly basicConstraints: BasicConstraints | null
  readonly keyUsage: ReadonlySet<KeyUsage> | null
  /** Object identifiers. */
  readonly extendedKeyUsage: readonly string[] | null
  readonly nameConstraints: NameConstraints | null
  readonly authorityKeyIdentifier: Uint8Array | null
  readonly subjectKeyIdentifier: Uint8Array | null
  /** Object identifiers of critical extensions that are not understood: the verifier refuses them. */
  readonly unknownCriticalExtensions: readonly string[]
}

/** What a certificate without extensions has. */
export const NO_EXTENSIONS: Extensions = {
  subjectAltNames: NO_NAMES,
  basicConstraints: null,
  keyUsage: null,
  extendedKeyUsage: null,
  nameConstraints: null,
  authorityKeyIdentifier: null,
  subjectKeyIdentifier: null,
  unknownCriticalExtensions: [],
}

/** Reads the Extensions sequence. */
export function readExtensions(reader: DerReader): Extensions {
  const sequence = reader.sequence('extensions')
  reader.end('extensions')
  if (sequence.done) throw malformed('extensions: empty')
  const seen = new Set<string>()
  const unknownCritical: string[] = []
  const extensions: { -readonly [K in keyof Extensions]: Extensions[K] } = {
    ...NO_EXTENSIONS,
    unknownCriticalExtensions: unknownCritical,
  }
  while (!sequence.done) {
    const extension = sequence.sequence('extension')
    const oid = extension.oid('extension')
    const critical = extension.booleanDefaultFalse('extension.critical')
    const value = new DerReader(extension.element(TAG_OCTET_STRING, `extension ${oid}`))
    extension.end(`extension ${oid}`)
    // RFC 5280 §4.2: MUST NOT include more than one instance of a particular extension.
    if (seen.has(oid)) throw malformed(`extension ${oid} is there twice`)
    seen.add(oid)
    switch (oid) {
      case OID_SUBJECT_ALT_NAME:
        extensions.subjectAltNames = readGeneralNames(value, 'subjectAltName')
        break
      case OID_BASIC_CONSTRAINTS:
        extensions.basicConstraints = readBasicConstraints(value)
        break
      case OID_KEY_USAGE:
        extensions.keyUsage = readKeyUsage(value)
        break
      case OID_EXTENDED_KEY_USAGE:
        extensions.extendedKeyUsage = readExtendedKeyUsage(value)
        break
      case OID_NAME_CONSTRAINTS:
        extensions.nameConstraints = readNameConstraints(value, 'nameConstraints')
        break
      case OID_AUTHORITY_KEY_IDENTIFIER:
        extensions.authorityKeyIdentifier = readAuthorityKeyIdentifier(value)
        break
      case OID_SUBJECT_KEY_IDENTIFIER:
        extensions.subjectKeyIdentifier = value.element(TAG_OCTET_STRING, 'subjectKeyIdentifier')
        value.end('subjectKeyIdentifier')
        break
      // RFC 5280 §6.1: policies decide nothing unless the user or a policyConstraints extension
      // asks for an explicit one. We never ask, and policyConstraints (2.5.29.36) is refused when
      // critical, as it always has to be.
      case OID_CERTIFICATE_POLICIES:
      case OID_POLICY_MAPPINGS:
      case OID_INHIBIT_ANY_POLICY:
        break
      default:
        if (critical) unknownCritical.push(oid)
    }
  }
  return extensions
}

function readBasicConstraints(reader: DerReader): BasicConstraints {
  const what = 'basicConstraints'
  const sequence = reader.sequence(what)
  reader.end(what)
  const isCa = sequence.booleanDefaultFalse(what)
  const pathLength = sequence.done ? null : sequence.smallInteger(what)
  sequence.end(what)
  // RFC 5280 §4.2.1.9: MUST NOT include pathLenConstraint unless cA is asserted.
  if (pathLength !== null && !isCa) throw malformed(`${what}: a path length without cA`)
  return { isCa, pathLength }
}

function readKeyUsage(reader: DerReader): ReadonlySet<KeyUsage> {
  const contents = reader.element(TAG_BIT_STRING, 'keyUsage')
  reader.end('keyUsage')
  const unused = contents[0] ?? 8
  if (contents.length < 2 || contents.length > 3 || unused > 7)
    throw malformed('keyUsage: malformed')
  if ((contents[contents.length - 1] & ((1 << unused) - 1)) !== 0) {
    throw malformed('keyUsage: unused bits are not zero')
  }
  const usages = new Set<KeyUsage>()
  for (let i = 0; i < KEY_USAGES.length; i += 1) {
    const byte = contents[1 + (i >> 3)] ?? 0
    if ((byte & (0x80 >> (i & 7))) !== 0) usages.add(KEY_USAGES[i])
  }
  // RFC 5280 §4.2.1.3: at least one of the bits MUST be set to 1.
  if (usages.size === 0) throw malformed('keyUsage: empty')
  return usages
}

function readExtendedKeyUsage(reader: DerReader): string[] {
  const sequence = reader.sequence('extKeyUsage')
  reader.end('extKeyUsage')
  const purposes: string[] = []
  while (!sequence.done) purposes.push(sequence.oid('extKeyUsage'))
  if (purposes.length === 0) throw malformed('extKeyUsage: empty')
  return purposes
}

// RFC 5280 §4.2.1.1. Issuer and serial number, the older way to name a key, are not used: they are
// only a hint for path building.
function readAuthorityKeyIdentifier(reader: DerReader): Uint8Array | null {
  const what = 'authorityKeyIdentifier'
  const sequence = reader.sequence(what)
  reader.end(what)
  const keyIdentifier = sequence.peek() === contextTag(0) ? sequence.any(what) : null
  while (!sequence.done) sequence.any(what)
  return keyIdentifier
}
