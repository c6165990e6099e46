// Strings to and from bytes, and the escaping of text that a peer chose.

const CHUNK = 4096

/** One character per byte. */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(i, i + CHUNK))
  }
  return text
}

/** The text of IA5String contents, or null when a byte is above 0x7f. */
export function ascii(bytes: Uint8Array): string | null {
  for (const byte of bytes) if (byte > 0x7f) return null
  return latin1(bytes)
}

/** Strict UTF-8 (RFC 3629): null for overlong forms, surrogates and truncation. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  let text = ''
  let i = 0
  while (i < bytes.length) {
    const first = bytes[i]
    i += 1
    if (first < 0x80) {
      text += String.fromCharCode(first)
      continue
    }
    const extra = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1
    if (first < 0xc2 || first > 0xf4 || i + extra > bytes.length) return null
    let code = first & (0x3f >> extra)
    for (let k = 0; k < extra; k += 1) {
      const byte = bytes[i + k]
      if ((byte & 0xc0) !== 0x80) return null
      code = (code << 6) | (byte & 0x3f)
    }
    i += extra
    const overlong = (extra === 2 && code < 0x800) || (extra === 3 && code < 0x10000)
    if (overlong || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return null
    text += String.fromCodePoint(code)
  }
  return text
}

/** UTF-8; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const out: number[] = []
  for (const character of text) {
    let code = character.codePointAt(0) ?? 0
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd
    if (code < 0x80) out.push(code)
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f))
    else if (code < 0x10000) {
      out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
    } else {
      out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f))
      out.push(0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
    }
  }
  return Uint8Array.from(out)
}

const MAX_SHOWN = 200

/**
 * `text` for a message: control and bidirectional formatting characters as `\u{…}`, so that a
 * certificate cannot forge log lines or recolour a terminal, and cut after 200 characters.
 */
export function printable(text: string): string {
  let out = ''
  let shown = 0
  for (const character of text) {
    if (shown === MAX_SHOWN) return `${out}…`
    shown += 1
    const code = character.codePointAt(0) ?? 0
    const hidden =
      code < 0x20 ||
      (code >= 0x7f && code < 0xa0) ||
      (code >= 0x200b && code <= 0x200f) ||
      (code >= 0x2028 && code <= 0x202e) ||
      (code >= 0x2060 && code <= 0x206f) ||
      code === 0xfeff
    out += hidden ? `\\u{${code.toString(16)}}` : character
  }
  return out
}

/** ASCII letters in lower case and nothing else changed: DNS and X.509 fold no further. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16)
  return text
}

export function equalContents(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}
