// Names of subjects and issuers, RFC 5280 §4.1.2.4: RDNSequence ::= SEQUENCE OF SET OF
// AttributeTypeAndValue. Parsed twice over: a text for people, and a canonical form to compare.

import {
  type DerReader,
  TAG_BMP_STRING,
  TAG_IA5_STRING,
  TAG_PRINTABLE_STRING,
  TAG_SEQUENCE,
  TAG_SET,
  TAG_TELETEX_STRING,
  TAG_UNIVERSAL_STRING,
  TAG_UTF8_STRING,
} from './der-reader.ts'
import { malformed } from './errors.ts'
import { ATTRIBUTE_NAMES, OID_EMAIL_ADDRESS } from './oids.ts'
import { ascii, decodeUtf8, hex, latin1, lowerAscii, printable } from './text.ts'

/** A Name, RFC 5280 §4.1.2.4. */
export interface DistinguishedName {
  readonly raw: Uint8Array
  /** Readable form after RFC 4514, with control characters escaped: `CN=Test CA,O=Example`. */
  readonly text: string
  /**
   * One string per relative distinguished name, outermost first; equal strings are names that
   * compare equal by RFC 5280 §7.1.
   */
  readonly canonical: readonly string[]
  /** Values of emailAddress attributes: name constraints look at them, RFC 5280 §4.2.1.10. */
  readonly emailAddresses: readonly string[]
}

/** Reads a Name. */
export function readName(reader: DerReader, what: string): DistinguishedName {
  const rdns = reader.constructed(TAG_SEQUENCE, what)
  const raw = reader.lastRaw
  const texts: string[] = []
  const canonical: string[] = []
  const emailAddresses: string[] = []
  while (!rdns.done) {
    const attributes = rdns.constructed(TAG_SET, what)
    if (attributes.done) throw malformed(`${what}: an empty relative distinguished name`)
    const rdnTexts: string[] = []
    const rdnKeys: string[] = []
    while (!attributes.done) {
      const attribute = attributes.sequence(what)
      const oid = attribute.oid(what)
      const contents = attribute.any(what)
      const value = decodeString(attribute.lastTag, contents)
      const der = attribute.lastRaw
      attribute.end(what)
      const type = ATTRIBUTE_NAMES.get(oid) ?? oid
      rdnTexts.push(`${type}=${value === null ? `#${hex(der)}` : escapeValue(value)}`)
      // The length in front keeps keys apart whatever is in the value.
      const key = value === null ? hex(der) : foldValue(value)
      rdnKeys.push(`${oid}${value === null ? '#' : '='}${key.length}:${key}`)
      if (oid === OID_EMAIL_ADDRESS && value !== null) emailAddresses.push(value)
    }
    texts.push(rdnTexts.join('+'))
    canonical.push(rdnKeys.sort().join('+'))
  }
  return { raw, text: printable(texts.reverse().join(',')), canonical, emailAddresses }
}

/** RFC 5280 §7.1. */
export function equalNames(a: DistinguishedName, b: DistinguishedName): boolean {
  return nameKey(a) === nameKey(b)
}

/** One string for a whole name, to look it up by. */
export function nameKey(name: DistinguishedName): string {
  return name.canonical.join('/')
}

/** RFC 5280 §7.1: a name is within a directoryName subtree when it begins with its RDNs. */
export function isWithinSubtree(name: DistinguishedName, subtree: DistinguishedName): boolean {
  const { canonical } = subtree
  return (
    canonical.length <= name.canonical.length &&
    canonical.every((rdn, i) => rdn === name.canonical[i])
  )
}

// Null: not one of the string types of RFC 5280 §4.1.2.4, or not well-formed as what it says it is.
function decodeString(tag: number, contents: Uint8Array): string | null {
  switch (tag) {
    case TAG_PRINTABLE_STRING:
    case TAG_IA5_STRING:
      return ascii(contents)
    case TAG_UTF8_STRING:
      return decodeUtf8(contents)
    // T.61 in the standard, Latin-1 in all practice.
    case TAG_TELETEX_STRING:
      return latin1(contents)
    case TAG_BMP_STRING:
      return decodeWide(contents, 2)
    case TAG_UNIVERSAL_STRING:
      return decodeWide(contents, 4)
    default:
      return null
  }
}

function decodeWide(contents: Uint8Array, width: 2 | 4): string | null {
  if (contents.length % width !== 0) return null
  let text = ''
  for (let i = 0; i < contents.length; i += width) {
    let code = 0
    for (let k = 0; k < width; k += 1) code = code * 256 + contents[i + k]
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null
    text += String.fromCodePoint(code)
  }
  return text
}

// RFC 5280 §7.1 asks for stringprep (RFC 4518); this is what of it changes the names in use: white
// space at the ends and in runs does not count, nor does the case of ASCII letters.
function foldValue(value: string): string {
  return lowerAscii(value.replace(/[ \t\n\v\f\r]+/g, ' ').replace(/^ | $/g, ''))
}

// RFC 4514 §2.4.
function escapeValue(value: string): string {
  return value.replace(/[\\"+,;<>]/g, '\\$&').replace(/^[ #]| $/g, '\\$&')
}
