// Reason phrases of CONNECTION_CLOSE, RFC 9000 §19.19: UTF-8, for people only. They come from the
// other side and end in logs, so they are bounded and hold no control characters.

import { MAX_REASON_LENGTH } from '../limits.ts'

const REPLACEMENT = 0xfffd

/** UTF-8, cut at a character boundary. */
export function encodeReason(reason: string): Uint8Array {
  const bytes = new Uint8Array(MAX_REASON_LENGTH)
  let length = 0
  for (const character of reason) {
    let code = character.codePointAt(0) ?? REPLACEMENT
    if (code >= 0xd800 && code <= 0xdfff) code = REPLACEMENT
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    if (length + size > MAX_REASON_LENGTH) break
    if (size === 1) bytes[length] = code
    else {
      bytes[length] = ((0xf00 >>> size) & 0xff) | (code >>> (6 * (size - 1)))
      for (let i = 1; i < size; i++) {
        bytes[length + i] = 0x80 | ((code >>> (6 * (size - 1 - i))) & 0x3f)
      }
    }
    length += size
  }
  return bytes.slice(0, length)
}

/** The text of `bytes[start..end)`, cut to the limit; malformed and control characters replaced. */
export function decodeReason(bytes: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, start + MAX_REASON_LENGTH)
  let text = ''
  let at = start
  while (at < stop) {
    const first = bytes[at]
    const size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0
    let code = size === 1 ? first : first & (0xff >>> (size + 1))
    let valid = size > 0 && first < 0xf8 && at + size <= stop
    for (let i = 1; valid && i < size; i++) {
      valid = (bytes[at + i] & 0xc0) === 0x80
      code = (code << 6) | (bytes[at + i] & 0x3f)
    }
    if (!valid || !isPrintable(code)) code = REPLACEMENT
    text += String.fromCodePoint(code)
    at += valid ? size : 1
  }
  return text
}

function isPrintable(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false
  // Surrogates, and the marks that reorder or break lines.
  if (code >= 0xd800 && code <= 0xdfff) return false
  if (code >= 0x2028 && code <= 0x202e) return false
  return code <= 0x10ffff
}
