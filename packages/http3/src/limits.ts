// What a peer can make this package hold or do, bounded.

/**
 * Default largest field section to accept, in bytes with 32 for each line (RFC 9114 §4.2.2): announced
 * in SETTINGS_MAX_FIELD_SECTION_SIZE and enforced while decoding.
 */
export const DEFAULT_MAX_FIELD_SECTION_SIZE = 65_536

/** An encoded section is at most this much longer than its decoded size: its prefix, RFC 9204 §4.5.1. */
export const SECTION_PREFIX = 2

/**
 * Most bytes of HEADERS frames that have arrived in part, over all streams of a connection: without
 * it a peer could keep one unfinished section of the full size on every stream. One MiB is sixteen
 * of the default size; sections that arrive whole are never held.
 */
export const MAX_PARTIAL_SECTION_BYTES = 1_048_576

/** Most bytes of a SETTINGS frame: some hundred settings, while the RFCs define a dozen. */
export const MAX_SETTINGS_LENGTH = 4096

/**
 * Most interim responses to one request. Clients expect one or two; each makes an event, and none
 * need be followed by a final response.
 */
export const MAX_INTERIM_RESPONSES = 32

/**
 * Frames of a stream that may carry nothing (empty DATA, unknown types) before each counts as a
 * glitch: endpoints send a few on purpose, RFC 9114 §7.2.8.
 */
export const FREE_IDLE_FRAMES = 16

/**
 * Glitches of a connection before it is closed with H3_EXCESSIVE_LOAD (RFC 9114 §10.5): requests that
 * the peer abandoned or malformed, streams and frames without use. Every exchange that ends well
 * takes one back. A browser that cancels what it no longer needs stays far below; a flood of
 * requests and resets, which no limit on concurrent streams stops, gets here within a second.
 */
export const MAX_GLITCHES = 1000

/** Bytes of a slab that HEADERS frames share, which lives until all of them are acknowledged. */
export const HEADERS_SLAB: number = 8 * 1024

/** Bytes of the largest HEADERS frame that goes to a slab. */
export const MAX_SLAB_FRAME = 1024
