// What a server demands of a ClientHello before it negotiates: RFC 9846 §4.2.2 and §9.2, RFC 9001 §4.2,
// §8.2 and §8.4.

import {
  ALERT_ILLEGAL_PARAMETER,
  ALERT_MISSING_EXTENSION,
  ALERT_PROTOCOL_VERSION,
} from './alerts.ts'
import {
  PRE_SHARED_KEY,
  PROTOCOL_VIOLATION,
  PSK_KEY_EXCHANGE_MODES,
  VERSION_TLS12,
  VERSION_TLS13,
} from './constants.ts'
import { TlsError } from './errors.ts'
import type { ClientHello, KeyShareEntry } from './messages/client-hello.ts'

/** A ClientHello of TLS 1.3 over QUIC that has what it must have. */
export interface CheckedClientHello {
  readonly hello: ClientHello
  readonly supportedGroups: readonly number[]
  readonly keyShares: readonly KeyShareEntry[]
  readonly signatureAlgorithms: readonly number[]
  /** Those of signature_algorithms where signature_algorithms_cert is absent. */
  readonly signatureAlgorithmsCert: readonly number[]
  readonly transportParameters: Uint8Array
}

/** Throws TlsError with the alert that the RFC names. */
export function checkClientHello(hello: ClientHello): CheckedClientHello {
  // RFC 9001 §4.2: older versions are refused, whatever else they say.
  if (
    hello.supportedVersions === null ||
    !hello.supportedVersions.includes(VERSION_TLS13) ||
    hello.legacyVersion !== VERSION_TLS12
  ) {
    throw new TlsError(ALERT_PROTOCOL_VERSION, 'the client does not offer TLS 1.3')
  }
  const methods = hello.legacyCompressionMethods
  if (methods.length !== 1 || methods[0] !== 0) {
    throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'legacy_compression_methods is not null alone')
  }
  if (hello.legacySessionId.length !== 0) {
    throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'legacy_session_id is not empty', {
      transportErrorCode: PROTOCOL_VIOLATION,
    })
  }
  // RFC 9846 §4.3.9: MUST abort for pre_shared_key without modes. The keys themselves are ignored,
  // and 0-RTT with them, as of a server that knows none.
  if (hello.extensions.has(PRE_SHARED_KEY) && !hello.extensions.has(PSK_KEY_EXCHANGE_MODES)) {
    throw missing('psk_key_exchange_modes')
  }
  const { supportedGroups, keyShares, signatureAlgorithms, transportParameters } = hello
  if (supportedGroups === null) throw missing('supported_groups')
  if (keyShares === null) throw missing('key_share')
  if (signatureAlgorithms === null) throw missing('signature_algorithms')
  if (transportParameters === null) throw missing('quic_transport_parameters')
  for (const { group } of keyShares) {
    // RFC 9846 §4.3.8: MUST NOT offer shares for groups not listed in supported_groups.
    if (!supportedGroups.includes(group)) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, `key share of unsupported group ${group}`)
    }
  }
  return {
    hello,
    supportedGroups,
    keyShares,
    signatureAlgorithms,
    signatureAlgorithmsCert: hello.signatureAlgorithmsCert ?? signatureAlgorithms,
    transportParameters,
  }
}

function missing(extension: string): TlsError {
  return new TlsError(ALERT_MISSING_EXTENSION, `ClientHello lacks ${extension}`)
}
