// Stateless resets, RFC 9000 §10.3: what to say about a connection of which nothing is left but the
// key that its reset token is derived from.

import type { RandomBytes } from '@godwit/protection'
import { FIXED_BIT, STATELESS_RESET_TOKEN_LENGTH } from './constants.ts'
import {
  MAX_RESETS_PER_SECOND,
  MAX_STATELESS_RESET_SIZE,
  MIN_STATELESS_RESET_SIZE,
} from './limits.ts'

/**
 * A stateless reset that answers a datagram of `triggerSize` bytes, or null when it would have to be
 * too short to pass for a packet. It is shorter than what it answers, so that two endpoints cannot
 * answer each other for ever (RFC 9000 §10.3.3).
 */
export function statelessResetPacket(
  token: Uint8Array,
  triggerSize: number,
  randomBytes: RandomBytes,
): Uint8Array | null {
  const size = Math.min(triggerSize - 1, MAX_STATELESS_RESET_SIZE)
  if (size < MIN_STATELESS_RESET_SIZE) return null
  const packet = randomBytes(size)
  packet[0] = FIXED_BIT | (packet[0] & 0x3f)
  packet.set(token, size - STATELESS_RESET_TOKEN_LENGTH)
  return packet
}

/** Lets `MAX_RESETS_PER_SECOND` through, RFC 9000 §10.3.3: a bucket that fills with time. */
export class ResetLimiter {
  #tokens: number
  #filledAt: number

  constructor() {
    this.#tokens = MAX_RESETS_PER_SECOND
    this.#filledAt = 0
  }

  take(now: number): boolean {
    const gained = ((now - this.#filledAt) * MAX_RESETS_PER_SECOND) / 1000
    this.#tokens = Math.min(MAX_RESETS_PER_SECOND, this.#tokens + Math.max(0, gained))
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
