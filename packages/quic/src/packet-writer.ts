// The payload of one packet while frames are written into it. Frames go straight into packet
// memory; what they carried is noted beside, as tokens, for the sent-packet record.

import { encodeVarint } from '@godwit/wire'
import { MAX_TOKENS_PER_PACKET } from './limits.ts'

/**
 * A window of packet memory and the tokens of what was written there. Frame writers look at
 * `remaining` first, write at `position`, move it, and call `addToken`.
 */
export class PacketWriter {
  bytes: Uint8Array
  /** Offset of the next byte to write. */
  position: number
  /** Offset after the last byte that the payload may take (the tag comes behind it). */
  end: number
  /** Set by any frame but ACK, PADDING and CONNECTION_CLOSE, RFC 9002 §2. */
  ackEliciting: boolean
  /** Set by any frame but ACK and CONNECTION_CLOSE: the packet counts toward bytes in flight. */
  inFlight: boolean
  /** Four numbers a token: kind, a, b, c (recovery/tokens.ts). */
  readonly tokens: Float64Array
  tokenCount: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.position = 0
    this.end = 0
    this.ackEliciting = false
    this.inFlight = false
    this.tokens = new Float64Array(MAX_TOKENS_PER_PACKET * 4)
    this.tokenCount = 0
  }

  /** Starts a new payload at `start` that may reach up to `end`. */
  reset(start: number, end: number): void {
    this.position = start
    this.end = end
    this.ackEliciting = false
    this.inFlight = false
    this.tokenCount = 0
  }

  /** Bytes that still fit; 0 when no token fits any more, so that "full" is one question. */
  get remaining(): number {
    return this.tokenCount < MAX_TOKENS_PER_PACKET ? this.end - this.position : 0
  }

  /** Notes what an ack-eliciting frame carried. */
  addToken(kind: number, a: number = 0, b: number = 0, c: number = 0): void {
    const at = this.tokenCount * 4
    this.tokens[at] = kind
    this.tokens[at + 1] = a
    this.tokens[at + 2] = b
    this.tokens[at + 3] = c
    this.tokenCount++
    this.ackEliciting = true
    this.inFlight = true
  }

  /** Notes an ACK frame, which elicits nothing (RFC 9002 §2). */
  addAckToken(kind: number, largest: number): void {
    const eliciting = this.ackEliciting
    const inFlight = this.inFlight
    this.addToken(kind, largest)
    this.ackEliciting = eliciting
    this.inFlight = inFlight
  }

  u8(value: number): void {
    this.bytes[this.position++] = value
  }

  varint(value: number): void {
    this.position = encodeVarint(this.bytes, this.position, value)
  }

  /** PADDING up to `target`, an offset; counts toward bytes in flight (RFC 9002 §2). */
  padTo(target: number): void {
    if (target <= this.position) return
    this.bytes.fill(0, this.position, target)
    this.position = target
    this.inFlight = true
  }
}
