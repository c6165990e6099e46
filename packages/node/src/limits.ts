// Every limit and tunable of the host, each with its unit and its reason.

/** Slots of packet memory per endpoint: one receives, the others hold what the kernel queues. */
export const PACKET_SLOTS = 64

/** Bytes of one slot: above any path MTU that is used on the internet, with the slack of the engine. */
export const PACKET_SLOT_SIZE = 2048

/** Bytes behind a packet that a slot must keep free, packages/crypto/src/provider.ts. */
export const PACKET_SLACK = 16

/**
 * Bytes asked of the kernel for its receive and send queues. A burst of a whole congestion window
 * may arrive while JavaScript is busy elsewhere; the kernel gives what its own limit allows.
 */
export const SOCKET_BUFFER_SIZE: number = 4 * 1024 * 1024

/** Datagrams sent before other events get their turn: about 2 ms of work. */
export const TRANSMIT_BURST = 256

/** Turns of the event loop that a closed socket has for datagrams still queued: one has a poll phase in it. */
export const CLOSE_TURNS = 2

/** How long to wait for a kernel whose queue of sends is full before it is asked again, in ms. */
export const QUEUE_RETRY_DELAY = 1

/** Rounds of events and answers in one turn of the event loop, for the same reason. */
export const EVENT_ROUNDS = 16

/** The longest delay that setTimeout takes, in ms. */
export const LONGEST_DELAY = 0x7fffffff

/** Bytes of a message body that Node's streams hold above the transport's own windows. */
export const BODY_HIGH_WATER_MARK: number = 64 * 1024

/**
 * Chunks taken from a body that is always ready before everything else gets its turn: of 16 to 64 kB each
 * that is a few milliseconds of work, and empty ones would otherwise go on for ever.
 */
export const CHUNKS_PER_TURN = 64

/** Bytes of a large chunk that are copied at a time, so that one huge `write` is not doubled. */
export const COPY_CHUNK: number = 64 * 1024

/** Bytes of a slab that copies of small chunks share, which lives until all of them are acknowledged. */
export const COPY_SLAB: number = 16 * 1024

/** Buffers that are freed by one message, on a Node.js without a way to free one: 32 datagrams are 46 kB. */
export const RELEASE_BATCH = 32

/** Bytes of the largest copy that goes to a slab. */
export const COPY_SMALL = 2048

/** How long `server.close()` waits for requests in progress before it cuts them off, in ms. */
export const DEFAULT_CLOSE_TIMEOUT = 10_000

/**
 * How long a server waits for the rest of a header section, for content that is wanted, or for a
 * client to take a response, in ms: what nginx gives. A client that only looks busy holds a stream,
 * a handler and their memory otherwise for as long as it keeps the connection.
 */
export const DEFAULT_STREAM_IDLE_TIMEOUT = 60_000

/** How long a closed socket stays open to answer late packets with our close, in ms. */
export const DRAIN_TIMEOUT = 1_000

/** Time for name look-up, all addresses and the handshake, in ms. */
export const DEFAULT_CONNECT_TIMEOUT = 10_000

/** Delay before the next address of a name is tried beside the first, RFC 8305 §5. */
export const CONNECTION_ATTEMPT_DELAY = 250

/** Redirects that `fetch` follows, as the fetch standard says. */
export const MAX_REDIRECTS = 20

/** How long `fetch` keeps an unused connection for the next request, in ms. */
export const POOL_IDLE_TIMEOUT = 10_000

/**
 * How long nothing at all may come of a kept connection after a request before `fetch` tries a new one
 * beside it, in ms: a server that lives acknowledges within 25 ms and a round trip, unless its event
 * loop is blocked. Where round trips are long, that many of them.
 */
export const SILENCE_LIMIT = 1_000
export const SILENCE_ROUND_TRIPS = 6

/** Attempts at finding one port number that is free for both UDP and TCP. */
export const PORT_ATTEMPTS = 20

/**
 * Unidirectional streams that a peer must be permitted for HTTP/3: its control stream and the two of
 * QPACK, RFC 9114 §6.2.
 */
export const MIN_HTTP3_UNI_STREAMS = 3

/** Bytes that a peer must be permitted on each of them, RFC 9114 §6.2. */
export const MIN_HTTP3_STREAM_DATA = 1024
