// GeneralName and what is made of it: subjectAltName (RFC 5280 §4.2.1.6) and nameConstraints
// (§4.2.1.10).

import { type DerReader, constructedContextTag, contextTag } from './der-reader.ts'
import { type DistinguishedName, readName } from './distinguished-name.ts'
import { malformed } from './errors.ts'
import { ascii } from './text.ts'

/** A list of GeneralName, RFC 5280 §4.2.1.6. */
export interface GeneralNames {
  readonly dns: readonly string[]
  /** 4 or 16 bytes each. */
  readonly ip: readonly Uint8Array[]
  readonly email: readonly string[]
  readonly uri: readonly string[]
  readonly directory: readonly DistinguishedName[]
  /** How many names of other kinds there are. */
  readonly others: number
}

/** A block of addresses: 4 or 16 bytes each. */
export interface IpSubtree {
  readonly address: Uint8Array
  readonly mask: Uint8Array
}

/** GeneralSubtrees, RFC 5280 §4.2.1.10. */
export interface Subtrees extends Omit<GeneralNames, 'ip'> {
  readonly ip: readonly IpSubtree[]
}

/** NameConstraints, RFC 5280 §4.2.1.10. */
export interface NameConstraints {
  readonly permitted: Subtrees
  readonly excluded: Subtrees
}

/** What a certificate without subjectAltName has. */
export const NO_NAMES: GeneralNames = {
  dns: [],
  ip: [],
  email: [],
  uri: [],
  directory: [],
  others: 0,
}

const NO_SUBTREES: Subtrees = { ...NO_NAMES, ip: [] }

const EMAIL = contextTag(1)
const DNS = contextTag(2)
const DIRECTORY = constructedContextTag(4)
const URI = contextTag(6)
const IP = contextTag(7)

/** Reads the contents of subjectAltName. */
export function readGeneralNames(reader: DerReader, what: string): GeneralNames {
  const sequence = reader.sequence(what)
  reader.end(what)
  // RFC 5280 §4.2.1.6: the sequence MUST contain at least one entry.
  if (sequence.done) throw malformed(`${what}: empty`)
  const ip: Uint8Array[] = []
  const names = new NameCollector()
  while (!sequence.done) {
    if (sequence.peek() !== IP) {
      names.read(sequence, what)
      continue
    }
    const address = sequence.element(IP, what)
    if (address.length !== 4 && address.length !== 16) {
      throw malformed(`${what}: an IP address of ${address.length} bytes`)
    }
    ip.push(address)
  }
  return { ...names.lists(), ip }
}

/** Reads the contents of nameConstraints. */
export function readNameConstraints(reader: DerReader, what: string): NameConstraints {
  const sequence = reader.sequence(what)
  reader.end(what)
  // RFC 5280 §4.2.1.10: conforming CAs MUST NOT issue certificates where it is an empty sequence.
  if (sequence.done) throw malformed(`${what}: empty`)
  const permitted = sequence.optional(constructedContextTag(0), what)
  const excluded = sequence.optional(constructedContextTag(1), what)
  sequence.end(what)
  return {
    permitted: permitted === null ? NO_SUBTREES : readSubtrees(permitted, what),
    excluded: excluded === null ? NO_SUBTREES : readSubtrees(excluded, what),
  }
}

function readSubtrees(reader: DerReader, what: string): Subtrees {
  const ip: IpSubtree[] = []
  const names = new NameCollector()
  while (!reader.done) {
    const subtree = reader.sequence(what)
    if (subtree.peek() === IP) ip.push(readIpSubtree(subtree.element(IP, what), what))
    else names.read(subtree, what)
    // RFC 5280 §4.2.1.10: minimum MUST be zero (its default, so absent), maximum MUST be absent.
    subtree.end(what)
  }
  return { ...names.lists(), ip }
}

function readIpSubtree(bytes: Uint8Array, what: string): IpSubtree {
  if (bytes.length !== 8 && bytes.length !== 32) {
    throw malformed(`${what}: an address block of ${bytes.length} bytes`)
  }
  const address = bytes.subarray(0, bytes.length / 2)
  const mask = bytes.subarray(bytes.length / 2)
  // "encoded in the style of RFC 4632 (CIDR)": ones, then zeros.
  let ended = false
  for (const byte of mask) {
    const inverted = byte ^ 0xff
    if ((inverted & (inverted + 1)) !== 0 || (ended && byte !== 0)) {
      throw malformed(`${what}: an address mask with gaps`)
    }
    ended ||= byte !== 0xff
  }
  return { address, mask }
}

/** Sorts names by kind; addresses are the caller's, as their form depends on the extension. */
class NameCollector {
  readonly #dns: string[] = []
  readonly #email: string[] = []
  readonly #uri: string[] = []
  readonly #directory: DistinguishedName[] = []
  #others = 0

  read(reader: DerReader, what: string): void {
    const tag = reader.peek()
    if (tag === DNS) this.#dns.push(readIa5(reader, tag, what))
    else if (tag === EMAIL) this.#email.push(readIa5(reader, tag, what))
    else if (tag === URI) this.#uri.push(readIa5(reader, tag, what))
    else if (tag === DIRECTORY) {
      const explicit = reader.constructed(tag, what)
      this.#directory.push(readName(explicit, what))
      explicit.end(what)
    } else {
      // otherName, x400Address, ediPartyName, registeredID: counted, so that constraints on them
      // are not passed over in silence.
      if ((tag & 0xc0) !== 0x80 || (tag & 0x1f) > 8) throw malformed(`${what}: no general name`)
      reader.any(what)
      this.#others += 1
    }
  }

  lists(): Omit<GeneralNames, 'ip'> {
    return {
      dns: this.#dns,
      email: this.#email,
      uri: this.#uri,
      directory: this.#directory,
      others: this.#others,
    }
  }
}

function readIa5(reader: DerReader, tag: number, what: string): string {
  const text = ascii(reader.element(tag, what))
  if (text === null) throw malformed(`${what}: a name that is not ASCII`)
  return text
}
