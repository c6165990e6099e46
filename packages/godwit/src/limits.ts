// Every limit and tunable of the file server and the commands, each with its unit and its reason.

/**
 * Ranges of one request that are answered apart. RFC 9110 §14.2 lets a server ignore a Range field with
 * many small ones; players and resumed downloads ask for one or a few.
 */
export const MAX_RANGES = 16

/**
 * Bytes between two ranges that are not worth a part of their own: RFC 9110 §15.3.7.2 puts the lines
 * around each part at about 80.
 */
export const RANGE_GAP = 80

/** Bytes that are read at first: all that a client makes us read that asks for a file and takes nothing. */
export const FIRST_READ: number = 16 * 1024
/** Bytes that a client has taken before reads become large. */
export const LARGE_READ_AFTER: number = 512 * 1024
/** Bytes that are read at a time of a body that a client does take: a read costs a hop to another thread. */
export const LARGE_READ: number = 256 * 1024

/** Milliseconds between two warnings of the same kind: a full table of files fails every request. */
export const WARNING_INTERVAL = 10_000

/** Seconds after which a client may ask again, when the process has no file descriptors left. */
export const RETRY_AFTER = 1

/** Seconds that `godwit get` waits for a connection unless told otherwise: four attempts at a first flight. */
export const GET_CONNECT_TIMEOUT = 10
/** Seconds of silence that `godwit get` bears, before the response and within it: what servers give clients. */
export const GET_SILENCE_TIMEOUT = 60
/** The longest of both, in seconds: what a timer of Node takes. */
export const GET_LONGEST_TIMEOUT = 2_147_483
