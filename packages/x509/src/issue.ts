// Issues certificates.

import type { CryptoProvider, SigningKey } from '@godwit/crypto'

/** A certification authority of ours. */
export interface Authority {
  readonly certificate: Uint8Array
  readonly key: SigningKey
}

/** What goes into a certificate. */
export interface IssueOptions {
  readonly crypto: CryptoProvider
  /** Who signs; null or absent: self-signed with `key`. */
  readonly issuer?: Authority | null
  /** Common name of the subject; '' for an empty subject. */
  readonly subject: string
  /** The subject's key: only its public half is used, unless self-signed. */
  readonly key: SigningKey
  /** DNS names and IP literals. */
  readonly subjectAltNames?: readonly string[]
  /** Milliseconds since the epoch; the certificate holds whole seconds. */
  readonly notBefore: number
  readonly notAfter: number
  /** Default false. */
  readonly isCa?: boolean
  /** pathLenConstraint of a CA; absent: none. */
  readonly pathLength?: number
  /** extKeyUsage; default `['server']` for leaves, none for a CA. */
  readonly usages?: readonly ('server' | 'client')[]
  /** DNS names and CIDR blocks a CA is held to (critical nameConstraints). */
  readonly permittedNames?: readonly string[]
  readonly excludedNames?: readonly string[]
}

export function issueCertificate(options: IssueOptions): Uint8Array {
  throw new Error(`not yet ${options.subject}`)
}

export interface DevelopmentAuthorityOptions {
  readonly crypto: CryptoProvider
  /** Now, milliseconds since the epoch. */
  readonly time: number
  /** Default 'godwit development CA'. */
  readonly name?: string
  /** Default 365. */
  readonly days?: number
}

export function createDevelopmentAuthority(options: DevelopmentAuthorityOptions): Authority {
  throw new Error(`not yet ${options.time}`)
}

export interface DevelopmentIdentityOptions {
  readonly crypto: CryptoProvider
  readonly time: number
  /** Who signs; absent: self-signed. */
  readonly authority?: Authority | null
  /** DNS names and IP literals. Default localhost, 127.0.0.1, ::1. */
  readonly names?: readonly string[]
  /** Default 13: browsers take a certificate by its hash for WebTransport only up to 14 days. */
  readonly days?: number
}

/** A leaf certificate with its P-256 key. */
export interface DevelopmentIdentity {
  readonly certificate: Uint8Array
  readonly key: SigningKey
}

export function createDevelopmentIdentity(
  options: DevelopmentIdentityOptions,
): DevelopmentIdentity {
  throw new Error(`not yet ${options.time}`)
}
