// What a peer can make this package hold or do, bounded.

/**
 * Bytes that a field line counts beyond its name and value, RFC 9114 §4.2.2 and RFC 9204 §3.2.1: a
 * limit on the size of a section thereby bounds the number of its lines too.
 */
export const LINE_OVERHEAD = 32

/**
 * Default largest field section, in bytes with `LINE_OVERHEAD` for each line. Four times what the
 * common servers accept for HTTP/1.1; bounds what one small HEADERS frame can expand to.
 */
export const DEFAULT_MAX_SECTION_SIZE = 65_536

/**
 * Default most lines of a field section. `LINE_OVERHEAD` alone would allow 2048 in the default
 * size: few messages have more than 100, and each costs the application more than its bytes.
 */
export const DEFAULT_MAX_SECTION_LINES = 1024

/**
 * Cookies of fewer bytes are sent with the N bit: short secrets are what guessing through a
 * compression context finds, RFC 9204 §7.1.3.
 */
export const SHORT_COOKIE = 20
