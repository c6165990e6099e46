// A TCP bulk sender (CUBIC, RFC 9438) that shares a link with the datagrams under test, modelled
// packet by packet. It keeps no clock: whenever a datagram comes, it first does what it would have done
// since the last one.

import type { Emit, Millis, NetworkNode, SimDatagram } from '@godwit/testkit'

/** Bytes of a segment above IP, as much as an Ethernet frame carries. */
const SEGMENT = 1472
const INITIAL_WINDOW = 10
/** RFC 9438 §4.1, §4.6. */
const C = 0.4
const BETA = 0.7
/** A segment is lost when three later ones were acknowledged, RFC 5681 §3.2. */
const REORDERING = 3
const TIMEOUT = 1000

class TcpSender {
  readonly #link: NetworkNode
  readonly #returnDelay: Millis
  readonly #segment: SimDatagram
  /** Acknowledgements on their way, in order of arrival: times and sequence numbers. */
  readonly #acks: { readonly at: Millis; readonly sequence: number }[]
  readonly #outstanding: Set<number>
  #next: number
  #window: number
  #threshold: number
  /** Window before the last reduction, and when that was: CUBIC grows back to it. */
  #windowMax: number
  #epoch: Millis
  /** Losses of segments before this one belong to the last reduction. */
  #recovery: number
  #lastAck: Millis

  constructor(link: NetworkNode, returnDelay: Millis) {
    this.#link = link
    this.#returnDelay = returnDelay
    this.#segment = { bytes: new Uint8Array(SEGMENT), ecn: 0 }
    this.#acks = []
    this.#outstanding = new Set()
    this.#next = 0
    this.#window = INITIAL_WINDOW
    this.#threshold = Infinity
    this.#windowMax = 0
    this.#epoch = 0
    this.#recovery = 0
    this.#lastAck = 0
  }

  /** Does everything that happens up to `now`. */
  advance(now: Millis): void {
    if (this.#next === 0) this.#send(now)
    for (;;) {
      const ack = this.#acks[0]
      const timeout = this.#lastAck + TIMEOUT
      if (ack !== undefined && ack.at <= Math.min(now, timeout)) {
        this.#acks.shift()
        this.#onAck(ack.at, ack.sequence)
      } else if (timeout <= now) {
        this.#onTimeout(timeout)
      } else {
        return
      }
    }
  }

  #onAck(now: Millis, sequence: number): void {
    this.#lastAck = now
    this.#outstanding.delete(sequence)
    let lost = false
    for (const older of this.#outstanding) {
      if (older > sequence - REORDERING) break
      this.#outstanding.delete(older)
      lost ||= older >= this.#recovery
    }
    if (lost) this.#reduce(now)
    else this.#grow(now)
    this.#send(now)
  }

  #grow(now: Millis): void {
    if (this.#window < this.#threshold) {
      this.#window++
      return
    }
    const k = Math.cbrt((this.#windowMax * (1 - BETA)) / C)
    const target = C * ((now - this.#epoch) / 1000 - k) ** 3 + this.#windowMax
    // At least as fast as Reno would, RFC 9438 §4.3.
    const reno = (3 * (1 - BETA)) / (1 + BETA) / this.#window
    this.#window += Math.max((target - this.#window) / this.#window, reno)
  }

  #reduce(now: Millis): void {
    this.#windowMax = this.#window
    this.#epoch = now
    this.#window = Math.max(this.#window * BETA, 2)
    this.#threshold = this.#window
    this.#recovery = this.#next
  }

  #onTimeout(now: Millis): void {
    this.#lastAck = now
    this.#reduce(now)
    this.#window = 1
    this.#outstanding.clear()
    this.#acks.length = 0
    this.#send(now)
  }

  #send(now: Millis): void {
    while (this.#outstanding.size < Math.floor(this.#window)) {
      const sequence = this.#next++
      this.#outstanding.add(sequence)
      this.#link.push(now, this.#segment, (at) => {
        this.#acks.push({ at: at + this.#returnDelay, sequence })
      })
    }
  }
}

/** `link`, shared with a TCP connection whose acknowledgements take `returnDelay` ms from its end. */
export function tcpBeside(link: NetworkNode, returnDelay: Millis): NetworkNode {
  const sender = new TcpSender(link, returnDelay)
  return {
    push(now: Millis, datagram: SimDatagram, emit: Emit): void {
      sender.advance(now)
      link.push(now, datagram, emit)
    },
  }
}
