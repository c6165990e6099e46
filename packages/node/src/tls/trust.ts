// Which authorities a client trusts: those of `ca`, or those that Node trusts.

import { readFileSync } from 'node:fs'
import * as tls from 'node:tls'

import { parsePemCertificates, TrustStore } from '@godwit/x509'

let systemStore: TrustStore | null = null

/** The store of `ca`; without it Node's own authorities, parsed once when first needed. */
export function trustStoreOf(ca: readonly string[] | undefined): TrustStore {
  if (ca !== undefined) return new TrustStore(ca.flatMap((pem) => parsePemCertificates(pem)))
  systemStore ??= new TrustStore(nodeAuthorities().flatMap((pem) => parsePemCertificates(pem)))
  return systemStore
}

function nodeAuthorities(): readonly string[] {
  // Since Node 22.15, and it knows --use-system-ca and NODE_EXTRA_CA_CERTS.
  if ('getCACertificates' in tls && typeof tls.getCACertificates === 'function') {
    return tls.getCACertificates('default') as string[] // sound: documented so
  }
  const extra = process.env['NODE_EXTRA_CA_CERTS']
  if (extra === undefined || extra === '') return tls.rootCertificates
  return [...tls.rootCertificates, readFileSync(extra, 'latin1')]
}
