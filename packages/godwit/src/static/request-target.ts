// The path and query of a request, as they may stand in a URL.

/** What RFC 3986 lets nobody write into a path or a query: clients do, and percent-encoding mends it. */
const NOT_IN_URLS = /[^!#-;=?-[\]_a-z~]/gu

/** Path and query of a request's `url`, with percent-encoding where it is missing. */
export interface RequestTarget {
  readonly path: string
  /** With its question mark; empty when there is none. */
  readonly query: string
}

/**
 * Takes a target apart. Raw bytes, which Node shows as characters below U+0100, become the
 * percent-encoding of the same bytes, so that raw UTF-8 names the file that encoded UTF-8 names.
 */
export function parseTarget(url: string): RequestTarget {
  const encoded = url.replace(NOT_IN_URLS, encodeCharacter)
  const at = encoded.search(/[?#]/)
  return at < 0
    ? { path: encoded, query: '' }
    : { path: encoded.slice(0, at), query: encoded.slice(at) }
}

function encodeCharacter(character: string): string {
  const code = character.codePointAt(0) as number // of one character: there is one
  if (code < 0x100) return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  const surrogate = code >= 0xd800 && code <= 0xdfff
  return encodeURIComponent(surrogate ? '\uFFFD' : character)
}
