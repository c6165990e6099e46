// TLS alerts, RFC 9846 §6. In QUIC they travel as CRYPTO_ERROR, 0x100 plus the description
// (RFC 9001 §4.8); all are fatal.

export const ALERT_CLOSE_NOTIFY = 0
export const ALERT_UNEXPECTED_MESSAGE = 10
export const ALERT_BAD_RECORD_MAC = 20
export const ALERT_RECORD_OVERFLOW = 22
export const ALERT_HANDSHAKE_FAILURE = 40
export const ALERT_BAD_CERTIFICATE = 42
export const ALERT_UNSUPPORTED_CERTIFICATE = 43
export const ALERT_CERTIFICATE_REVOKED = 44
export const ALERT_CERTIFICATE_EXPIRED = 45
export const ALERT_CERTIFICATE_UNKNOWN = 46
export const ALERT_ILLEGAL_PARAMETER = 47
export const ALERT_UNKNOWN_CA = 48
export const ALERT_ACCESS_DENIED = 49
export const ALERT_DECODE_ERROR = 50
export const ALERT_DECRYPT_ERROR = 51
export const ALERT_PROTOCOL_VERSION = 70
export const ALERT_INSUFFICIENT_SECURITY = 71
export const ALERT_INTERNAL_ERROR = 80
export const ALERT_INAPPROPRIATE_FALLBACK = 86
export const ALERT_USER_CANCELED = 90
export const ALERT_MISSING_EXTENSION = 109
export const ALERT_UNSUPPORTED_EXTENSION = 110
export const ALERT_UNRECOGNIZED_NAME = 112
export const ALERT_BAD_CERTIFICATE_STATUS_RESPONSE = 113
export const ALERT_UNKNOWN_PSK_IDENTITY = 115
export const ALERT_CERTIFICATE_REQUIRED = 116
export const ALERT_GENERAL_ERROR = 117
/** RFC 7301 §3.2. */
export const ALERT_NO_APPLICATION_PROTOCOL = 120

const NAMES: ReadonlyMap<number, string> = new Map([
  [ALERT_CLOSE_NOTIFY, 'close_notify'],
  [ALERT_UNEXPECTED_MESSAGE, 'unexpected_message'],
  [ALERT_BAD_RECORD_MAC, 'bad_record_mac'],
  [ALERT_RECORD_OVERFLOW, 'record_overflow'],
  [ALERT_HANDSHAKE_FAILURE, 'handshake_failure'],
  [ALERT_BAD_CERTIFICATE, 'bad_certificate'],
  [ALERT_UNSUPPORTED_CERTIFICATE, 'unsupported_certificate'],
  [ALERT_CERTIFICATE_REVOKED, 'certificate_revoked'],
  [ALERT_CERTIFICATE_EXPIRED, 'certificate_expired'],
  [ALERT_CERTIFICATE_UNKNOWN, 'certificate_unknown'],
  [ALERT_ILLEGAL_PARAMETER, 'illegal_parameter'],
  [ALERT_UNKNOWN_CA, 'unknown_ca'],
  [ALERT_ACCESS_DENIED, 'access_denied'],
  [ALERT_DECODE_ERROR, 'decode_error'],
  [ALERT_DECRYPT_ERROR, 'decrypt_error'],
  [ALERT_PROTOCOL_VERSION, 'protocol_version'],
  [ALERT_INSUFFICIENT_SECURITY, 'insufficient_security'],
  [ALERT_INTERNAL_ERROR, 'internal_error'],
  [ALERT_INAPPROPRIATE_FALLBACK, 'inappropriate_fallback'],
  [ALERT_USER_CANCELED, 'user_canceled'],
  [ALERT_MISSING_EXTENSION, 'missing_extension'],
  [ALERT_UNSUPPORTED_EXTENSION, 'unsupported_extension'],
  [ALERT_UNRECOGNIZED_NAME, 'unrecognized_name'],
  [ALERT_BAD_CERTIFICATE_STATUS_RESPONSE, 'bad_certificate_status_response'],
  [ALERT_UNKNOWN_PSK_IDENTITY, 'unknown_psk_identity'],
  [ALERT_CERTIFICATE_REQUIRED, 'certificate_required'],
  [ALERT_GENERAL_ERROR, 'general_error'],
  [ALERT_NO_APPLICATION_PROTOCOL, 'no_application_protocol'],
])

/** The RFC's name of an alert, as `handshake_failure`; `alert_N` for one that has none. */
export function alertName(description: number): string {
  return NAMES.get(description) ?? `alert_${description}`
}
