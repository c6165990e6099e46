// Numbers on the wire.

// Frame types, RFC 9114 §7.2.
export const FRAME_DATA = 0x00
export const FRAME_HEADERS = 0x01
export const FRAME_CANCEL_PUSH = 0x03
export const FRAME_SETTINGS = 0x04
export const FRAME_PUSH_PROMISE = 0x05
export const FRAME_GOAWAY = 0x07
export const FRAME_MAX_PUSH_ID = 0x0d

// Unidirectional stream types, RFC 9114 §6.2 and RFC 9204 §4.2.
export const STREAM_CONTROL = 0x00
export const STREAM_PUSH = 0x01
export const STREAM_QPACK_ENCODER = 0x02
export const STREAM_QPACK_DECODER = 0x03

// Settings, RFC 9114 §7.2.4.1, RFC 9204 §5, RFC 9220 §5 and RFC 9297 §2.1.1.
export const SETTINGS_QPACK_MAX_TABLE_CAPACITY = 0x01
export const SETTINGS_MAX_FIELD_SECTION_SIZE = 0x06
export const SETTINGS_QPACK_BLOCKED_STREAMS = 0x07
export const SETTINGS_ENABLE_CONNECT_PROTOCOL = 0x08
export const SETTINGS_H3_DATAGRAM = 0x33

/**
 * True for the frame types that HTTP/2 used and HTTP/3 does not have: "These frame types MUST NOT be
 * sent, and their receipt MUST be treated as a connection error of type H3_FRAME_UNEXPECTED",
 * RFC 9114 §7.2.8. They are PRIORITY, PING, WINDOW_UPDATE and CONTINUATION.
 */
export function isHttp2Frame(type: number): boolean {
  return type === 0x02 || type === 0x06 || type === 0x08 || type === 0x09
}

/**
 * True for the settings that HTTP/2 used and HTTP/3 does not have: "their receipt MUST be treated as
 * a connection error of type H3_SETTINGS_ERROR", RFC 9114 §7.2.4.1. (0x00 is reserved, too.)
 */
export function isHttp2Setting(id: number): boolean {
  return id === 0x00 || (id >= 0x02 && id <= 0x05)
}

/** The `n`-th identifier that is reserved to have no meaning, RFC 9114 §7.2.8 and §7.2.4.1. */
export function reservedIdentifier(n: number): number {
  return 0x1f * n + 0x21
}
