// Keeps a connection alive while the application waits for its peer, RFC 9000 §10.1.2, by PING.
//
// The first PING comes soon after it went quiet, later ones at doubling distances. A client whose NAT has given it another address, or whose network has changed, may have nothing
// to send by which its peer could learn the new one (§9.3), while all that the peer sends is lost on the way
// to the old one: without a word from the client both would wait for the end of the idle timeout.

import { SPACE_APPLICATION } from '../constants.ts'
import { FIRST_KEEP_ALIVE, LONGEST_KEEP_ALIVE } from '../limits.ts'
import type { ConnectionCore } from './core.ts'

export class KeepAlive {
  readonly #core: ConnectionCore
  /** Whether the application waits for its peer. */
  wanted: boolean
  /** PINGs since the peer said something of its own accord. */
  #pings: number

  constructor(core: ConnectionCore) {
    this.#core = core
    this.wanted = false
    this.#pings = 0
  }

  /** The peer said something, which an ACK alone, such as that of a PING, is not. */
  onAckEliciting(): void {
    this.#pings = 0
  }

  /** To call when `deadline` has come. */
  onTimeout(): void {
    this.#pings++
    this.#core.recovery.requestProbes(SPACE_APPLICATION, 1)
  }

  /** When `onTimeout` is wanted; Infinity: never. */
  get deadline(): number {
    if (!this.wanted) return Infinity
    const { handshake, recovery, idle } = this.#core
    // What is in flight is repeated by itself until there is an answer.
    if (!handshake.confirmed || recovery.hasInFlight(SPACE_APPLICATION)) return Infinity
    const distance = Math.max(FIRST_KEEP_ALIVE, recovery.ptoInterval()) * 2 ** this.#pings
    return idle.since + Math.min(distance, LONGEST_KEEP_ALIVE, idle.timeout / 2)
  }
}
