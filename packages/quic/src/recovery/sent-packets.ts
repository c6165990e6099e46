// Sent packets of one packet number space that are neither acknowledged nor lost, RFC 9002 appendix
// A.1: a ring indexed by packet number with typed columns, and a second ring with the tokens of the
// packets in the order of sending.
//
// The ring spans `base` (the oldest packet that is still outstanding) to `next`. Loss detection
// removes everything at or below largestAcked - 3, so what lies between `base` and the largest
// acknowledged number is a handful, and work per ACK is proportional to what it newly acknowledges.

import type { AckRecord } from '../frame.ts'
import {
  MAX_SENT_PACKETS,
  MAX_SENT_TOKENS,
  MAX_SKIPPED_PACKET_NUMBERS,
  MIN_SENT_PACKETS,
} from '../limits.ts'
import type { PacketWriter } from '../packet-writer.ts'
import type { Bytes, Millis } from './params.ts'
import { RATE_FIELDS } from './delivery-rate.ts'
import { freeColumns, NO_COLUMNS, SentColumns } from './sent-columns.ts'

/** Sent; neither acknowledged nor lost. A slot with no flag was never sent, or is lost or forgotten. */
export const SENT_OUTSTANDING = 1
export const SENT_ACK_ELICITING = 2
/** Counts in bytes in flight. */
export const SENT_IN_FLIGHT = 4
/** Acknowledged; kept until `base` passes, since it ends a run of losses (RFC 9002 §7.6.2). */
export const SENT_ACKED = 8
/** Acknowledged by the frame being processed, and not reported yet. */
export const SENT_NEWLY_ACKED = 16
/** Its tokens were given to a probe: nothing to report when it is lost. */
export const SENT_PROBED = 32
/** A probe for the path MTU: its loss says nothing of congestion (RFC 9000 §14.4). */
export const SENT_MTU_PROBE = 64

/** Of packets that belong to no path's capacity: probes for paths that are not in use. */
export const NO_PATH = 0
/** Numbers of paths that a sent packet can name. One comes round again after every sent packet was forgotten. */
export const MAX_PATH_NUMBER = 0xffff

const HOLDS_BASE: number = SENT_OUTSTANDING | SENT_NEWLY_ACKED

export class SentPackets {
  /** Largest number that the peer acknowledged, -1 before the first. */
  largestAcked: number
  /** Outstanding ack-eliciting packets. */
  ackElicitingCount: number
  /** When the last ack-eliciting packet was sent. */
  lastAckElicitingAt: Millis
  /** When the oldest outstanding packet counts as lost by time; Infinity: not waiting for that. */
  lossTime: Millis
  /** The latest send time among acknowledged packets, -1 before the first. */
  latestAckedSentTime: Millis
  /** Send time of the first packet of the present run of lost ack-eliciting packets; -1: none. */
  lostSince: Millis
  /** Four numbers a token; index with `tokenIndex`. */
  tokens: Float64Array
  /** What delivery rates are measured by, `RATE_FIELDS` numbers a packet; index with `rateIndex`. Null: nobody asked. */
  rateNotes: Float64Array | null

  // What the columns were at first; null when it is not the pool's.
  #columns: SentColumns | null
  #base: number
  #next: number
  #mask: number
  #times: Float64Array
  #sizes: Uint16Array
  #flags: Uint8Array
  #paths: Uint16Array
  #tokenStarts: Uint32Array
  #tokenCounts: Uint8Array
  #tokenMask: number
  /** First live token and the one after the last, counted modulo 2^32. */
  #tokenHead: number
  #tokenTail: number
  readonly #skipped: Float64Array
  #skippedCount: number
  readonly #maxPackets: number
  readonly #maxTokens: number

  /** @param maxPackets and @param maxTokens powers of two, for tests; the limits otherwise. */
  constructor(maxPackets: number = MAX_SENT_PACKETS, maxTokens: number = MAX_SENT_TOKENS) {
    const packets = Math.min(MIN_SENT_PACKETS, maxPackets)
    const tokens = Math.min(MIN_SENT_PACKETS, maxTokens)
    this.largestAcked = -1
    this.ackElicitingCount = 0
    this.lastAckElicitingAt = 0
    this.lossTime = Infinity
    this.latestAckedSentTime = -1
    this.lostSince = -1
    const pooled = packets === MIN_SENT_PACKETS && tokens === MIN_SENT_PACKETS
    const columns = pooled ? freeColumns.take() : new SentColumns(packets, tokens)
    this.#columns = pooled ? columns : null
    this.tokens = columns.tokens
    this.rateNotes = null
    this.#base = 0
    this.#next = 0
    this.#mask = packets - 1
    this.#times = columns.times
    this.#sizes = columns.sizes
    this.#flags = columns.flags
    this.#paths = columns.paths
    this.#tokenStarts = columns.tokenStarts
    this.#tokenCounts = columns.tokenCounts
    this.#tokenMask = tokens - 1
    this.#tokenHead = 0
    this.#tokenTail = 0
    this.#skipped = new Float64Array(MAX_SKIPPED_PACKET_NUMBERS).fill(-1)
    this.#skippedCount = 0
    this.#maxPackets = maxPackets
    this.#maxTokens = maxTokens
  }

  /**
   * Makes room for packet `packetNumber` with `tokenCount` tokens. Packets with nothing but an ACK
   * are forgotten for it when they are the oldest; room grows only for packets in flight. False:
   * the limit is reached and the oldest packet, `base`, is in flight: it must be removed first.
   */
  reserve(packetNumber: number, tokenCount: number): boolean {
    while (this.#base < this.#next && packetNumber - this.#base > this.#mask) {
      if (!this.#makeRoom(this.#mask + 1 < this.#maxPackets, true)) return false
    }
    while (((this.#tokenTail - this.#tokenHead) >>> 0) + tokenCount > this.#tokenMask + 1) {
      if (this.#base === this.#next) {
        // Nothing is left to forget: one packet that carries this much needs the room.
        this.#growTokens()
        continue
      }
      if (!this.#makeRoom(this.#tokenMask + 1 < this.#maxTokens, false)) return false
    }
    return true
  }

  /**
   * Records a packet after `reserve` returned true. Numbers left out count as skipped.
   *
   * @param path what names its path's capacity; `NO_PATH`: it elicits nothing and fills no window.
   */
  add(now: Millis, packetNumber: number, size: Bytes, writer: PacketWriter, path: number): void {
    this.#noteSkipped(packetNumber)
    const slot = packetNumber & this.#mask
    let flags = SENT_OUTSTANDING
    if (path !== NO_PATH) {
      if (writer.ackEliciting) {
        flags |= SENT_ACK_ELICITING
        this.ackElicitingCount++
        this.lastAckElicitingAt = now
      }
      if (writer.inFlight) flags |= SENT_IN_FLIGHT
    }
    const count = writer.tokenCount
    this.#times[slot] = now
    this.#sizes[slot] = size
    this.#flags[slot] = flags
    this.#paths[slot] = path
    this.#tokenStarts[slot] = this.#tokenTail
    this.#tokenCounts[slot] = count
    const from = writer.tokens
    const to = this.tokens
    for (let i = 0; i < count; i++) {
      const at = ((this.#tokenTail + i) & this.#tokenMask) * 4
      to[at] = from[i * 4]
      to[at + 1] = from[i * 4 + 1]
      to[at + 2] = from[i * 4 + 2]
      to[at + 3] = from[i * 4 + 3]
    }
    this.#tokenTail = (this.#tokenTail + count) >>> 0
    this.#next = packetNumber + 1
  }

  /**
   * Marks the outstanding packets in the first `ranges` ranges of an ACK, lowest first, as newly
   * acknowledged. Their slots stay until `base` passes.
   *
   * @returns -1: nothing new; 0: only packets that elicit no ACK; 1: one that does among the new.
   */
  markAcked(ack: AckRecord, ranges: number): number {
    let result = -1
    for (let r = ranges - 1; r >= 0; r--) {
      const end = ack.rangeLargest[r]
      for (let n = Math.max(ack.rangeSmallest[r], this.#base); n <= end; n++) {
        const flags = this.flags(n)
        if ((flags & SENT_OUTSTANDING) === 0) continue
        this.markNewlyAcked(n)
        if ((flags & SENT_ACK_ELICITING) !== 0) result = 1
        else if (result < 0) result = 0
      }
    }
    return result
  }

  /** The packet just added is a probe for the path MTU. */
  markMtuProbe(packetNumber: number): void {
    this.#flags[packetNumber & this.#mask] |= SENT_MTU_PROBE
  }

  /** An outstanding packet was acknowledged. Its slot stays until `base` passes. */
  markNewlyAcked(packetNumber: number): void {
    this.#uncount(packetNumber)
    const slot = packetNumber & this.#mask
    this.#flags[slot] ^= SENT_OUTSTANDING | SENT_NEWLY_ACKED
    if (this.#times[slot] > this.latestAckedSentTime) this.latestAckedSentTime = this.#times[slot]
  }

  /** What was newly acknowledged has been reported. */
  settleAcked(packetNumber: number): void {
    this.#flags[packetNumber & this.#mask] = SENT_ACKED
  }

  /** An outstanding packet was lost, or is forgotten. */
  remove(packetNumber: number): void {
    this.#uncount(packetNumber)
    this.#flags[packetNumber & this.#mask] = 0
  }

  /** Its tokens went to a probe. */
  markProbed(packetNumber: number): void {
    this.#flags[packetNumber & this.#mask] |= SENT_PROBED
  }

  /** Moves `base` to the oldest outstanding packet and frees what lies before. */
  trim(): void {
    while (this.#base < this.#next && (this.#flags[this.#base & this.#mask] & HOLDS_BASE) === 0) {
      this.#base++
    }
    this.#tokenHead =
      this.#base < this.#next ? this.#tokenStarts[this.#base & this.#mask] : this.#tokenTail
  }

  /** Forgets every packet. Their numbers stay used. */
  forget(): void {
    this.#base = this.#next
    this.#tokenHead = this.#tokenTail
    this.ackElicitingCount = 0
    this.lossTime = Infinity
    this.lostSince = -1
  }

  /** Forgets every packet, for good: the keys of the space were discarded, and nothing may be added. */
  release(): void {
    this.forget()
    const columns = this.#columns
    if (columns !== null) {
      columns.flags.fill(0)
      freeColumns.give(columns)
      this.#columns = null
    }
    this.tokens = NO_COLUMNS.tokens
    this.rateNotes = null
    this.#times = NO_COLUMNS.times
    this.#sizes = NO_COLUMNS.sizes
    this.#flags = NO_COLUMNS.flags
    this.#paths = NO_COLUMNS.paths
    this.#tokenStarts = NO_COLUMNS.tokenStarts
    this.#tokenCounts = NO_COLUMNS.tokenCounts
  }

  // --- reads

  /** The oldest outstanding packet; `next` when there is none (after `trim`). */
  get base(): number {
    return this.#base
  }

  /** The lowest number that may be sent next. */
  get next(): number {
    return this.#next
  }

  /** True when new data should wait so that probes and ACKs still find room. */
  get crowded(): boolean {
    return (
      (this.#next - this.#base) * 4 > this.#maxPackets * 3 ||
      ((this.#tokenTail - this.#tokenHead) >>> 0) * 4 > this.#maxTokens * 3
    )
  }

  /** Flags of a number `base` <= packetNumber < `next`; of no other. */
  flags(packetNumber: number): number {
    return this.#flags[packetNumber & this.#mask]
  }

  sentTime(packetNumber: number): Millis {
    return this.#times[packetNumber & this.#mask]
  }

  size(packetNumber: number): Bytes {
    return this.#sizes[packetNumber & this.#mask]
  }

  /** What names the capacity of the path that it went to; `NO_PATH`: none. */
  path(packetNumber: number): number {
    return this.#paths[packetNumber & this.#mask]
  }

  /** Index in `rateNotes` of a packet's numbers. */
  rateIndex(packetNumber: number): number {
    return (packetNumber & this.#mask) * RATE_FIELDS
  }

  /** Room for `rateNotes` from now on. */
  noteRates(): Float64Array {
    this.rateNotes ??= new Float64Array((this.#mask + 1) * RATE_FIELDS)
    return this.rateNotes
  }

  tokenCount(packetNumber: number): number {
    return this.#tokenCounts[packetNumber & this.#mask]
  }

  /** Index in `tokens` of token `index` of a packet. */
  tokenIndex(packetNumber: number, index: number): number {
    return ((this.#tokenStarts[packetNumber & this.#mask] + index) & this.#tokenMask) * 4
  }

  /** The acknowledged number that was never sent because it was skipped, or -1. */
  acknowledgedSkipped(ack: AckRecord): number {
    const known = Math.min(this.#skippedCount, MAX_SKIPPED_PACKET_NUMBERS)
    for (let i = 0; i < known; i++) {
      const skipped = this.#skipped[i]
      for (let r = 0; r < ack.rangeCount && ack.rangeLargest[r] >= skipped; r++) {
        if (ack.rangeSmallest[r] <= skipped) return skipped
      }
    }
    return -1
  }

  // --- private

  #uncount(packetNumber: number): void {
    if ((this.flags(packetNumber) & SENT_ACK_ELICITING) !== 0) this.ackElicitingCount--
  }

  #noteSkipped(packetNumber: number): void {
    const empty = this.#base === this.#next
    // Only the newest are remembered: the loop is bounded whatever the gap.
    let n = Math.max(this.#next, packetNumber - MAX_SKIPPED_PACKET_NUMBERS)
    for (; n < packetNumber; n++) {
      this.#skipped[this.#skippedCount % MAX_SKIPPED_PACKET_NUMBERS] = n
      this.#skippedCount++
    }
    if (empty) {
      this.#base = packetNumber
    } else {
      for (n = this.#next; n < packetNumber; n++) this.#flags[n & this.#mask] = 0
    }
    this.#next = packetNumber
  }

  #makeRoom(mayGrow: boolean, packets: boolean): boolean {
    const base = this.#base
    if ((this.flags(base) & SENT_IN_FLIGHT) === 0) {
      this.remove(base)
      // Loss detection stopped before `base`: acknowledged packets behind it end the run of losses.
      for (let n = base; n < this.#next && (this.flags(n) & HOLDS_BASE) === 0; n++) {
        if ((this.flags(n) & SENT_ACKED) !== 0) this.lostSince = -1
      }
      this.trim()
      return true
    }
    if (!mayGrow) return false
    if (packets) this.#growPackets()
    else this.#growTokens()
    return true
  }

  #growPackets(): void {
    const mask = this.#mask * 2 + 1
    const times = new Float64Array(mask + 1)
    const sizes = new Uint16Array(mask + 1)
    const flags = new Uint8Array(mask + 1)
    const paths = new Uint16Array(mask + 1)
    const notes = this.rateNotes === null ? null : new Float64Array((mask + 1) * RATE_FIELDS)
    const tokenStarts = new Uint32Array(mask + 1)
    const tokenCounts = new Uint8Array(mask + 1)
    for (let n = this.#base; n < this.#next; n++) {
      const from = n & this.#mask
      const to = n & mask
      times[to] = this.#times[from]
      sizes[to] = this.#sizes[from]
      flags[to] = this.#flags[from]
      paths[to] = this.#paths[from]
      if (notes !== null && this.rateNotes !== null) {
        const start = from * RATE_FIELDS
        notes.set(this.rateNotes.subarray(start, start + RATE_FIELDS), to * RATE_FIELDS)
      }
      tokenStarts[to] = this.#tokenStarts[from]
      tokenCounts[to] = this.#tokenCounts[from]
    }
    this.#mask = mask
    this.rateNotes = notes
    this.#times = times
    this.#sizes = sizes
    this.#flags = flags
    this.#paths = paths
    this.#tokenStarts = tokenStarts
    this.#tokenCounts = tokenCounts
  }

  #growTokens(): void {
    const mask = this.#tokenMask * 2 + 1
    const tokens = new Float64Array((mask + 1) * 4)
    const count = (this.#tokenTail - this.#tokenHead) >>> 0
    for (let i = 0; i < count; i++) {
      const from = ((this.#tokenHead + i) & this.#tokenMask) * 4
      const to = ((this.#tokenHead + i) & mask) * 4
      for (let k = 0; k < 4; k++) tokens[to + k] = this.tokens[from + k]
    }
    this.tokens = tokens
    this.#tokenMask = mask
  }
}
