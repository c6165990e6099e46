// Which characters names and values may have, RFC 9110 §5 and RFC 9114 §4.2, §10.3. Tables, because
// every byte of every message passes here.

const TOKEN_SYMBOLS = "!#$%&'*+-.^_`|~"
const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'

// token without upper case: "Characters in field names MUST be converted to lowercase prior to their
// encoding", RFC 9114 §4.2.
const NAME_CHARACTERS = table(TOKEN_SYMBOLS + LOWER + DIGITS)
const TOKEN_CHARACTERS = table(TOKEN_SYMBOLS + LOWER + LOWER.toUpperCase() + DIGITS)
// host, port, and what separates them, RFC 3986 §3.2; no userinfo (RFC 9114 §4.3.1).
const AUTHORITY_CHARACTERS = table(`-._~%!$&'()*+,;=:[]${LOWER}${LOWER.toUpperCase()}${DIGITS}`)
const SCHEME_CHARACTERS = table(`+-.${LOWER}${LOWER.toUpperCase()}${DIGITS}`)

function table(characters: string): Uint8Array {
  const allowed = new Uint8Array(256)
  for (let i = 0; i < characters.length; i++) allowed[characters.charCodeAt(i)] = 1
  return allowed
}

function consistsOf(text: string, allowed: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) {
    if (allowed[text.charCodeAt(i)] !== 1) return false
  }
  return text.length > 0
}

/** A field name: a token in lower case, not empty. */
export function isFieldName(name: string): boolean {
  return consistsOf(name, NAME_CHARACTERS)
}

/** A token of any case, such as a method. */
export function isToken(text: string): boolean {
  return consistsOf(text, TOKEN_CHARACTERS)
}

/** `host` or `host:port`, not empty. */
export function isAuthority(text: string): boolean {
  return consistsOf(text, AUTHORITY_CHARACTERS)
}

/**
 * A field value, RFC 9110 §5.5: visible characters, bytes above 0x7f, spaces and tabs, the last two
 * not at either end. No CR, LF or NUL, which would end the line of an HTTP/1.1 message made from it.
 */
export function isFieldValue(value: string): boolean {
  const length = value.length
  if (length === 0) return true
  for (let i = 0; i < length; i++) {
    const c = value.charCodeAt(i)
    if ((c < 0x20 && c !== 0x09) || c === 0x7f || c > 0xff) return false
  }
  const first = value.charCodeAt(0)
  const last = value.charCodeAt(length - 1)
  return first !== 0x20 && first !== 0x09 && last !== 0x20 && last !== 0x09
}

/** A scheme, RFC 3986 §3.1: begins with a letter. */
export function isScheme(text: string): boolean {
  const first = text.charCodeAt(0) | 0x20
  return first >= 0x61 && first <= 0x7a && consistsOf(text, SCHEME_CHARACTERS)
}

/**
 * A path with an optional query: begins with a slash and has no spaces, controls or fragment. Bytes
 * above 0x7f should be percent-encoded, but clients send them and they mislead nobody.
 */
export function isPath(text: string): boolean {
  if (text.charCodeAt(0) !== 0x2f) return false
  for (let i = 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c <= 0x20 || c === 0x23 || c === 0x7f || c > 0xff) return false
  }
  return true
}

/** The value of Content-Length, RFC 9110 §8.6; -1 when it is none, or above 2^53-1. */
export function parseContentLength(value: string): number {
  if (value.length === 0 || value.length > 16) return -1
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : -1
}
