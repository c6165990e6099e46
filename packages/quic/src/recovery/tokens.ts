// What a sent packet carried, as small integers: packets are never stored for resending
// (RFC 9000 §13.3). A token is a kind and up to three numbers; on acknowledgement or loss it goes
// back to whoever owns the information, and newer values win.

/** PING and IMMEDIATE_ACK: nothing to repeat. */
export const TOKEN_PING = 0
/** (largest packet number that the ACK frame acknowledged) */
export const TOKEN_ACK = 1
/** (offset, length) */
export const TOKEN_CRYPTO = 2
/** (stream ID, offset, length) */
export const TOKEN_STREAM = 3
/** Like TOKEN_STREAM, with the FIN bit. */
export const TOKEN_STREAM_FIN = 4
/** (stream ID) */
export const TOKEN_RESET_STREAM = 5
/** (stream ID) */
export const TOKEN_STOP_SENDING = 6
/** (value) */
export const TOKEN_MAX_DATA = 7
/** (stream ID, value) */
export const TOKEN_MAX_STREAM_DATA = 8
/** (value) */
export const TOKEN_MAX_STREAMS_BIDI = 9
/** (value) */
export const TOKEN_MAX_STREAMS_UNI = 10
/** (limit) */
export const TOKEN_DATA_BLOCKED = 11
/** (stream ID, limit) */
export const TOKEN_STREAM_DATA_BLOCKED = 12
/** (limit) */
export const TOKEN_STREAMS_BLOCKED_BIDI = 13
/** (limit) */
export const TOKEN_STREAMS_BLOCKED_UNI = 14
/** (sequence number) */
export const TOKEN_NEW_CONNECTION_ID = 15
/** (sequence number) */
export const TOKEN_RETIRE_CONNECTION_ID = 16
export const TOKEN_HANDSHAKE_DONE = 17
/** PATH_CHALLENGE and PATH_RESPONSE are not repeated by loss recovery (RFC 9000 §13.3). */
export const TOKEN_PATH = 18
/** (sequence number) */
export const TOKEN_ACK_FREQUENCY = 19
/** (packet number) A probe for the path MTU. */
export const TOKEN_MTU_PROBE = 20
