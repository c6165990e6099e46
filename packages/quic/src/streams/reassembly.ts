// Received bytes put in order, RFC 9000 §2.2. They are copied once, out of packet memory into pages;
// a page that is full, or more than half full, is handed to the reader as it is.

import { RangeSet } from '@godwit/wire'
import { MAX_FREE_PAGES, MAX_RECEIVE_PAGE, MIN_RECEIVE_PAGE } from '../limits.ts'
import { Pool } from '../pool.ts'

/** Up to so many bytes are copied one by one: making a view costs more. */
const SHORT_COPY = 64

// Pages that nobody but a reassembly buffer ever saw, all zeros.
const pool = new Pool<Uint8Array>(() => new Uint8Array(MIN_RECEIVE_PAGE), MAX_FREE_PAGES)

/** Memory for stream offsets `[start, start + bytes.length)`. */
class Page {
  start: number
  readonly bytes: Uint8Array

  constructor(start: number, bytes: Uint8Array) {
    this.start = start
    this.bytes = bytes
  }
}

/**
 * A reassembly buffer. Pages are sorted and disjoint, so their sum is bounded by the flow-control
 * window (plus one page); the caller bounds `gaps`.
 */
export class Reassembly {
  /** Offset of the next byte that `read` returns. */
  readOffset: number
  /** Every byte before this offset has arrived. */
  end: number

  /** Bytes of memory that the pages take. */
  allocated: number

  #pages: Page[]
  // What arrived beyond `end`. Made when first needed.
  #ahead: RangeSet | null
  #pageSize: number
  #discarding: boolean

  constructor() {
    this.readOffset = 0
    this.end = 0
    this.allocated = 0
    this.#pages = []
    this.#ahead = null
    this.#pageSize = MIN_RECEIVE_PAGE
    this.#discarding = false
  }

  /** Pieces that lie beyond a gap. */
  get gaps(): number {
    return this.#ahead === null ? 0 : this.#ahead.length
  }

  /**
   * Takes `bytes[start..end)`, which belong at stream offset `offset`. True: `end` has moved. Of bytes
   * that came before the first copy stays, whether it was read or not: no packet changes what another
   * has brought (RFC 9000 §2.2 leaves it open).
   *
   * @param bound no byte will ever lie at or beyond this offset: the final size, or Infinity.
   */
  insert(offset: number, bytes: Uint8Array, start: number, end: number, bound: number): boolean {
    if (offset < this.end) {
      start += this.end - offset
      offset = this.end
    }
    if (start >= end) return false
    if (!this.#discarding) this.#storeMissing(offset, bytes, start, end, bound)
    const dataEnd = offset + (end - start)
    const ahead = this.#ahead
    if (offset > this.end) {
      this.#ahead ??= new RangeSet()
      this.#ahead.add(offset, dataEnd)
      return false
    }
    this.end = dataEnd
    if (ahead !== null) {
      while (ahead.length > 0 && ahead.start(0) <= this.end) {
        if (ahead.end(0) > this.end) this.end = ahead.end(0)
        ahead.dropFirst()
      }
    }
    return true
  }

  /** The next bytes in order, or null. The array, and the buffer below it, are the caller's alone. */
  read(): Uint8Array | null {
    if (this.readOffset === this.end || this.#discarding) return null
    const page = this.#pages[0]
    const size = page.bytes.length
    const from = this.readOffset - page.start
    const to = Math.min(this.end - page.start, size)
    this.readOffset = page.start + to
    if (from === 0 && to === size) {
      this.#dropFirst()
      return page.bytes
    }
    const lastBytes = to === size || this.gaps === 0
    if (from === 0 && to * 2 >= size && lastBytes) {
      this.#dropFirst()
      return page.bytes.subarray(0, to)
    }
    const data = page.bytes.slice(from, to)
    if (to === size || (lastBytes && size === MIN_RECEIVE_PAGE)) {
      // All of the page was copied out: it serves whoever needs one next.
      this.#dropFirst()
      recycle(page)
    } else if (lastBytes) {
      page.start = this.end
    }
    return data
  }

  /** From now on bytes are tracked but not kept, and `read` returns null. */
  discard(): void {
    this.#discarding = true
    for (const page of this.#pages) recycle(page)
    this.#pages = []
    this.allocated = 0
  }

  /** Drops everything. */
  clear(): void {
    this.discard()
    this.#ahead = null
  }

  // Stores what lies in gaps. In order, nothing is ahead and nothing looked up.
  #storeMissing(
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bound: number,
  ): void {
    const ahead = this.#ahead
    if (ahead !== null && ahead.length > 0) {
      let i = ahead.firstEndingAbove(offset)
      for (; i < ahead.length && ahead.start(i) < offset + (end - start); i++) {
        const gap = ahead.start(i) - offset
        if (gap > 0) this.#store(offset, bytes, start, start + gap, bound)
        start += ahead.end(i) - offset
        offset = ahead.end(i)
      }
    }
    if (start < end) this.#store(offset, bytes, start, end, bound)
  }

  #store(offset: number, bytes: Uint8Array, start: number, end: number, bound: number): void {
    let pages = this.#pages
    // The last page that starts at or before offset; most often the last of all.
    let i = pages.length - 1
    while (i >= 0 && pages[i].start > offset) i--
    while (start < end) {
      let within = i < 0 ? -1 : offset - pages[i].start
      if (within < 0 || within >= pages[i].bytes.length) {
        if (i + 1 === pages.length || pages[i + 1].start > offset) {
          this.#insertPage(i + 1, offset, bound)
          pages = this.#pages
        }
        i++
        within = offset - pages[i].start
      }
      const target = pages[i].bytes
      const take = Math.min(end - start, target.length - within)
      if (take <= SHORT_COPY) {
        for (let k = 0; k < take; k++) target[within + k] = bytes[start + k]
      } else {
        target.set(bytes.subarray(start, start + take), within)
      }
      start += take
      offset += take
    }
  }

  #dropFirst(): void {
    this.allocated -= (this.#pages.shift() as Page).bytes.length // the caller has looked at it
  }

  #insertPage(index: number, offset: number, bound: number): void {
    const pages = this.#pages
    let start = offset
    if (index > 0) {
      // The reader has not emptied the last one before the next is needed: use larger ones.
      this.#pageSize = Math.min(this.#pageSize * 2, MAX_RECEIVE_PAGE)
      const previous = pages[index - 1]
      start = Math.max(previous.start + previous.bytes.length, offset - (offset % this.#pageSize))
    } else if (offset > this.end) {
      start = Math.max(this.end, offset - (offset % this.#pageSize))
    }
    let end = Math.min(start + this.#pageSize, bound)
    if (index < pages.length) end = Math.min(end, pages[index].start)
    const size = end - start
    const page = new Page(start, size === MIN_RECEIVE_PAGE ? pool.take() : new Uint8Array(size))
    this.allocated += size
    // Most streams need one page: an array for one.
    if (pages.length === 0) this.#pages = [page]
    else if (index === pages.length) pages.push(page)
    else pages.splice(index, 0, page)
  }
}

function recycle({ bytes }: Page): void {
  if (bytes.length !== MIN_RECEIVE_PAGE) return
  bytes.fill(0)
  pool.give(bytes)
}
