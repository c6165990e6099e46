// Every limit and tunable of the transport, each with its unit and its reason. Nothing that a peer
// can grow lacks an entry here.

/** Tokens of one sent packet. A full-size packet of tiny frames stops here and the rest goes next. */
export const MAX_TOKENS_PER_PACKET = 64

// --- defaults of TransportOptions

/** ms. Middle of what deployments use; NAT bindings of UDP die after 30 s or more (RFC 9308 §3.2). */
export const DEFAULT_IDLE_TIMEOUT = 30_000
/** ms. Ten retransmissions of a first flight at the initial PTO of about 1 s with backoff do not fit
 * more; a handshake that takes longer ties up memory for a peer that is not there. */
export const DEFAULT_HANDSHAKE_TIMEOUT = 10_000
/** Bytes. 1 MiB in flight fills 80 Mbit/s at 100 ms before the window has grown. */
export const DEFAULT_INITIAL_MAX_DATA = 1024 * 1024
/** Bytes. A quarter of the connection's window, so that one stream cannot take all of it. */
export const DEFAULT_INITIAL_MAX_STREAM_DATA = 256 * 1024
/** Bytes. 24 MiB fills 1 Gbit/s at 190 ms; the most that one peer can make a connection buffer. */
export const DEFAULT_MAX_DATA = 24 * 1024 * 1024
/** Bytes. 8 MiB fills 1 Gbit/s at 64 ms on one stream. */
export const DEFAULT_MAX_STREAM_DATA = 8 * 1024 * 1024
/** Streams. What RFC 9114 §6.1 asks for at least, and enough for a browser. */
export const DEFAULT_MAX_STREAMS_BIDI = 100
/** Streams. HTTP/3 needs 3 (RFC 9114 §6.2); the rest is for extensions. */
export const DEFAULT_MAX_STREAMS_UNI = 100
/** Streams. Keeps every stream ID an exact number. RFC 9000 §4.6 would allow 2^60. */
export const MAX_STREAMS_LIMIT = 2 ** 50

// --- frames and streams

/**
 * Ranges of one ACK frame that are looked at, highest first; the rest is read and ignored. Bounds
 * the work of one frame; an honest receiver remembers far fewer.
 */
export const MAX_ACK_RANGES_PER_FRAME = 256

/**
 * Gaps (disjoint pieces beyond the data in order) of one stream, and of all streams of a connection.
 * One byte per packet with holes between would otherwise cost far more memory and time than the
 * flow-control window accounts for. A window of 16 MiB with a third of its packets lost has fewer.
 */
export const MAX_GAPS_PER_STREAM = 4096
export const MAX_GAPS_PER_CONNECTION = 16384

/** Bytes of CRYPTO data kept ahead of what TLS has read (RFC 9000 §7.5 demands 4096 at least): room for long certificate chains. */
export const MAX_CRYPTO_BUFFER = 65536

/** Bytes written and not yet sent of one stream above which `write` returns false: two reads of a file. */
export const SEND_HIGH_WATER_MARK = 131072
/** Bytes not yet sent at which a stream is writable again. */
export const SEND_LOW_WATER_MARK = 65536

/** Writes shorter than this, in bytes, that follow one another share a page instead of an array each. */
export const SMALL_WRITE = 1024
/** First and largest size, in bytes, of the pages that small writes are gathered in. */
export const MIN_SEND_PAGE = 512
export const MAX_SEND_PAGE = 8192

/** First and largest size, in bytes, of the pages that received data is copied into; doubled as they fill. */
export const MIN_RECEIVE_PAGE = 2048
export const MAX_RECEIVE_PAGE = 65536

// --- Recovery

/**
 * Packet numbers from the oldest packet in flight to the newest, per packet number space: 78 MB of
 * full packets on the way. Sending of new data stops at three quarters of it; what probes and ACKs
 * add beyond the whole makes the oldest packet count as lost.
 */
export const MAX_SENT_PACKETS = 65536
/** Tokens of packets in flight, per packet number space; 32 bytes each. Same rule. */
export const MAX_SENT_TOKENS = 262144
/** Room, in packets and in tokens, that a space starts with. Both double. */
export const MIN_SENT_PACKETS = 64
/** Skipped packet numbers (against optimistic ACKs) that an ACK is checked against: the newest. */
export const MAX_SKIPPED_PACKET_NUMBERS = 8
/**
 * Ranges of received packet numbers remembered per space, and the most that one ACK frame reports.
 * Below the lowest of a full set everything counts as received. 64: ACK Range Count fits one byte.
 */
export const MAX_RECEIVED_RANGES = 64
/** What our ACK Delay fields count in: 2^3 microseconds, the default of RFC 9000 §18.2. */
export const ACK_DELAY_EXPONENT = 3
