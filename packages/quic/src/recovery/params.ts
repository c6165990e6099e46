// The constants of loss detection and congestion control, RFC 9002 appendices A.2 and B.2. Limits on
// memory are in limits.ts.

/** Milliseconds on the caller's monotonic clock, fraction allowed. Infinity: never. */
export type Millis = number
/** A count of bytes. */
export type Bytes = number

/** kPacketThreshold: packets of reordering before one is declared lost, RFC 9002 §6.1.1. */
export const PACKET_THRESHOLD = 3
/** kTimeThreshold: reordering in time, as a multiple of the RTT, RFC 9002 §6.1.2. */
export const TIME_THRESHOLD: number = 9 / 8
/** kGranularity: what the host's timers resolve, in milliseconds, RFC 9002 §6.1.2. */
export const GRANULARITY: Millis = 1
/** kInitialRtt: the RTT before the first sample, in milliseconds, RFC 9002 §6.2.2. */
export const INITIAL_RTT: Millis = 333
/** The PTO of a path without an RTT sample, and with the default max_ack_delay, in milliseconds. */
export const NEW_PATH_PTO: Millis = 3 * INITIAL_RTT + 25
/** kPersistentCongestionThreshold, in probe timeouts, RFC 9002 §7.6.1. */
export const PERSISTENT_CONGESTION_THRESHOLD = 3

/** kInitialWindow in datagrams, and the bytes that it may not exceed, RFC 9002 §7.2. */
export const INITIAL_WINDOW_DATAGRAMS = 10
export const INITIAL_WINDOW_BYTES: Bytes = 14720
/** kMinimumWindow in datagrams, RFC 9002 §7.2. */
export const MINIMUM_WINDOW_DATAGRAMS = 2

/** N of RFC 9002 §7.7: the pacing rate as a multiple of congestion window by RTT. */
export const PACING_GAIN = 1.25
/** The same in slow start, so that pacing does not hold back the doubling of the window. */
export const PACING_GAIN_SLOW_START = 2
/**
 * Milliseconds of the pacing rate that one burst may hold. The host's timers come about 1 ms late:
 * a bucket of less would lose the time between, and with it throughput.
 */
export const PACING_BURST_TIME: Millis = 2

/** Datagrams per probe timeout, RFC 9002 §6.2.4. */
export const PROBES_PER_PTO = 2
/** Doublings of the PTO that are still told apart: 2^20 times any PTO is longer than any idle timeout. */
export const MAX_PTO_BACKOFF_EXPONENT = 20

/** The max_ack_delay of an endpoint that names none, in milliseconds, RFC 9000 §18.2. */
export const DEFAULT_MAX_ACK_DELAY: Millis = 25
/** Ack-eliciting packets after which an ACK is sent at once, RFC 9000 §13.2.2. */
export const ACK_ELICITING_THRESHOLD = 2
/** Distance to a missing packet at which an ACK is sent at once, RFC 9000 §13.2.1. */
export const REORDERING_THRESHOLD = 1

/** kInitialWindow in bytes for a maximum datagram size, RFC 9002 §7.2. */
export function initialWindow(maxDatagramSize: Bytes): Bytes {
  return Math.min(
    INITIAL_WINDOW_DATAGRAMS * maxDatagramSize,
    Math.max(INITIAL_WINDOW_BYTES, MINIMUM_WINDOW_DATAGRAMS * maxDatagramSize),
  )
}

/** kMinimumWindow in bytes for a maximum datagram size, RFC 9002 §7.2. */
export function minimumWindow(maxDatagramSize: Bytes): Bytes {
  return MINIMUM_WINDOW_DATAGRAMS * maxDatagramSize
}
