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
