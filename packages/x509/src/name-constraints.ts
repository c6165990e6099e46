// Name constraints, RFC 5280 §4.2.1.10: what an issuer allows the certificates below it to be named.

import type { Certificate } from './certificate.ts'
import { describe } from './describe.ts'
import { isWithinSubtree } from './distinguished-name.ts'
import { X509Error } from './errors.ts'
import type { IpSubtree, NameConstraints } from './general-names.ts'
import { formatIpAddress } from './ip-address.ts'
import { normalizeHostname } from './server-name.ts'
import { lowerAscii, printable } from './text.ts'
import type { WorkBudget } from './work-budget.ts'

/**
 * Throws X509Error `ERR_X509_NAME_CONSTRAINT` when a name of `certificate` is excluded by `issuer`,
 * or its kind is constrained and it is in no permitted subtree, or a constraint applies to it that
 * cannot be processed.
 */
export function checkNameConstraints(
  issuer: Certificate,
  constraints: NameConstraints,
  certificate: Certificate,
  budget: WorkBudget,
): void {
  const names = certificate.subjectAltNames
  const { permitted, excluded } = constraints
  const refuse = (name: string, why: string): X509Error =>
    new X509Error(
      'ERR_X509_NAME_CONSTRAINT',
      `${describe(certificate)} has the name ${printable(name)}, ` +
        `which the name constraints of ${describe(issuer)} ${why}`,
    )
  const check = <Name, Subtree>(
    kindNames: readonly Name[],
    kindPermitted: readonly Subtree[],
    kindExcluded: readonly Subtree[],
    covers: (subtree: Subtree, name: Name, isExcluded: boolean) => boolean,
    show: (name: Name) => string,
  ): void => {
    for (const name of kindNames) {
      budget.spendComparisons(kindPermitted.length + kindExcluded.length)
      if (kindExcluded.some((subtree) => covers(subtree, name, true))) {
        throw refuse(show(name), 'exclude')
      }
      if (kindPermitted.length === 0) continue
      if (!kindPermitted.some((subtree) => covers(subtree, name, false))) {
        throw refuse(show(name), 'do not permit')
      }
    }
  }

  const badConstraint = [...permitted.dns, ...excluded.dns].find((text) => !isDnsConstraint(text))
  if (badConstraint !== undefined && names.dns.length > 0) {
    throw refuse(names.dns[0], 'cover in a form that cannot be processed')
  }
  check(names.dns, permitted.dns, excluded.dns, coversDns, (name) => name)
  check(names.ip, permitted.ip, excluded.ip, coversIp, formatIpAddress)

  // RFC 5280 §4.2.1.10: directoryName constraints apply to the subject (when it is not empty) and
  // to the directoryName entries of subjectAltName.
  const directory = [certificate.subject, ...names.directory].filter(
    (name) => name.canonical.length > 0,
  )
  check(
    directory,
    permitted.directory,
    excluded.directory,
    (subtree, name) => isWithinSubtree(name, subtree),
    (name) => name.text,
  )

  // "if an X.509 name constraint ... is marked as critical ... the application MUST either process
  // the constraint or reject the certificate": names that decide nothing here are not processed.
  const emails = [...names.email, ...certificate.subject.emailAddresses]
  if (emails.length > 0 && permitted.email.length + excluded.email.length > 0) {
    throw refuse(emails[0], 'cover with a mail constraint, which is not supported')
  }
  if (names.uri.length > 0 && permitted.uri.length + excluded.uri.length > 0) {
    throw refuse(names.uri[0], 'cover with a URI constraint, which is not supported')
  }
  if (names.others > 0 && permitted.others + excluded.others > 0) {
    throw refuse('(of another kind)', 'cover with a constraint that is not supported')
  }
}

// The empty constraint is every name. A dot in front (of RFC 5280 only for URIs, of all
// implementations for DNS too) asks for at least one more label.
function isDnsConstraint(constraint: string): boolean {
  if (constraint === '') return true
  return normalizeHostname(constraint.startsWith('.') ? constraint.slice(1) : constraint) !== null
}

function coversDns(constraint: string, pattern: string, isExcluded: boolean): boolean {
  if (constraint === '') return true
  const base = lowerAscii(constraint).replace(/\.$/, '')
  const name = lowerAscii(pattern).replace(/\.$/, '')
  const suffix = base.startsWith('.') ? base : `.${base}`
  if (name.endsWith(suffix) || (name === base && !base.startsWith('.'))) return true
  // `*.example.com` is also the name excluded by `a.example.com`.
  if (!isExcluded || !name.startsWith('*.')) return false
  const label = suffix.slice(1, suffix.indexOf('.', 1))
  return !base.startsWith('.') && suffix === `.${label}${name.slice(1)}`
}

function coversIp({ address, mask }: IpSubtree, name: Uint8Array): boolean {
  return (
    name.length === address.length && name.every((byte, i) => ((byte ^ address[i]) & mask[i]) === 0)
  )
}
