// DER out: each function returns one element, so that a structure is written as it reads in ASN.1.

import {
  TAG_BIT_STRING,
  TAG_BOOLEAN,
  TAG_INTEGER,
  TAG_NULL,
  TAG_OCTET_STRING,
  TAG_OID,
  TAG_SEQUENCE,
  TAG_SET,
} from './der-reader.ts'

/** An element with the given tag, its contents the parts one after another. */
export function encodeElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const contents = concat(parts)
  const length = contents.length
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x10000
          ? [tag, 0x82, length >> 8, length & 0xff]
          : [tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]
  return concat([Uint8Array.from(header), contents])
}

export const encodeSequence = (...parts: readonly Uint8Array[]): Uint8Array =>
  encodeElement(TAG_SEQUENCE, ...parts)

export const encodeSet = (...parts: readonly Uint8Array[]): Uint8Array =>
  encodeElement(TAG_SET, ...parts)

/** A non-negative INTEGER from big-endian bytes; leading zeros are dropped. */
export function encodeUnsignedInteger(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1
  const magnitude = bytes.length === 0 ? Uint8Array.of(0) : bytes.subarray(start)
  const sign = magnitude[0] >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0)
  return encodeElement(TAG_INTEGER, sign, magnitude)
}

/** An INTEGER from 0 to 127. */
export const encodeSmallInteger = (value: number): Uint8Array =>
  encodeElement(TAG_INTEGER, Uint8Array.of(value))

export const encodeTrue = (): Uint8Array => encodeElement(TAG_BOOLEAN, Uint8Array.of(0xff))

export const encodeNull = (): Uint8Array => encodeElement(TAG_NULL)

export const encodeOctetString = (contents: Uint8Array): Uint8Array =>
  encodeElement(TAG_OCTET_STRING, contents)

/** A BIT STRING; `unusedBits` of the last byte do not count. */
export const encodeBitString = (bytes: Uint8Array, unusedBits: number = 0): Uint8Array =>
  encodeElement(TAG_BIT_STRING, Uint8Array.of(unusedBits), bytes)

/** An OBJECT IDENTIFIER from its dotted form. */
export function encodeOid(dotted: string): Uint8Array {
  const [top, second, ...rest] = dotted.split('.').map((arc) => BigInt(arc))
  const out: number[] = []
  for (const arc of [top * 40n + second, ...rest]) {
    const septets = [Number(arc & 0x7fn)]
    for (let left = arc >> 7n; left > 0n; left >>= 7n) septets.unshift(Number(left & 0x7fn) | 0x80)
    out.push(...septets)
  }
  return encodeElement(TAG_OID, Uint8Array.from(out))
}

/** One array after another. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
