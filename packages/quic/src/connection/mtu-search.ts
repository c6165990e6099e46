// Datagram Packetization Layer PMTU Discovery, RFC 8899 §5 and RFC 9000 §14.3: how large datagrams of
// one path may be. What is larger than proven goes only into probes, PING and PADDING alone, so that
// the loss of one costs nothing.
//
// The first probe has the largest size that makes sense: nearly all paths carry it, and then the search
// is over after one round trip. Only when it fails for good does the search halve the interval.
//
// node:dgram has no way to set DF. Linux sets it itself on datagrams that fit what it knows of the path,
// and cuts larger ones in fragments: what it knows is the MTU of the interface, and less once an ICMP
// message said so, to whatever socket. A probe that was lost for its size would so arrive in fragments when
// it is repeated, and ones of a connection after it at once; no order of probes could tell. But the kernel
// counts the fragments that it makes, and the host tells us: of each probe, and of full datagrams now and
// then, for a path may change. RFC 8899 §3 (deviates): a few probes do leave in fragments. Where nobody
// tells, outside of Linux, they count as arrived.

import {
  BASE_DATAGRAM_SIZE,
  MAX_DATAGRAM_SIZE,
  MTU_PROBE_TIMEOUT,
  MTU_PROBES,
  MTU_RAISE_INTERVAL,
  MTU_SEARCH_STEP,
  MTU_WATCH_INTERVAL,
  MTU_WATCH_SPACING,
} from '../limits.ts'

const NONE = -1

export class MtuSearch {
  /** PLPMTU: bytes of the largest datagram that the path is known to carry. */
  size: number
  /** Sizes from here on are not tried: the peer does not want them, or they failed. */
  #tooLarge: number
  /** `#tooLarge` of a new search; 0 before `start`. */
  #limit: number
  /** Of the probe that comes next, or is under way; 0: the search is over. */
  #probe: number
  /** Packet number of the probe under way. */
  #underWay: number
  #sentAt: number
  /** Probes of this size that were lost. */
  #losses: number
  /** PMTU_RAISE_TIMER, RFC 8899 §5.1.1: when a finished search begins anew, in ms; 0: not set yet. */
  #raiseAt: number
  /** When a full datagram was watched, how many packets were lost by then, and full ones sent since. */
  #watchedAt: number
  #lostBefore: number
  #unwatched: number

  constructor() {
    this.size = BASE_DATAGRAM_SIZE
    this.#tooLarge = 0
    this.#limit = 0
    this.#probe = 0
    this.#underWay = NONE
    this.#sentAt = 0
    this.#losses = 0
    this.#raiseAt = Infinity
    this.#watchedAt = -Infinity
    this.#lostBefore = 0
    this.#unwatched = 0
  }

  /** The path carries 1200 bytes, RFC 9000 §14. `maxUdpPayloadSize` is the peer's, §18.2. */
  start(maxUdpPayloadSize: number): void {
    this.#limit = Math.min(MAX_DATAGRAM_SIZE, maxUdpPayloadSize) + 1
    this.#search()
  }

  /** Bytes of the probe to send now; 0: none. */
  probeSize(now: number): number {
    if (this.#underWay !== NONE) {
      if (now - this.#sentAt < MTU_PROBE_TIMEOUT) return 0
      this.onProbeLost(this.#underWay)
    }
    if (this.#probe === 0 && this.#raiseAt !== Infinity) this.#await(now)
    return this.#probe
  }

  onProbeSent(now: number, packetNumber: number): void {
    this.#underWay = packetNumber
    this.#sentAt = now
  }

  /** The probe arrived. True: datagrams grow. */
  onProbeAcked(packetNumber: number): boolean {
    // One of a search that was given up says how the path was before.
    if (packetNumber !== this.#underWay) return false
    this.#underWay = NONE
    this.size = this.#probe
    this.#watchedAt = -Infinity
    this.#next()
    return true
  }

  onProbeLost(packetNumber: number): void {
    if (packetNumber !== this.#underWay) return
    this.#underWay = NONE
    this.#losses++
    // RFC 8899 §5.1.2: MAX_PROBES, for one may be lost for other reasons than its size.
    if (this.#losses < MTU_PROBES) return
    this.#tooLarge = this.#probe
    this.#next()
  }

  /**
   * Nothing arrives any more, RFC 8899 §4.3: back to BASE_PLPMTU, which every QUIC path carries, until
   * the next search. False: that is where we are.
   */
  onBlackHole(): boolean {
    if (this.size === BASE_DATAGRAM_SIZE) return false
    this.size = BASE_DATAGRAM_SIZE
    this.#end()
    return true
  }

  /**
   * Whether to watch if a datagram of `size` bytes that is sent now leaves in one piece: each probe, and of
   * those with data one in a while, sooner after a loss.
   *
   * @param lost packets of the connection that were lost so far
   */
  watches(now: number, size: number, lost: number): boolean {
    if (size > this.size) return true
    // What is much smaller says nothing of the largest.
    if (size + MTU_SEARCH_STEP < this.size) return false
    this.#unwatched++
    const due =
      now - this.#watchedAt >= MTU_WATCH_INTERVAL ||
      (lost !== this.#lostBefore && this.#unwatched >= MTU_WATCH_SPACING)
    if (!due) return false
    this.#watchedAt = now
    this.#lostBefore = lost
    this.#unwatched = 0
    return true
  }

  /**
   * The kernel cut a datagram of `size` bytes in fragments, RFC 9000 §14: it knows of a smaller MTU. Sizes
   * below are probed at once. True: datagrams shrink until one arrives.
   */
  onFragmented(size: number): boolean {
    if (size <= BASE_DATAGRAM_SIZE) return false
    const shrinks = size <= this.size
    if (shrinks) this.size = BASE_DATAGRAM_SIZE
    else if (size >= this.#tooLarge) return false
    this.#tooLarge = size
    this.#underWay = NONE
    this.#next()
    return shrinks
  }

  #search(): void {
    this.#tooLarge = this.#limit
    this.#raiseAt = Infinity
    this.#losses = 0
    this.#probe = this.#limit > this.size + 1 ? this.#limit - 1 : 0
  }

  /** From what is known now to the next size worth a probe. */
  #next(): void {
    const between = this.#tooLarge - this.size
    if (between <= MTU_SEARCH_STEP) {
      this.#end()
      return
    }
    this.#losses = 0
    this.#probe = this.size + (between >> 1)
  }

  #end(): void {
    this.#probe = 0
    this.#underWay = NONE
    // RFC 8899 §5.2: the timer runs where a path might carry more.
    this.#raiseAt = this.size + 1 < this.#limit ? 0 : Infinity
  }

  /** The search is over for a while; the timer begins when somebody asks for the next probe. */
  #await(now: number): void {
    if (this.#raiseAt === 0) this.#raiseAt = now + MTU_RAISE_INTERVAL
    else if (now >= this.#raiseAt) this.#search()
  }
}
