// Base64, RFC 4648 §4, strict: no characters outside the alphabet, full padding, unused bits zero.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const VALUES: Int8Array = new Int8Array(128).fill(-1)
for (let i = 0; i < 64; i += 1) VALUES[ALPHABET.charCodeAt(i)] = i

/** The bytes of `text` (no white space in it), or null when it is not base64. */
export function decodeBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const digits = text.length - padding
  const out = new Uint8Array((text.length / 4) * 3 - padding)
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 0; i < digits; i += 1) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? VALUES[code] : -1
    if (value < 0) return null
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    out[at] = held >>> bits
    at += 1
  }
  // RFC 4648 §3.5: pad bits MUST be zero, or two texts would mean the same bytes.
  if ((held & ((1 << bits) - 1)) !== 0) return null
  return out
}

export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const group =
      (bytes[i] << 16) | ((left > 1 ? bytes[i + 1] : 0) << 8) | (left > 2 ? bytes[i + 2] : 0)
    text += ALPHABET[group >> 18] + ALPHABET[(group >> 12) & 63]
    text += left > 1 ? ALPHABET[(group >> 6) & 63] : '='
    text += left > 2 ? ALPHABET[group & 63] : '='
  }
  return text
}
