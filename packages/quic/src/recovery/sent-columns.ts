// The columns of a record of sent packets while it is small. A connection has three such records, two
// of them for some milliseconds.

import { MAX_FREE_RECORDS, MIN_SENT_PACKETS } from '../limits.ts'
import { Pool } from '../pool.ts'

/** Typed columns for `packets` packets and `tokens` tokens, in one piece of memory: six cost more to make than to use. */
export class SentColumns {
  /** Four numbers a token. */
  readonly tokens: Float64Array
  readonly times: Float64Array
  readonly sizes: Uint16Array
  readonly paths: Uint16Array
  readonly flags: Uint8Array
  readonly tokenStarts: Uint32Array
  readonly tokenCounts: Uint8Array

  constructor(packets: number, tokens: number) {
    const memory = new ArrayBuffer(tokens * 32 + packets * 18)
    const times = tokens * 32
    const starts = times + packets * 8
    const sizes = starts + packets * 4
    this.tokens = new Float64Array(memory, 0, tokens * 4)
    this.times = new Float64Array(memory, times, packets)
    this.tokenStarts = new Uint32Array(memory, starts, packets)
    this.sizes = new Uint16Array(memory, sizes, packets)
    this.paths = new Uint16Array(memory, sizes + packets * 2, packets)
    this.flags = new Uint8Array(memory, sizes + packets * 4, packets)
    this.tokenCounts = new Uint8Array(memory, sizes + packets * 5, packets)
  }
}

/** Of those of the first size. Nothing but flags is read before it is written: those are zeros. */
export const freeColumns: Pool<SentColumns> = new Pool(
  () => new SentColumns(MIN_SENT_PACKETS, MIN_SENT_PACKETS),
  MAX_FREE_RECORDS,
)

/** Of a record that holds nothing any more. Writes to it are lost. */
export const NO_COLUMNS: SentColumns = new SentColumns(0, 0)
