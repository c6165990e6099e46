// One sender on a link of a given rate, delay and queue, with an acknowledgement for each packet that arrives: the
// recovery classes alone, so that a test can look into the controller at any moment.

import { Prng } from '@godwit/testkit'
import { SPACE_APPLICATION } from '../../src/constants.ts'
import type { CongestionController } from '../../src/recovery/congestion-controller.ts'
import type { PathCapacity } from '../../src/recovery/path-capacity.ts'
import { ackOf, ELICITING, MDS, packet, Sender } from '../recovery/harness.ts'

export interface LinkOptions {
  readonly congestion: CongestionController
  /** Bytes per millisecond. */
  readonly rate: number
  /** Round trip without a queue, in ms. */
  readonly rtt: number
  /** Bytes that the queue before the link holds. */
  readonly queue: number
  readonly seed?: number
}

/** Every packet is the same: what is in it does not matter here. */
const PACKET = packet(ELICITING, 1)

interface Arrival {
  readonly at: number
  readonly packetNumber: number
}

export class Link {
  rate: number
  /** Part of the packets that the link loses at random. */
  lossRate: number
  /** Bytes per millisecond that the application has; Infinity: it always has more. 0: nothing. */
  appRate: number
  /** Bytes that arrived. */
  delivered: number
  /** Called after each acknowledgement. */
  onAck: () => void
  readonly sender: Sender
  /** Round trip without a queue, in ms. */
  rtt: number
  readonly #queue: number
  readonly #prng: Prng
  readonly #arrivals: Arrival[]
  #busyUntil: number
  #appBytes: number
  #appAt: number

  constructor(options: LinkOptions) {
    this.rate = options.rate
    this.lossRate = 0
    this.appRate = Infinity
    this.delivered = 0
    this.onAck = () => {}
    this.sender = new Sender({ congestion: options.congestion })
    this.rtt = options.rtt
    this.#queue = options.queue
    this.#prng = new Prng(options.seed ?? 1)
    this.#arrivals = []
    this.#busyUntil = 0
    this.#appBytes = 0
    this.#appAt = this.sender.now
  }

  get now(): number {
    return this.sender.now
  }

  get capacity(): PathCapacity {
    return this.sender.capacity
  }

  /** Runs for `ms`, or until `done`. True: done. */
  run(ms: number, done: () => boolean = () => false): boolean {
    const { sender } = this
    const end = sender.now + ms
    while (!done()) {
      const sendAt = this.#sendAt()
      const at = Math.min(this.#arrivals[0]?.at ?? Infinity, sendAt, sender.recovery.timeout())
      if (at > end) {
        sender.now = end
        return false
      }
      sender.now = Math.max(at, sender.now)
      if ((this.#arrivals[0]?.at ?? Infinity) <= sender.now) this.#ack()
      else if (sendAt <= sender.now) this.#send()
      else this.#timeout()
    }
    return true
  }

  #sendAt(): number {
    const { sender, capacity } = this
    if (!capacity.canSend(MDS)) return Infinity
    if (this.appRate !== Infinity) {
      this.#appBytes += this.appRate * (sender.now - this.#appAt)
      this.#appAt = sender.now
      if (this.#appBytes < MDS) {
        capacity.onDataExhausted()
        if (this.appRate === 0) return Infinity
        return sender.now + (MDS - this.#appBytes) / this.appRate + 1e-6
      }
    }
    return capacity.nextSendTime(sender.now)
  }

  #send(): void {
    const { sender } = this
    if (this.appRate !== Infinity) this.#appBytes -= MDS
    const n = sender.next[SPACE_APPLICATION]++
    sender.recovery.onPacketSent(sender.now, SPACE_APPLICATION, n, MDS, PACKET)
    const start = Math.max(this.#busyUntil, sender.now)
    if ((start - sender.now) * this.rate > this.#queue || this.#prng.chance(this.lossRate)) return
    this.#busyUntil = start + MDS / this.rate
    this.#arrivals.push({ at: this.#busyUntil + this.rtt, packetNumber: n })
  }

  #ack(): void {
    const { sender } = this
    const { packetNumber } = this.#arrivals.shift() as Arrival
    this.delivered += MDS
    const ack = ackOf([[packetNumber, packetNumber]])
    sender.recovery.onAckReceived(sender.now, SPACE_APPLICATION, ack)
    this.onAck()
  }

  #timeout(): void {
    const { sender } = this
    sender.recovery.onTimeout(sender.now)
    while (sender.recovery.probesPending(SPACE_APPLICATION) > 0) this.#send()
  }
}
