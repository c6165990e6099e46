// A certificate for development: an authority of the user's own, kept in a cache folder so that it
// needs to be trusted only once, and a leaf that it signed.

import { createHash, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

import {
  createDevelopmentAuthority,
  createDevelopmentIdentity,
  encodePem,
  parsePemCertificates,
  parsePemPrivateKey,
} from '@godwit/x509'
import type { Authority } from '@godwit/x509'
import type { CryptoProvider } from '@godwit/crypto'
import { selectProvider } from './crypto/select-provider.ts'
import { aNonEmptyStringList, aString, parseOptions } from './options.ts'

const DAY = 86_400_000
const AUTHORITY_DAYS = 3_650
const LEAF_DAYS = 90
/** A leaf that has less left is made anew. */
const RENEW_BEFORE = 7 * DAY

export interface DevelopmentCertificateOptions {
  /** DNS names and IP addresses. Default localhost, 127.0.0.1 and ::1. */
  readonly names?: readonly string[]
  /** Where it is kept. Default: `$XDG_CACHE_HOME/godwit`, or `~/.cache/godwit`. */
  readonly directory?: string
}

/** What `createServer` and clients need, and what a user types into curl and Chromium. */
export interface DevelopmentCertificate {
  readonly key: string
  readonly cert: string
  /** The authority, for `ca`. */
  readonly ca: string
  /** Paths of the three, in PEM. */
  readonly keyFile: string
  readonly certFile: string
  readonly caFile: string
  /** SHA-256 of the leaf, as hex pairs with colons. */
  readonly fingerprint256: string
  /** Base64 SHA-256 of the leaf's public key, for Chromium's `--ignore-certificate-errors-spki-list`. */
  readonly spkiFingerprint: string
}

/** The development certificate of this user: the one in the cache, or a new one. */
export function developmentCertificate(
  options: DevelopmentCertificateOptions = {},
): DevelopmentCertificate {
  const parsed = parseOptions(options, { names: aNonEmptyStringList, directory: aString })
  const names = parsed.names ?? ['localhost', '127.0.0.1', '::1']
  const directory = parsed.directory ?? defaultDirectory()
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const provider = selectProvider()
  const { authority, pem: ca, caFile } = loadAuthority(provider, directory)
  // Different names get different files: two programs may want two certificates.
  const label = createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 8)
  const keyFile = join(directory, `leaf-${label}-key.pem`)
  const certFile = join(directory, `leaf-${label}.pem`)
  let pair = readPair(certFile, keyFile)
  if (pair === null || !isUsable(pair.cert, ca)) {
    const time = Date.now()
    const leaf = createDevelopmentIdentity({
      crypto: provider,
      authority,
      time,
      names,
      days: LEAF_DAYS,
    })
    pair = {
      cert: encodePem('CERTIFICATE', leaf.certificate),
      key: encodePem('PRIVATE KEY', leaf.key.exportPkcs8()),
    }
    writePrivate(keyFile, pair.key)
    writePrivate(certFile, pair.cert)
  }
  const certificate = new X509Certificate(pair.cert)
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return {
    ...pair,
    ca,
    keyFile,
    certFile,
    caFile,
    fingerprint256: certificate.fingerprint256,
    spkiFingerprint: createHash('sha256').update(spki).digest('base64'),
  }
}

function loadAuthority(
  provider: CryptoProvider,
  directory: string,
): { authority: Authority; pem: string; caFile: string } {
  const keyFile = join(directory, 'ca-key.pem')
  const caFile = join(directory, 'ca.pem')
  const pair = readPair(caFile, keyFile)
  if (pair !== null && isUsable(pair.cert, pair.cert)) {
    const authority: Authority = {
      certificate: parsePemCertificates(pair.cert)[0] as Uint8Array,
      key: provider.importSigningKey(parsePemPrivateKey(pair.key)),
    }
    return { authority, pem: pair.cert, caFile }
  }
  const time = Date.now()
  const authority = createDevelopmentAuthority({ crypto: provider, time, days: AUTHORITY_DAYS })
  const pem = encodePem('CERTIFICATE', authority.certificate)
  writePrivate(keyFile, encodePem('PRIVATE KEY', authority.key.exportPkcs8()))
  writePrivate(caFile, pem)
  return { authority, pem, caFile }
}

/** Whether a certificate is good for a while yet, and of this authority. */
function isUsable(cert: string, ca: string): boolean {
  try {
    const certificate = new X509Certificate(cert)
    const issuer = new X509Certificate(ca)
    return (
      Date.parse(certificate.validTo) - Date.now() > RENEW_BEFORE &&
      certificate.checkIssued(issuer) &&
      certificate.verify(issuer.publicKey)
    )
  } catch {
    return false // damaged: made anew
  }
}

function readPair(certFile: string, keyFile: string): { cert: string; key: string } | null {
  try {
    return { cert: readFileSync(certFile, 'latin1'), key: readFileSync(keyFile, 'latin1') }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Written beside and moved into place, so that nobody reads half of it. */
function writePrivate(file: string, text: string): void {
  const partial = `${file}.${process.pid}.tmp`
  writeFileSync(partial, text, { mode: 0o600 })
  renameSync(partial, file)
}

function defaultDirectory(): string {
  const cache = process.env['XDG_CACHE_HOME']
  const base = cache === undefined || cache === '' ? join(homedir(), '.cache') : cache
  return join(base, 'godwit')
}
