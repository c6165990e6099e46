// How messages call a certificate.

import type { Certificate } from './certificate.ts'
import { formatIpAddress } from './ip-address.ts'
import { hex, printable } from './text.ts'

/** `certificate "CN=example.org"`; by a name or its serial number when the subject is empty. */
export function describe(certificate: Certificate): string {
  if (certificate.subject.text !== '') return `certificate "${certificate.subject.text}"`
  const { dns, ip } = certificate.subjectAltNames
  if (dns.length > 0) return `certificate for ${printable(dns[0])}`
  if (ip.length > 0) return `certificate for ${formatIpAddress(ip[0])}`
  return `certificate with serial number ${hex(certificate.serialNumber)}`
}
