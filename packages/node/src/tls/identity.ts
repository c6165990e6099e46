// Certificates and private keys under the option names of node:tls, loaded and checked at start: a
// key that is missing or belongs to another certificate must not wait for the first connection.

import { createPrivateKey } from 'node:crypto'

import type { CryptoProvider } from '@godwit/crypto'
import { loadIdentity, parsePemCertificates, parsePemPrivateKey } from '@godwit/x509'
import type { Identity } from '@godwit/x509'
import { Http3HostError } from '../errors.ts'
import { aPem, aString, parseOptions, type PemInput } from '../options.ts'

/** A certificate chain and its private key. */
export interface IdentityOptions {
  /** Private key in PEM: PKCS #8, SEC1 or PKCS #1. As many as there are chains in `cert`. */
  readonly key: PemInput
  /** Certificate chain in PEM, the server's own first. An array gives several (ECDSA and RSA). */
  readonly cert: PemInput
  /** Of an encrypted key. */
  readonly passphrase?: string
}

const SCHEMA = { key: aPem, cert: aPem, passphrase: aString }

/** Loads every pair. Throws X509Error (`ERR_X509_KEY_MISMATCH`, …) or `ERR_TLS_NO_CERTIFICATE`. */
export function loadIdentities(
  provider: CryptoProvider,
  options: IdentityOptions,
): readonly Identity[] {
  const { key: keys, cert: chains, passphrase } = parseOptions(options, SCHEMA)
  if (keys === undefined || chains === undefined) {
    const missing = keys === undefined ? 'key' : 'cert'
    throw new Http3HostError(
      'ERR_TLS_NO_CERTIFICATE',
      `"${missing}" is missing: HTTP/3 is always encrypted, so a server needs "key" and "cert"`,
    )
  }
  if (keys.length !== chains.length) {
    throw new RangeError(
      `"key" expected as many items as "cert", got ${keys.length} and ${chains.length}`,
    )
  }
  return chains.map((chain, index) =>
    loadIdentity({
      certificates: parsePemCertificates(chain),
      key: provider.importSigningKey(privateKeyDer(keys[index] as string, passphrase)),
    }),
  )
}

/** PKCS #8 DER of a key in PEM. */
function privateKeyDer(pem: string, passphrase: string | undefined): Uint8Array {
  if (passphrase === undefined) return parsePemPrivateKey(pem)
  return createPrivateKey({ key: pem, passphrase }).export({ type: 'pkcs8', format: 'der' })
}
