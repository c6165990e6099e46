// Is this certificate for that name? RFC 9525 (and RFC 9110 §4.3.4): only subjectAltName counts,
// never the common name; a wildcard is the whole left-most label; addresses match addresses only.

import type { Certificate } from './certificate.ts'
import { formatIpAddress, parseIpAddress } from './ip-address.ts'
import { equalContents, lowerAscii, printable } from './text.ts'

/**
 * True when a subjectAltName of `certificate` matches `name`, a DNS name (ASCII; international names
 * in their `xn--` form; a dot at the end does not matter) or an IP address literal.
 */
export function verifyServerName(certificate: Certificate, name: string): boolean {
  const address = parseIpAddress(name)
  if (address !== null) {
    return certificate.subjectAltNames.ip.some((ip) => equalContents(ip, address))
  }
  const host = normalizeHostname(name)
  if (host === null) return false
  return certificate.subjectAltNames.dns.some((pattern) => matchesPattern(host, pattern))
}

/** DNS names and addresses of a certificate, for people. */
export function namesOf(certificate: Certificate): string[] {
  const { dns, ip } = certificate.subjectAltNames
  return [...dns.map((name) => printable(name)), ...ip.map((address) => formatIpAddress(address))]
}

/** Lower case, without the dot of the root; null when it is not a host name. */
export function normalizeHostname(name: string): string | null {
  const host = lowerAscii(name.endsWith('.') ? name.slice(0, -1) : name)
  if (host.length === 0 || host.length > 253) return null
  const labels = host.split('.')
  // Underscores are no part of host names by RFC 1123, and of many that are in use.
  if (!labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))) return null
  // A last label of digits only would be a misspelt IPv4 address (RFC 1123 §2.1).
  return /^\d+$/.test(labels[labels.length - 1]) ? null : host
}

function matchesPattern(host: string, pattern: string): boolean {
  if (!pattern.startsWith('*.')) return normalizeHostname(pattern) === host
  // RFC 9525 §6.3: the wildcard is the complete left-most label and matches exactly one label. At
  // least two labels must follow, so that `*.com` is for nobody.
  const rest = normalizeHostname(pattern.slice(2))
  const dot = host.indexOf('.')
  return rest !== null && rest.includes('.') && dot > 0 && host.slice(dot + 1) === rest
}
