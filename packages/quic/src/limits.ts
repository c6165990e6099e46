// Every limit and tunable of the transport, each with its unit and its reason. Nothing that a peer
// can grow lacks an entry here.

/** Tokens of one sent packet. A full-size packet of tiny frames stops here and the rest goes next. */
export const MAX_TOKENS_PER_PACKET = 64

// --- defaults of TransportOptions

/** ms. Middle of what deployments use; NAT bindings of UDP die after 30 s or more (RFC 9308 §3.2). */
export const DEFAULT_IDLE_TIMEOUT = 30_000
/**
 * ms. Holds four attempts at a first flight (1 s, doubled each time); a handshake that takes longer
 * ties up memory for a peer that is not there.
 */
export const DEFAULT_HANDSHAKE_TIMEOUT = 10_000
/** Bytes. 1 MiB in flight fills 80 Mbit/s at 100 ms before the window has grown. */
export const DEFAULT_INITIAL_MAX_DATA: number = 1024 * 1024
/** Bytes. A quarter of the connection's window, so that one stream cannot take all of it. */
export const DEFAULT_INITIAL_MAX_STREAM_DATA: number = 256 * 1024
/** Bytes. 24 MiB fills 1 Gbit/s at 190 ms; the most that one peer can make a connection buffer. */
export const DEFAULT_MAX_DATA: number = 24 * 1024 * 1024
/** Bytes. 8 MiB fills 1 Gbit/s at 64 ms on one stream. */
export const DEFAULT_MAX_STREAM_DATA: number = 8 * 1024 * 1024
/** Streams. What RFC 9114 §6.1 asks for at least, and enough for a browser. */
export const DEFAULT_MAX_STREAMS_BIDI = 100
/** Streams. HTTP/3 needs 3 (RFC 9114 §6.2); the rest is for extensions. */
export const DEFAULT_MAX_STREAMS_UNI = 100
/** Streams. Keeps every stream ID an exact number. RFC 9000 §4.6 would allow 2^60. */
export const MAX_STREAMS_LIMIT: number = 2 ** 50

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
/** Gaps in the CRYPTO data of one packet number space: a handshake is some tens of packets. */
export const MAX_CRYPTO_GAPS = 256

/** Bytes written and not yet sent of one stream above which `write` returns false: two reads of a file. */
export const SEND_HIGH_WATER_MARK = 131072
/**
 * The same for a stream of a connection that has `maxUnsentData` waiting on all of its streams, or holds
 * more than its share of the endpoint's memory: a client that asks for a hundred files at once and takes
 * none makes us read that much of each. Enough for all streams to have something to send in each turn.
 */
export const SEND_LOWERED_MARK = 8192
/** Bytes written and not yet sent of all streams of a connection, unless told otherwise: four streams at their marks. */
export const DEFAULT_MAX_UNSENT_DATA: number = 512 * 1024

/**
 * Bytes sent and still kept because they, or some before them on their stream, are not acknowledged;
 * of all streams of a connection. New data wait above it. A receiver that withholds one
 * acknowledgement would otherwise make its sender keep all that follows. 32 MiB is more than the
 * largest receive window of ours, and fills 1 Gbit/s at 250 ms.
 */
export const MAX_UNACKNOWLEDGED: number = 32 * 1024 * 1024

/**
 * The same for a connection that holds more than its share of the endpoint's memory while that runs short:
 * 20 Mbit/s at 100 ms.
 */
export const MAX_UNACKNOWLEDGED_WHEN_TIGHT: number = 256 * 1024

/** Writes shorter than this, in bytes, that follow one another share a page instead of an array each. */
export const SMALL_WRITE = 1024
/** Such writes in a row that still keep theirs: the head of a message, a body, trailers. */
export const SMALL_RUN = 4
/** First and largest size, in bytes, of the pages that small writes are gathered in. */
export const MIN_SEND_PAGE = 2048
export const MAX_SEND_PAGE = 8192

/** First and largest size, in bytes, of the pages that received data is copied into; doubled when one was not enough between two reads. */
export const MIN_RECEIVE_PAGE = 2048
export const MAX_RECEIVE_PAGE = 65536
/** Empty pages of the first size that wait for their next use, of all connections together: 512 kB. */
export const MAX_FREE_PAGES = 256

/**
 * Silence, in ms, before the first PING of a connection that is to be kept alive: soon enough for nobody to
 * wait long after a change of network, late enough for most answers.
 */
export const FIRST_KEEP_ALIVE = 500
/** The longest silence, in ms, before such a PING: many NATs forget a binding after 30 s without traffic. */
export const LONGEST_KEEP_ALIVE = 15_000

// --- Recovery

/**
 * Packet numbers from the oldest packet in flight to the newest, per packet number space: 78 MB of
 * full packets on the way. Sending of new data stops at three quarters of it; what probes and ACKs
 * add beyond the whole makes the oldest packet count as lost.
 */
export const MAX_SENT_PACKETS = 65536
/** Tokens of packets in flight, per packet number space; 32 bytes each. Same rule. */
export const MAX_SENT_TOKENS = 262144
/**
 * Room, in packets and in tokens, that a space starts with. Both double. Not below
 * `MAX_TOKENS_PER_PACKET`: one packet must fit whatever it carries.
 */
export const MIN_SENT_PACKETS = 64
/** Records of that size that wait for their next use, of all connections together: 192 kB. */
export const MAX_FREE_RECORDS = 64
/** Skipped packet numbers (against optimistic ACKs) that an ACK is checked against: the newest. */
export const MAX_SKIPPED_PACKET_NUMBERS = 8
/**
 * Ranges of received packet numbers remembered per space, and the most that one ACK frame reports.
 * Below the lowest of a full set everything counts as received. 64: ACK Range Count fits one byte.
 */
export const MAX_RECEIVED_RANGES = 64

/**
 * Microseconds; what min_ack_delay announces (draft-ietf-quic-ack-frequency §3): timers of the host
 * count whole milliseconds.
 */
export const MIN_ACK_DELAY = 1000
/**
 * Acknowledgements that we want per congestion window: fewer would make bursts, and leave loss
 * detection and the growth of the window with few samples.
 */
export const ACKS_PER_WINDOW = 8
/** Packets per acknowledgement that we ask for at most: what more would save is little. */
export const MAX_PACKETS_PER_ACK = 32

/** Bytes. A piece of a STREAM frame shorter than this is not worth its header at the end of a packet. */
export const MIN_STREAM_FRAGMENT = 64

/**
 * The last packet number that is sent, in each space; afterwards the connection ends. RFC 9000 §12.3 would
 * permit 2^62-2: ours stay exact numbers. At a million packets a second it lasts 285 years.
 */
export const MAX_PACKET_NUMBER: number = 2 ** 53 - 2

// --- connections and endpoints

/** Bytes of the connection IDs that we issue: 64 random bits, which nobody guesses or collides with. */
export const LOCAL_CONNECTION_ID_LENGTH = 8
/** Bytes of the random Destination Connection ID of a client's first packet: as long as the ID that follows it. */
export const FIRST_CONNECTION_ID_LENGTH = 8
/** Bytes of it that a server demands, RFC 9000 §7.2. */
export const MIN_FIRST_CONNECTION_ID_LENGTH = 8
/** Connection IDs of ours that a peer holds at a time: one in use and spares for migration. */
export const LOCAL_CONNECTION_ID_COUNT = 4
/** Connection IDs of the peer that we hold at a time; what active_connection_id_limit announces. */
export const ACTIVE_CONNECTION_ID_LIMIT = 4
/**
 * RETIRE_CONNECTION_ID frames without acknowledgement. RFC 9000 §5.1.2 asks for at least twice the
 * active limit; above it the peer rotates IDs faster than it acknowledges.
 */
export const MAX_OUTSTANDING_RETIREMENTS: number = 3 * ACTIVE_CONNECTION_ID_LIMIT

/** Numbers of connection IDs that we retired of our own accord, remembered against late copies of their frames. */
export const MAX_REMEMBERED_RETIREMENTS = 32

/** Bytes sent per byte received before an address is validated, RFC 9000 §8.1. */
export const ANTI_AMPLIFICATION_FACTOR = 3
/** PATH_RESPONSE frames that wait to be sent; one is normal, a flood of challenges gets no more. */
export const MAX_PENDING_PATH_RESPONSES = 3

/**
 * Addresses of the peer that a server knows beside the one in use: the last one that was validated, and
 * two for a client that tries several or a forger who takes its packets elsewhere.
 */
export const MAX_OTHER_PATHS = 3
/**
 * PATH_CHALLENGE frames per validation, each with data of its own: at once and after one PTO. The third
 * would be due when validation is given up (RFC 9000 §8.2.4).
 */
export const MAX_PATH_CHALLENGES = 2
/**
 * Bytes of the anti-amplification limit of a path that data leaves to a further PATH_CHALLENGE: a short
 * header with a connection ID of 20 bytes, the frame and the tag, twice.
 */
export const PATH_CHALLENGE_RESERVE = 128
/** Bytes of a datagram that is worth sending to an address with so little left: some data behind the header. */
export const MIN_PATH_DATAGRAM = 128

/**
 * Times per connection that a flight is repeated before its PTO because the peer seems to lack it, RFC
 * 9002 §6.2.3. Some of the reasons are packets that nobody vouches for: a forger gains as many.
 */
export const MAX_EARLY_REPEATS = 5
/**
 * Doublings of the time after which a side that waits for the rest of the handshake says so. Not more: its
 * peer may have backed off for longer, and the handshake has a time limit of its own.
 */
export const MAX_WAIT_BACKOFF_EXPONENT = 4
/** ms between a flight and its repetition: the packets of one burst are one reason. */
export const EARLY_REPEAT_INTERVAL = 10

/** Bytes of a datagram that every QUIC path carries, RFC 9000 §14: what we send until a larger one has arrived. */
export const BASE_DATAGRAM_SIZE = 1200
/**
 * Bytes of the largest datagram that a path is probed for: an Ethernet frame's 1500 less the headers of
 * IPv6 and UDP. Larger frames do not cross the internet.
 */
export const MAX_DATAGRAM_SIZE = 1452
/** MAX_PROBES of RFC 8899 §5.1.2: probes of one size that are lost before it counts as too large. */
export const MTU_PROBES = 3
/** Bytes between what a path carries and what it does not carry that are not worth another probe. */
export const MTU_SEARCH_STEP = 20
/** PMTU_RAISE_TIMER of RFC 8899 §5.1.1 in ms: how long a size that is below the largest stays. */
export const MTU_RAISE_INTERVAL = 600_000
/** Milliseconds after which a probe of which nothing was heard counts as lost. */
export const MTU_PROBE_TIMEOUT = 15_000
/** Milliseconds after which one of the largest datagrams is watched again, whether it leaves in one piece. */
export const MTU_WATCH_INTERVAL = 60_000
/**
 * Full datagrams after which one is watched after a loss, which is how a kernel learns that a path carries
 * less. To look takes about as long as sending two.
 */
export const MTU_WATCH_SPACING = 128
/** Bytes sent on a path before it is probed: a shorter exchange gains nothing from larger datagrams. */
export const MTU_SEARCH_AFTER = 16_384
/** PTOs in a row after which datagrams shrink to `BASE_DATAGRAM_SIZE`. Two happen by chance. */
export const BLACK_HOLE_PTO_COUNT = 3
/** Bytes of a packet slot that a received datagram leaves free, as an engine asks (PacketMemory). */
export const RECEIVE_SLACK = 16
/** What our ACK Delay fields count in: 2^3 microseconds, the default of RFC 9000 §18.2. */
export const ACK_DELAY_EXPONENT = 3

/** Packets kept that came before their keys; a first flight of a server is about this long. */
export const MAX_UNDECRYPTABLE_PACKETS = 10
/** Bytes of each. Larger ones are not sent before the handshake is confirmed. */
export const MAX_UNDECRYPTABLE_PACKET_SIZE = 1500

/** Bytes of a reason phrase in CONNECTION_CLOSE, sent or believed: fits a packet with room to spare. */
export const MAX_REASON_LENGTH = 256

/**
 * Connections of a server unless told otherwise. An idle one is 32 kB of heap and buffers; in resident memory
 * that is 35 to 45 kB on Node.js 20 and up to 60 kB on 26, so 450 to 600 MB for all.
 */
export const DEFAULT_MAX_CONNECTIONS = 10_000
/**
 * Handshakes in progress of a server unless told otherwise. Above it the oldest of a client that has not
 * shown its address makes room. Each costs about half a millisecond, so that no flood can push out
 * a client whose round trip is shorter than half a second.
 */
export const DEFAULT_MAX_HANDSHAKES = 1_000
/**
 * Bytes that all connections of a server hold for their peers unless told otherwise: what a process of today
 * can spare beside its own work. 1 GiB is 80 downloads at 1 Gbit/s and 100 ms, or 500 clients that ask for
 * a hundred files each and take none.
 */
export const DEFAULT_MEMORY_BUDGET: number = 1024 * 1024 * 1024
/** Share of the budget above which a connection that holds more than its own is held back. */
export const MEMORY_TIGHT = 0.5
/** Share of the budget above which new connections are refused. */
export const MEMORY_CROWDED = 0.75

/** Answers to datagrams of no connection (Version Negotiation, reset, refusal) that wait to be sent. */
export const MAX_STATELESS_RESPONSES = 64
/** Stateless resets per second and endpoint, RFC 9000 §10.3.3: more would make us a reflector. */
export const MAX_RESETS_PER_SECOND = 100
/** Bytes of a stateless reset at least, RFC 9000 §10.3: below it, it does not look like a packet. */
export const MIN_STATELESS_RESET_SIZE = 21
/** Bytes of a stateless reset at most: the look of a small packet with our connection ID length. */
export const MAX_STATELESS_RESET_SIZE = 43
