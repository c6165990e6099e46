// The client's judgement of a server's certificate chain, and the alert that goes with each way of
// failing it (RFC 9846 §6.2; which X.509 error is which alert is left to implementations).

import type { KeyType } from '@godwit/crypto'
import { parseCertificate, publicKeyType, verifyCertificateChain, X509Error } from '@godwit/x509'
import type { X509ErrorCode } from '@godwit/x509'

import {
  ALERT_BAD_CERTIFICATE,
  ALERT_CERTIFICATE_EXPIRED,
  ALERT_CERTIFICATE_UNKNOWN,
  ALERT_UNKNOWN_CA,
  ALERT_UNSUPPORTED_CERTIFICATE,
} from './alerts.ts'
import { TlsError } from './errors.ts'
import type { ClientConfig } from './options.ts'

const ALERTS: ReadonlyMap<X509ErrorCode, number> = new Map<X509ErrorCode, number>([
  ['ERR_X509_UNKNOWN_ISSUER', ALERT_UNKNOWN_CA],
  ['ERR_X509_SELF_SIGNED', ALERT_UNKNOWN_CA],
  ['ERR_X509_NOT_CA', ALERT_UNKNOWN_CA],
  ['ERR_X509_PATH_LENGTH', ALERT_UNKNOWN_CA],
  ['ERR_X509_EXPIRED', ALERT_CERTIFICATE_EXPIRED],
  ['ERR_X509_NOT_YET_VALID', ALERT_CERTIFICATE_EXPIRED],
  ['ERR_X509_MALFORMED', ALERT_BAD_CERTIFICATE],
  ['ERR_X509_LIMIT', ALERT_BAD_CERTIFICATE],
  ['ERR_X509_NAME_MISMATCH', ALERT_BAD_CERTIFICATE],
  ['ERR_X509_NAME_CONSTRAINT', ALERT_BAD_CERTIFICATE],
  ['ERR_X509_BAD_SIGNATURE', ALERT_BAD_CERTIFICATE],
  // RFC 9846 §4.5.1.3 asks for bad_certificate where MD5 or SHA-1 would have to be verified.
  ['ERR_X509_WEAK_ALGORITHM', ALERT_BAD_CERTIFICATE],
  ['ERR_X509_KEY_USAGE', ALERT_UNSUPPORTED_CERTIFICATE],
  ['ERR_X509_EXTENDED_KEY_USAGE', ALERT_UNSUPPORTED_CERTIFICATE],
  ['ERR_X509_CRITICAL_EXTENSION', ALERT_UNSUPPORTED_CERTIFICATE],
  ['ERR_X509_UNSUPPORTED_ALGORITHM', ALERT_UNSUPPORTED_CERTIFICATE],
])

/** The leaf's key, and why the chain is not trusted where that is tolerated. */
export interface VerifiedServer {
  readonly keyType: KeyType
  readonly subjectPublicKeyInfo: Uint8Array
  readonly verificationError: X509Error | null
}

/**
 * Verifies a non-empty chain for the server that the client asked for. Throws TlsError with the
 * X509Error as its cause; with `rejectUnauthorized: false` only for a leaf whose key is unusable, or may not
 * sign.
 */
export function verifyServer(config: ClientConfig, chain: readonly Uint8Array[]): VerifiedServer {
  const { subjectPublicKeyInfo, keyType, maySign } = refuseOnX509Error(() => {
    const leaf = parseCertificate(chain[0])
    return {
      subjectPublicKeyInfo: leaf.subjectPublicKeyInfo,
      keyType: publicKeyType(leaf.subjectPublicKeyInfo),
      maySign: leaf.keyUsage === null || leaf.keyUsage.has('digitalSignature'),
    }
  })
  let verificationError: X509Error | null = null
  try {
    verifyCertificateChain({
      chain,
      trustStore: config.trustStore,
      serverName: config.serverName,
      usage: 'server',
      time: config.wallClock(),
      crypto: config.crypto,
    })
  } catch (error) {
    if (!(error instanceof X509Error)) throw error
    if (config.rejectUnauthorized) throw refusal(error)
    verificationError = error
  }
  // RFC 9846 §4.5.1.2: whoever is trusted, the key must be one that may sign a handshake.
  if (!maySign) {
    const reason =
      'the certificate is not for signing handshakes (keyUsage without digitalSignature)'
    throw refusal(new X509Error('ERR_X509_KEY_USAGE', reason))
  }
  return { keyType, subjectPublicKeyInfo, verificationError }
}

function refuseOnX509Error<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof X509Error ? refusal(error) : error
  }
}

function refusal(cause: X509Error): TlsError {
  const alert = ALERTS.get(cause.code) ?? ALERT_CERTIFICATE_UNKNOWN
  return new TlsError(alert, cause.message, { cause })
}
