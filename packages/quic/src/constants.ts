// Values on the wire that more than one file needs. Error codes are in errors.ts.

/** RFC 9000 §15. */
export const VERSION_1 = 0x00000001
/** The Version field of a Version Negotiation packet, RFC 9000 §17.2.1. */
export const VERSION_NEGOTIATION = 0x00000000

/** Versions that this endpoint speaks, most preferred first. */
export const SUPPORTED_VERSIONS: readonly number[] = [VERSION_1]

/** A client's datagram with an Initial packet is at least this long, RFC 9000 §14.1. */
export const MIN_INITIAL_DATAGRAM_SIZE = 1200
/** Longest connection ID of version 1 in bytes, RFC 9000 §17.2. */
export const MAX_CONNECTION_ID_LENGTH = 20
/** RFC 9000 §10.3. */
export const STATELESS_RESET_TOKEN_LENGTH = 16
/** PATH_CHALLENGE and PATH_RESPONSE, RFC 9000 §19.17. */
export const PATH_DATA_LENGTH = 8
/** The AEAD tag of every packet protection algorithm of RFC 9001 §5.3 in bytes. */
export const AEAD_TAG_LENGTH = 16
/** Most streams of one type that a connection can ever have, RFC 9000 §4.6. */
export const MAX_STREAM_COUNT: number = 2 ** 60

// Packet number spaces, RFC 9000 §12.3.
export const SPACE_INITIAL = 0
export const SPACE_HANDSHAKE = 1
export const SPACE_APPLICATION = 2

// Packet types. 0..3 are the bits of a version 1 long header, RFC 9000 §17.2 table 5.
export const PACKET_INITIAL = 0
export const PACKET_ZERO_RTT = 1
export const PACKET_HANDSHAKE = 2
export const PACKET_RETRY = 3
export const PACKET_ONE_RTT = 4
export const PACKET_VERSION_NEGOTIATION = 5
/** A long header of a version that we do not speak: only its invariants are known, RFC 8999 §5.1. */
export const PACKET_UNKNOWN_VERSION = 6

// First byte of a packet, RFC 9000 §17.2 and §17.3.
export const HEADER_FORM_LONG = 0x80
export const FIXED_BIT = 0x40
export const SPIN_BIT = 0x20
export const KEY_PHASE_BIT = 0x04
export const RESERVED_BITS_LONG = 0x0c
export const RESERVED_BITS_SHORT = 0x18
export const PACKET_NUMBER_LENGTH_BITS = 0x03

// Frame types, RFC 9000 §12.4 table 3.
export const FRAME_PADDING = 0x00
export const FRAME_PING = 0x01
export const FRAME_ACK = 0x02
export const FRAME_ACK_ECN = 0x03
export const FRAME_RESET_STREAM = 0x04
export const FRAME_STOP_SENDING = 0x05
export const FRAME_CRYPTO = 0x06
export const FRAME_NEW_TOKEN = 0x07
/** 0x08..0x0f: the low three bits are OFF, LEN and FIN. */
export const FRAME_STREAM = 0x08
export const STREAM_OFF_BIT = 0x04
export const STREAM_LEN_BIT = 0x02
export const STREAM_FIN_BIT = 0x01
export const FRAME_MAX_DATA = 0x10
export const FRAME_MAX_STREAM_DATA = 0x11
export const FRAME_MAX_STREAMS_BIDI = 0x12
export const FRAME_MAX_STREAMS_UNI = 0x13
export const FRAME_DATA_BLOCKED = 0x14
export const FRAME_STREAM_DATA_BLOCKED = 0x15
export const FRAME_STREAMS_BLOCKED_BIDI = 0x16
export const FRAME_STREAMS_BLOCKED_UNI = 0x17
export const FRAME_NEW_CONNECTION_ID = 0x18
export const FRAME_RETIRE_CONNECTION_ID = 0x19
export const FRAME_PATH_CHALLENGE = 0x1a
export const FRAME_PATH_RESPONSE = 0x1b
export const FRAME_CONNECTION_CLOSE = 0x1c
export const FRAME_CONNECTION_CLOSE_APPLICATION = 0x1d
export const FRAME_HANDSHAKE_DONE = 0x1e
// draft-ietf-quic-ack-frequency.
export const FRAME_IMMEDIATE_ACK = 0x1f
export const FRAME_ACK_FREQUENCY = 0xaf
/** One more than the largest type that we know: the length of tables of frame types. */
export const FRAME_TYPE_COUNT = 0xb0
