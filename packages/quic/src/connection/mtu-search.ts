// Datagram Packetization Layer PMTU Discovery, RFC 8899 §5 and RFC 9000 §14.3: how large datagrams of
// one path may be. What is larger than proven goes only into probes, PING and PADDING alone, so that
// the loss of one costs nothing.
//
// The first probe has the largest size that makes sense: nearly all paths carry it, and then the search
// is over after one round trip. Only when it fails for good does the search halve the interval.
//
// node:dgram has no way to set DF, but Linux, macOS and Windows set it themselves on datagrams up to the
// MTU of the interface. RFC 8899 §3 (deviates): where the kernel has learned of a smaller MTU from an
// ICMP message, it may fragment a probe, which then says that fragments get through. They do, only dearer.

import {
  BASE_DATAGRAM_SIZE,
  MAX_DATAGRAM_SIZE,
  MTU_PROBES,
  MTU_RAISE_INTERVAL,
  MTU_SEARCH_STEP,
} from '../limits.ts'

export class MtuSearch {
  /** PLPMTU: bytes of the largest datagram that the path is known to carry. */
  size: number
  /** Sizes from here on are not tried: the peer does not want them, or they failed. */
  #tooLarge: number
  /** `#tooLarge` of a new search; 0 before `start`. */
  #limit: number
  /** Of the probe that comes next, or is under way; 0: the search is over. */
  #probe: number
  #underWay: boolean
  #losses: number
  /** PMTU_RAISE_TIMER, RFC 8899 §5.1.1: when a finished search begins anew, in ms. */
  #raiseAt: number

  constructor() {
    this.size = BASE_DATAGRAM_SIZE
    this.#tooLarge = 0
    this.#limit = 0
    this.#probe = 0
    this.#underWay = false
    this.#losses = 0
    this.#raiseAt = Infinity
  }

  /** The handshake is confirmed. `maxUdpPayloadSize` is the peer's, RFC 9000 §18.2. */
  start(maxUdpPayloadSize: number): void {
    this.#limit = Math.min(MAX_DATAGRAM_SIZE, maxUdpPayloadSize) + 1
    this.#search(this.#limit - 1)
  }

  /** Bytes of the probe to send now; 0: none. */
  probeSize(now: number): number {
    if (this.#underWay) return 0
    if (now >= this.#raiseAt) this.#search(this.#limit - 1)
    return this.#probe
  }

  onProbeSent(): void {
    this.#underWay = true
  }

  /** A probe of `size` bytes arrived. True: datagrams may grow. */
  onProbeAcked(now: number, size: number): boolean {
    // One of a search that was given up says how the path was before.
    if (size !== this.#probe || !this.#underWay) return false
    this.#underWay = false
    this.size = size
    this.#next(now)
    return true
  }

  onProbeLost(now: number, size: number): void {
    if (size !== this.#probe || !this.#underWay) return
    this.#underWay = false
    this.#losses++
    // RFC 8899 §5.1.2: MAX_PROBES, for one may be lost for other reasons than its size.
    if (this.#losses < MTU_PROBES) return
    this.#tooLarge = size
    this.#next(now)
  }

  /**
   * Nothing arrives any more, RFC 8899 §4.3: back to BASE_PLPMTU, which every QUIC path carries, until
   * the next search. False: that is where we are.
   */
  onBlackHole(now: number): boolean {
    if (this.size === BASE_DATAGRAM_SIZE) return false
    this.size = BASE_DATAGRAM_SIZE
    this.#end(now)
    return true
  }

  #search(size: number): void {
    this.#tooLarge = this.#limit
    this.#raiseAt = Infinity
    this.#losses = 0
    this.#probe = size > this.size ? size : 0
  }

  /** From what is known now to the next size worth a probe. */
  #next(now: number): void {
    const between = this.#tooLarge - this.size
    if (between <= MTU_SEARCH_STEP) {
      this.#end(now)
      return
    }
    this.#losses = 0
    this.#probe = this.size + (between >> 1)
  }

  #end(now: number): void {
    this.#probe = 0
    this.#underWay = false
    // RFC 8899 §5.2: the timer runs where a path might carry more.
    this.#raiseAt = this.size + 1 < this.#limit ? now + MTU_RAISE_INTERVAL : Infinity
  }
}
