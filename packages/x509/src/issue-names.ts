// The names in certificates that we issue, RFC 5280 §4.2.1.6 and §4.2.1.10.

import { constructedContextTag, contextTag } from './der-reader.ts'
import { encodeElement, encodeSequence } from './der-writer.ts'
import { parseIpAddress } from './ip-address.ts'
import { normalizeHostname } from './server-name.ts'
import { encodeUtf8 } from './text.ts'

const DNS = contextTag(2)
const IP = contextTag(7)

/** subjectAltName. Throws RangeError for what is neither a DNS name nor an IP literal. */
export function encodeAltNames(names: readonly string[]): Uint8Array {
  const encoded = names.map((name) => {
    const address = parseIpAddress(name)
    if (address !== null) return encodeElement(IP, address)
    const host = normalizeHostname(name.replace(/^\*\./, ''))
    if (host === null) {
      throw new RangeError(`"subjectAltNames" expected DNS names or IP addresses, got "${name}"`)
    }
    return encodeElement(DNS, encodeUtf8(name.startsWith('*.') ? `*.${host}` : host))
  })
  return encodeSequence(...encoded)
}

/** nameConstraints with permitted subtrees. Throws RangeError like `encodeAltNames`. */
export function encodeNameConstraints(permitted: readonly string[]): Uint8Array {
  const subtrees = permitted.map((name) => encodeSequence(encodeSubtree(name)))
  return encodeSequence(encodeElement(constructedContextTag(0), ...subtrees))
}

function encodeSubtree(name: string): Uint8Array {
  const slash = name.indexOf('/')
  const address = parseIpAddress(slash < 0 ? name : name.slice(0, slash))
  if (address === null) {
    const host = normalizeHostname(name)
    if (host !== null) return encodeElement(DNS, encodeUtf8(host))
    throw new RangeError(`"permittedNames" expected DNS names or address blocks, got "${name}"`)
  }
  const bits = slash < 0 ? address.length * 8 : Number(name.slice(slash + 1))
  if (!Number.isInteger(bits) || bits < 0 || bits > address.length * 8) {
    throw new RangeError(`"permittedNames" expected a prefix length after the slash, got "${name}"`)
  }
  const mask = address.map((_, i) => 0xff << (8 - Math.min(8, Math.max(0, bits - 8 * i))))
  const base = address.map((byte, i) => byte & mask[i])
  return encodeElement(IP, base, mask)
}
