// Outlines of the formats that more than one target reads. They take whatever comes: what does not
// fit has no elements.

import type { Element, LengthField } from './target.ts'

/** A varint at `at`: value and size; null when it is truncated. */
export function varintAt(
  bytes: Uint8Array,
  at: number,
  end: number = bytes.length,
): { readonly value: number; readonly size: number } | null {
  if (at >= end) return null
  const size = 1 << (bytes[at] >>> 6)
  if (at + size > end) return null
  let value = bytes[at] & 0x3f
  for (let i = 1; i < size; i++) value = value * 0x100 + bytes[at + i]
  return { value, size }
}

type Inside = (bytes: Uint8Array, start: number, end: number, tag: number) => readonly Element[]

const NOTHING: Inside = () => []

/** Elements of a tag (a varint), a length (a varint) and contents: frames of HTTP/3, parameters. */
export function varintElements(
  bytes: Uint8Array,
  start: number,
  end: number,
  inside: Inside = NOTHING,
): Element[] {
  const elements: Element[] = []
  let at = start
  for (;;) {
    const tag = varintAt(bytes, at, end)
    const length = tag === null ? null : varintAt(bytes, at + tag.size, end)
    if (tag === null || length === null) return elements
    const contents = at + tag.size + length.size
    if (contents + length.value > end) return elements
    elements.push({
      start: at,
      end: contents + length.value,
      contents,
      length: { at: at + tag.size, size: length.size, kind: 'varint' },
      children: inside(bytes, contents, contents + length.value, tag.value),
    })
    at = contents + length.value
  }
}

/** Elements of `tagSize` bytes, a length of 1 to 3 bytes, and contents: vectors of TLS. */
export function fixedElements(
  bytes: Uint8Array,
  start: number,
  end: number,
  tagSize: number,
  kind: 'u8' | 'u16' | 'u24',
  inside: Inside = NOTHING,
): Element[] {
  const size = kind === 'u8' ? 1 : kind === 'u16' ? 2 : 3
  const elements: Element[] = []
  let at = start
  while (at + tagSize + size <= end) {
    const contents = at + tagSize + size
    let length = 0
    for (let i = contents - size; i < contents; i++) length = length * 0x100 + bytes[i]
    if (contents + length > end) return elements
    let tag = 0
    for (let i = at; i < at + tagSize; i++) tag = tag * 0x100 + bytes[i]
    elements.push({
      start: at,
      end: contents + length,
      contents,
      length: { at: at + tagSize, size, kind },
      children: inside(bytes, contents, contents + length, tag),
    })
    at = contents + length
  }
  return elements
}

/** Handshake messages of TLS, with the extension block at their end and the vectors in it. */
export function tlsElements(bytes: Uint8Array, start: number, end: number): Element[] {
  return fixedElements(bytes, start, end, 1, 'u24', (_, from, to, type) =>
    type === 11 ? certificateList(bytes, from, to) : extensionBlock(bytes, from, to),
  )
}

// Context with its length, then a list with a length of three bytes.
function certificateList(bytes: Uint8Array, start: number, end: number): Element[] {
  return fixedElements(bytes, start + 1, end, 0, 'u24', (_, from, to) =>
    fixedElements(bytes, from, to, 0, 'u24'),
  )
}

/** Where a length of two bytes reaches just to the end and its contents are extensions. */
function extensionBlock(bytes: Uint8Array, start: number, end: number): Element[] {
  for (let at = start; at + 2 <= end; at++) {
    if (((bytes[at] << 8) | bytes[at + 1]) !== end - at - 2) continue
    const extensions = fixedElements(bytes, at + 2, end, 2, 'u16', (_, from, to) =>
      vector(bytes, from, to),
    )
    if (extensions.length === 0 || extensions.at(-1)?.end !== end) continue
    return [
      {
        start: at,
        end,
        contents: at + 2,
        length: { at, size: 2, kind: 'u16' },
        children: extensions,
      },
    ]
  }
  return []
}

// A list that fills an extension: its length in two bytes or in one, then shares, names or code points.
function vector(bytes: Uint8Array, start: number, end: number): Element[] {
  for (const [size, kind] of [
    [2, 'u16'],
    [1, 'u8'],
  ] as const) {
    const contents = start + size
    if (contents > end) continue
    const length = size === 2 ? (bytes[start] << 8) | bytes[start + 1] : bytes[start]
    if (length !== end - contents) continue
    const field: LengthField = { at: start, size, kind }
    const whole = (list: Element[]): boolean => list.at(-1)?.end === end
    const shares = fixedElements(bytes, contents, end, 2, 'u16')
    const names = fixedElements(bytes, contents, end, 0, 'u8')
    const pairs: Element[] = []
    for (let at = contents; at + 2 <= end; at += 2) {
      pairs.push({ start: at, end: at + 2, contents: at, length: null, children: [] })
    }
    const children = whole(shares) ? shares : whole(names) ? names : pairs
    return [{ start, end, contents, length: field, children }]
  }
  return []
}

/** Deeper than any certificate, and than our reader goes. */
const MAX_DEPTH = 20

/** Elements of DER; strings of bytes that hold DER themselves are looked into. */
export function derElements(bytes: Uint8Array, start: number, end: number, depth = 0): Element[] {
  const elements: Element[] = []
  let at = start
  if (depth > MAX_DEPTH) return elements
  while (at + 2 <= end) {
    const tag = bytes[at]
    let length = bytes[at + 1]
    let size = 1
    if (length >= 0x80) {
      size = 1 + (length & 0x7f)
      if (size === 1 || size > 4 || at + 1 + size > end) return elements
      length = 0
      for (let i = 1; i < size; i++) length = length * 0x100 + bytes[at + 1 + i]
    }
    const contents = at + 1 + size
    const elementEnd = contents + length
    if (elementEnd > end) return elements
    const inner = tag === 0x03 ? contents + 1 : contents
    const nests = (tag & 0x20) !== 0 || tag === 0x04 || tag === 0x03
    const children =
      nests && inner <= elementEnd ? derElements(bytes, inner, elementEnd, depth + 1) : []
    // A string that happens to begin like DER has no elements.
    const whole = children.at(-1)?.end === elementEnd
    elements.push({
      start: at,
      end: elementEnd,
      contents,
      length: { at: at + 1, size, kind: 'der' },
      children: whole ? children : [],
    })
    at = elementEnd
  }
  return elements
}
