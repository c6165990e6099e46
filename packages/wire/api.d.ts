/* oxlint-disable -- a text to compare, not a program */

// What @godwit/wire exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.

// --- @godwit/wire

export declare class Bag<T extends BagMember> {
  #private
  constructor()
  get size(): number
  add(member: T): void
  delete(member: T): boolean
  values(): T[]
}

export interface BagMember {
  bagIndex: number
}

export declare class ByteReader {
  #private
  bytes: Uint8Array
  position: number
  end: number
  ok: boolean
  constructor(bytes?: Uint8Array, start?: number, end?: number)
  reset(bytes: Uint8Array, start: number, end: number): void
  get remaining(): number
  get done(): boolean
  fail(): void
  u8(): number
  u16(): number
  u24(): number
  u32(): number
  peek(): number
  varint(): number
  varintSaturated(): number
  view(length: number): Uint8Array
  copy(length: number): Uint8Array
  skip(length: number): void
}

export declare class ByteWriter {
  #private
  bytes: Uint8Array
  position: number
  end: number
  constructor(bytes: Uint8Array, start?: number, end?: number)
  reset(bytes: Uint8Array, start: number, end: number): void
  get remaining(): number
  u8(value: number): void
  u16(value: number): void
  u24(value: number): void
  u32(value: number): void
  varint(value: number): void
  copy(data: Uint8Array): void
  zeros(length: number): void
}

export declare const MAX_VARINT: number

export declare class NumberMap<T extends object> {
  #private
  constructor()
  get size(): number
  get(key: number): T | undefined
  set(key: number, value: T): void
  delete(key: number): boolean
  clear(): void
  values(): T[]
}

export declare class RangeSet {
  #private
  constructor(maxRanges?: number)
  get length(): number
  start(index: number): number
  end(index: number): number
  get min(): number
  get max(): number
  has(value: number): boolean
  hasRange(start: number, end: number): boolean
  firstEndingAbove(value: number): number
  add(start: number, end: number): number
  delete(start: number, end: number): number
  dropFirst(): void
  clear(): void
}

export declare class Ring<T> {
  #private
  constructor()
  get length(): number
  push(value: T): void
  unshift(value: T): void
  shift(): T | undefined
  at(index: number): T | undefined
  clear(): void
}

export declare function encodeVarint(bytes: Uint8Array, offset: number, value: number): number

export declare function encodeVarint2(bytes: Uint8Array, offset: number, value: number): number

export declare function encodeVarint8(bytes: Uint8Array, offset: number, value: number): number

export declare function varintLength(value: number): number
