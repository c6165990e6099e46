// The bytes of a sending part from `write` to acknowledgement, RFC 9000 §2.2 and §13.3. Chunks of the
// caller are kept by reference; runs of tiny writes are gathered into pages of our own.

import { RangeSet } from '@godwit/wire'
import { MAX_SEND_PAGE, MIN_SEND_PAGE, SMALL_RUN, SMALL_WRITE } from '../limits.ts'

/**
 * A list of chunks in a ring, each with the stream offset of its first byte. Everything before
 * `base` is acknowledged and forgotten, everything before `sent` was sent at least once.
 */
export class SendBuffer {
  /** Offset after the last byte written. */
  end: number
  /** Offset of the first byte that was never sent. */
  sent: number
  /** Offset of the first byte that is not acknowledged. */
  base: number

  // Chunk number n lies in slot n & (length - 1); numbers first..next-1 are in use. A chunk may be
  // longer than what is in it, so its end is the start of the next one, or `end`.
  #chunks: (Uint8Array | null)[]
  #starts: number[]
  #first: number
  #next: number
  // The chunk that was last copied from: the next copy most often starts in it or behind it.
  #cursor: number

  // Acknowledged beyond base; sent, and found lost. Made when first needed.
  #acked: RangeSet | null
  #lost: RangeSet | null

  // Where small writes go. `#tail` says that the last chunk ends where the free part of the page begins.
  #page: Uint8Array | null
  #pageUsed: number
  #pageSize: number
  #tail: boolean
  // Small chunks in a row that were kept by reference.
  #smallRun: number

  constructor() {
    this.end = 0
    this.sent = 0
    this.base = 0
    this.#chunks = [null, null, null, null]
    this.#starts = [0, 0, 0, 0]
    this.#first = 0
    this.#next = 0
    this.#cursor = 0
    this.#acked = null
    this.#lost = null
    this.#page = null
    this.#pageUsed = 0
    this.#pageSize = MIN_SEND_PAGE
    this.#tail = false
    this.#smallRun = 0
  }

  /** Appends `data`, which must not change until it is acknowledged. */
  append(data: Uint8Array): void {
    const length = data.length
    if (length === 0) return
    if (length >= SMALL_WRITE) {
      this.#push(data)
      this.#tail = false
      this.#smallRun = 0
    } else if (this.#smallRun < SMALL_RUN) {
      this.#push(data)
      this.#smallRun++
    } else {
      this.#appendSmall(data)
    }
    this.end += length
  }

  /** Copies `length` bytes from stream offset `offset`, none acknowledged, into `target` at `at`. */
  copy(offset: number, length: number, target: Uint8Array, at: number): void {
    let n = this.#find(offset)
    this.#cursor = n
    let left = length
    while (left > 0) {
      const slot = n & (this.#chunks.length - 1)
      const chunk = this.#chunks[slot] as Uint8Array // first..next-1 are never null
      const from = offset - this.#starts[slot]
      const take = Math.min(left, this.#chunkEnd(n) - offset)
      target.set(
        from === 0 && take === chunk.length ? chunk : chunk.subarray(from, from + take),
        at,
      )
      offset += take
      at += take
      left -= take
      if (left > 0) n++
    }
    this.#cursor = n
  }

  /** The peer has `[offset, offset + length)`. */
  onAcked(offset: number, length: number): void {
    const end = offset + length
    if (end <= this.base) return
    if (this.#lost !== null && this.#lost.length > 0) this.#lost.delete(offset, end)
    if (offset > this.base) {
      this.#acked ??= new RangeSet()
      this.#acked.add(offset, end)
      return
    }
    this.base = end
    const acked = this.#acked
    if (acked !== null) {
      while (acked.length > 0 && acked.start(0) <= this.base) {
        if (acked.end(0) > this.base) this.base = acked.end(0)
        acked.dropFirst()
      }
    }
    this.#forget()
  }

  /** `[offset, offset + length)` has to be sent again, but for what the peer has. */
  onLost(offset: number, length: number): void {
    const start = Math.max(offset, this.base)
    const end = offset + length
    if (start >= end) return
    this.#lost ??= new RangeSet()
    this.#lost.add(start, end)
    const acked = this.#acked
    if (acked === null) return
    for (let i = acked.firstEndingAbove(start); i < acked.length && acked.start(i) < end; i++) {
      this.#lost.delete(acked.start(i), acked.end(i))
    }
  }

  /** `[offset, offset + length)` of what was lost is sent again. */
  onRetransmitted(offset: number, length: number): void {
    this.#lost?.delete(offset, offset + length)
  }

  get hasLost(): boolean {
    return this.#lost !== null && this.#lost.length > 0
  }

  /** Offset of the first lost byte; only when `hasLost`. */
  get lostStart(): number {
    return this.#lost === null ? 0 : this.#lost.start(0)
  }

  /** Offset after the first run of lost bytes; only when `hasLost`. */
  get lostEnd(): number {
    return this.#lost === null ? 0 : this.#lost.end(0)
  }

  /** Drops all bytes. What was sent counts as acknowledged, the rest as never written. */
  clear(): void {
    this.base = this.sent
    this.end = this.sent
    for (let n = this.#first; n < this.#next; n++)
      this.#chunks[n & (this.#chunks.length - 1)] = null
    this.#first = 0
    this.#next = 0
    this.#cursor = 0
    this.#acked = null
    this.#lost = null
    this.#page = null
    this.#tail = false
    this.#smallRun = 0
  }

  // The first small writes of a run are kept by reference like any other: headers and a short body
  // stay uncopied. The rest of it is copied, so that no run of tiny writes costs an object each.
  #appendSmall(data: Uint8Array): void {
    const room = this.#page === null ? 0 : this.#page.length - this.#pageUsed
    if (!this.#tail || data.length > room) {
      if (data.length > room) {
        this.#page = new Uint8Array(this.#pageSize)
        this.#pageUsed = 0
        this.#pageSize = Math.min(this.#pageSize * 2, MAX_SEND_PAGE)
      }
      this.#push((this.#page as Uint8Array).subarray(this.#pageUsed)) // room > 0, or made just now
      this.#tail = true
    }
    this.#fillPage(data)
  }

  #fillPage(data: Uint8Array): void {
    this.#page?.set(data, this.#pageUsed)
    this.#pageUsed += data.length
  }

  #push(chunk: Uint8Array): void {
    if (this.#next - this.#first === this.#chunks.length) this.#grow()
    const slot = this.#next & (this.#chunks.length - 1)
    this.#chunks[slot] = chunk
    this.#starts[slot] = this.end
    this.#next++
  }

  #grow(): void {
    const size = this.#chunks.length
    const chunks: (Uint8Array | null)[] = new Array<Uint8Array | null>(size * 2).fill(null)
    const starts = new Array<number>(size * 2).fill(0)
    for (let n = this.#first; n < this.#next; n++) {
      chunks[n & (size * 2 - 1)] = this.#chunks[n & (size - 1)]
      starts[n & (size * 2 - 1)] = this.#starts[n & (size - 1)]
    }
    this.#chunks = chunks
    this.#starts = starts
  }

  #forget(): void {
    while (this.#first < this.#next && this.#chunkEnd(this.#first) <= this.base) {
      this.#chunks[this.#first & (this.#chunks.length - 1)] = null
      this.#first++
    }
    if (this.#first !== this.#next) return
    this.#tail = false
    this.#smallRun = 0
  }

  #chunkEnd(n: number): number {
    return n + 1 === this.#next ? this.end : this.#starts[(n + 1) & (this.#chunks.length - 1)]
  }

  /** Number of the chunk that holds the byte at `offset`. */
  #find(offset: number): number {
    const mask = this.#chunks.length - 1
    let low = this.#first
    let high = this.#next - 1
    const cursor = this.#cursor
    if (cursor >= low && cursor <= high && this.#starts[cursor & mask] <= offset) {
      if (offset < this.#chunkEnd(cursor)) return cursor
      if (cursor < high && offset < this.#chunkEnd(cursor + 1)) return cursor + 1
      low = cursor
    }
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#starts[middle & mask] <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}
