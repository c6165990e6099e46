// Code points of TLS 1.3 that appear on the wire (RFC 9846 appendix B) and the encryption levels of
// QUIC (RFC 9001 §2.1).

/** Encryption levels, in the order in which they become usable. */
export const LEVEL_INITIAL = 0
export const LEVEL_ZERO_RTT = 1
export const LEVEL_HANDSHAKE = 2
export const LEVEL_APPLICATION = 3

export type EncryptionLevel =
  typeof LEVEL_INITIAL | typeof LEVEL_ZERO_RTT | typeof LEVEL_HANDSHAKE | typeof LEVEL_APPLICATION

/** ProtocolVersion, RFC 9846 §4.3.1. */
export const VERSION_TLS12 = 0x0303
export const VERSION_TLS13 = 0x0304

/** HandshakeType, RFC 9846 §4. */
export const CLIENT_HELLO = 1
export const SERVER_HELLO = 2
export const NEW_SESSION_TICKET = 4
export const END_OF_EARLY_DATA = 5
export const ENCRYPTED_EXTENSIONS = 8
export const CERTIFICATE = 11
export const CERTIFICATE_REQUEST = 13
export const CERTIFICATE_VERIFY = 15
export const FINISHED = 20
export const KEY_UPDATE = 24
/** Only inside the transcript, RFC 9846 §4.1. */
export const MESSAGE_HASH = 254

/** ExtensionType, RFC 9846 §4.3. */
export const SERVER_NAME = 0
export const MAX_FRAGMENT_LENGTH = 1
export const STATUS_REQUEST = 5
export const SUPPORTED_GROUPS = 10
export const SIGNATURE_ALGORITHMS = 13
export const USE_SRTP = 14
export const HEARTBEAT = 15
export const ALPN = 16
export const SIGNED_CERTIFICATE_TIMESTAMP = 18
export const CLIENT_CERTIFICATE_TYPE = 19
export const SERVER_CERTIFICATE_TYPE = 20
export const PADDING = 21
export const PRE_SHARED_KEY = 41
export const EARLY_DATA = 42
export const SUPPORTED_VERSIONS = 43
export const COOKIE = 44
export const PSK_KEY_EXCHANGE_MODES = 45
export const CERTIFICATE_AUTHORITIES = 47
export const OID_FILTERS = 48
export const POST_HANDSHAKE_AUTH = 49
export const SIGNATURE_ALGORITHMS_CERT = 50
export const KEY_SHARE = 51
/** RFC 9001 §8.2. */
export const QUIC_TRANSPORT_PARAMETERS = 57

/** PROTOCOL_VIOLATION, RFC 9000 §20.1: the error that RFC 9001 names where TLS has no alert. */
export const PROTOCOL_VIOLATION = 0x0a
