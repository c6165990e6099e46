// Certificates for tests, made on the spot.
import {
  createDevelopmentAuthority,
  createDevelopmentIdentity,
  encodePem,
  issueCertificate,
} from '@godwit/x509'
import { createNodeProvider } from '../../src/crypto/provider.ts'

const DAY = 86_400_000
const crypto = createNodeProvider()
const authority = createDevelopmentAuthority({ crypto, time: Date.now() })

export interface TestIdentity {
  readonly key: string
  readonly cert: string
  readonly ca: string
}

/** A leaf for `names` by the one authority of this process. */
export function makeIdentity(
  names: readonly string[] = ['localhost', '127.0.0.1', '::1'],
): TestIdentity {
  const leaf = createDevelopmentIdentity({ crypto, authority, time: Date.now(), names })
  return {
    key: encodePem('PRIVATE KEY', leaf.key.exportPkcs8()),
    cert: encodePem('CERTIFICATE', leaf.certificate),
    ca: encodePem('CERTIFICATE', authority.certificate),
  }
}

/** A leaf whose validity lies `days` away from now. */
export function makeIdentityAt(from: number, to: number): TestIdentity {
  const key = crypto.generateSigningKey('p256')
  const certificate = issueCertificate({
    crypto,
    issuer: authority,
    subject: 'localhost',
    key,
    subjectAltNames: ['localhost', '127.0.0.1'],
    notBefore: Date.now() + from * DAY,
    notAfter: Date.now() + to * DAY,
  })
  return {
    key: encodePem('PRIVATE KEY', key.exportPkcs8()),
    cert: encodePem('CERTIFICATE', certificate),
    ca: encodePem('CERTIFICATE', authority.certificate),
  }
}

/** An authority that signed nothing here. */
export function otherAuthority(): string {
  const other = createDevelopmentAuthority({ crypto, time: Date.now(), name: 'another' })
  return encodePem('CERTIFICATE', other.certificate)
}
