// RFC 9002 appendices A and B as they are written there, with a Map of sent packets and a full scan
// for everything: what LossDetection must equal. Differences in wording: a space's anti-deadlock rule
// looks at Initial and Handshake packets only while the handshake is not confirmed, and persistent
// congestion (which the appendix leaves open) is found by looking at every pair of lost packets; and
// the oldest packets that are not in flight are forgotten where SentPackets would have to grow.

import type { PacketKind } from './harness.ts'
import { ACK_ONLY, ELICITING } from './harness.ts'

interface Packet {
  readonly number: number
  readonly timeSent: number
  readonly size: number
  readonly kind: PacketKind
  readonly tokens: number
}

interface History extends Packet {
  fate: 'flying' | 'acked' | 'lost'
}

export interface Verdict {
  readonly acked: string[]
  readonly lost: string[]
  /** Calls to the congestion controller, in order. */
  readonly calls: string[]
}

export class Appendix {
  readonly sent: Map<number, Packet>[] = [new Map(), new Map(), new Map()]
  readonly history: History[][] = [[], [], []]
  readonly largestAcked = [-1, -1, -1]
  readonly lastEliciting = [0, 0, 0]
  readonly lossTime = [Infinity, Infinity, Infinity]
  readonly probes = [0, 0, 0]
  readonly #room = [64, 64, 64]
  readonly #tokenRoom = [64, 64, 64]
  /** Packets that a declared period has used up, per space. */
  readonly #usedUpTo = [-1, -1, -1]
  latestRtt = 0
  smoothedRtt = 333
  rttvar = 166.5
  minRtt = 0
  firstSample = Infinity
  maxAckDelay = 25
  bytesInFlight = 0
  ptoCount = 0
  timeout = Infinity
  confirmed = false
  handshakeKeys = false
  validated: boolean
  atLimit = false
  verdict: Verdict = { acked: [], lost: [], calls: [] }

  constructor(server: boolean) {
    this.validated = server
  }

  onPacketSent(
    now: number,
    space: number,
    number: number,
    size: number,
    kind: PacketKind,
    tokens: number,
  ): void {
    this.#forget(space, number, tokens)
    const packet = { number, timeSent: now, size, kind, tokens }
    this.sent[space].set(number, packet)
    this.history[space].push({ ...packet, fate: 'flying' })
    if (kind === ACK_ONLY) return
    if (kind === ELICITING) {
      this.lastEliciting[space] = now
      if (this.probes[space] > 0) this.probes[space]--
    }
    this.bytesInFlight += size
    this.setTimer(now)
  }

  onAckReceived(now: number, space: number, numbers: readonly number[], delay: number): void {
    const largest = Math.max(...numbers)
    this.largestAcked[space] = Math.max(this.largestAcked[space], largest)
    const newly = [...numbers]
      .sort((a, b) => a - b)
      .map((n) => this.sent[space].get(n))
      .filter((p) => p !== undefined)
    if (newly.length === 0) return
    for (const p of newly) {
      this.sent[space].delete(p.number)
      if (p.kind !== ACK_ONLY) this.bytesInFlight -= p.size
      this.history[space].find((h) => h.number === p.number)!.fate = 'acked'
    }
    if (newly.some((p) => p.kind === ELICITING)) {
      this.probes[space] = 0
      const last = newly.at(-1)!
      if (last.number === largest) this.#updateRtt(now, now - last.timeSent, delay)
    }
    this.#onPacketsLost(now, space, this.#detectLost(now, space))
    for (const p of newly) this.verdict.acked.push(`${space}:${p.number}`)
    // The controller hears once of an ACK frame.
    const flying = newly.filter((p) => p.kind !== ACK_ONLY)
    if (flying.length > 0) {
      const sentTime = Math.max(...flying.map((p) => p.timeSent))
      this.verdict.calls.push(`acked ${sentTime} ${flying.reduce((sum, p) => sum + p.size, 0)}`)
    }
    if (space === 1) this.validated = true
    if (this.validated) this.ptoCount = 0
    this.setTimer(now)
  }

  onTimeout(now: number): void {
    if (now < this.timeout) return
    const time = Math.min(...this.lossTime)
    if (time !== Infinity) {
      const space = this.lossTime.indexOf(time)
      this.#onPacketsLost(now, space, this.#detectLost(now, space))
      this.setTimer(now)
      return
    }
    const space = this.#ptoSpace()
    if (space < 0) this.probes[this.handshakeKeys ? 1 : 0] = 1
    else {
      for (let s = 0; s < 3; s++) {
        if (s === space) this.probes[s] = 2
        else if (this.#eliciting(s) && this.probes[s] === 0) this.probes[s] = 1
      }
    }
    this.ptoCount++
    this.setTimer(now)
  }

  onSpaceDiscarded(now: number, space: number): void {
    for (const p of this.sent[space].values()) {
      if (p.kind !== ACK_ONLY) this.bytesInFlight -= p.size
    }
    this.sent[space].clear()
    this.lossTime[space] = Infinity
    this.probes[space] = 0
    this.ptoCount = 0
    this.setTimer(now)
  }

  setTimer(now: number): void {
    const time = Math.min(...this.lossTime)
    if (time !== Infinity) this.timeout = time
    else if (this.atLimit) this.timeout = Infinity
    else {
      const space = this.#ptoSpace()
      if (space >= 0) this.timeout = this.#ptoTime(space)
      else this.timeout = this.validated ? Infinity : now + this.#duration(0)
    }
  }

  #forget(space: number, number: number, tokens: number): void {
    const sent = this.sent[space]
    const base = (): number => Math.min(...sent.keys())
    const tokensFrom = (from: number): number =>
      this.history[space].reduce((sum, h) => sum + (h.number >= from ? h.tokens : 0), 0)
    while (sent.size > 0 && number - base() >= this.#room[space]) {
      if (sent.get(base())!.kind === ACK_ONLY) sent.delete(base())
      else this.#room[space] *= 2
    }
    while (sent.size > 0 && tokensFrom(base()) + tokens > this.#tokenRoom[space]) {
      if (sent.get(base())!.kind === ACK_ONLY) sent.delete(base())
      else this.#tokenRoom[space] *= 2
    }
  }

  #duration(space: number): number {
    const delay = space === 2 ? this.maxAckDelay : 0
    return (this.smoothedRtt + Math.max(4 * this.rttvar, 1) + delay) * 2 ** this.ptoCount
  }

  #ptoTime(space: number): number {
    return this.lastEliciting[space] + this.#duration(space)
  }

  #eliciting(space: number): boolean {
    return [...this.sent[space].values()].some((p) => p.kind === ELICITING)
  }

  #ptoSpace(): number {
    let best = -1
    for (let space = 0; space < 3; space++) {
      if (!this.#eliciting(space) || (space === 2 && !this.confirmed)) continue
      if (best < 0 || this.#ptoTime(space) < this.#ptoTime(best)) best = space
    }
    return best
  }

  #updateRtt(now: number, sample: number, ackDelay: number): void {
    // Not in the pseudocode: a first sample that is mostly delay is not taken.
    if (this.firstSample === Infinity && !this.confirmed && ackDelay > sample / 2) return
    this.latestRtt = sample
    if (this.firstSample === Infinity) {
      this.firstSample = now
      this.minRtt = sample
      this.smoothedRtt = sample
      this.rttvar = sample / 2
      return
    }
    this.minRtt = Math.min(this.minRtt, sample)
    // The delay of Initial packets counts: §5.3 leaves it open.
    let delay = ackDelay
    if (this.confirmed) delay = Math.min(delay, this.maxAckDelay)
    const adjusted = sample >= this.minRtt + delay ? sample - delay : sample
    this.rttvar = (3 / 4) * this.rttvar + (1 / 4) * Math.abs(this.smoothedRtt - adjusted)
    this.smoothedRtt = (7 / 8) * this.smoothedRtt + (1 / 8) * adjusted
  }

  #detectLost(now: number, space: number): Packet[] {
    this.lossTime[space] = Infinity
    const delay = Math.max(1, (9 / 8) * Math.max(this.latestRtt, this.smoothedRtt))
    const lost: Packet[] = []
    for (const p of [...this.sent[space].values()].sort((a, b) => a.number - b.number)) {
      if (p.number > this.largestAcked[space]) continue
      if (p.timeSent + delay <= now || this.largestAcked[space] >= p.number + 3) {
        this.sent[space].delete(p.number)
        lost.push(p)
      } else {
        this.lossTime[space] = Math.min(this.lossTime[space], p.timeSent + delay)
      }
    }
    return lost
  }

  #onPacketsLost(now: number, space: number, lost: readonly Packet[]): void {
    let last = -1
    let bytes = 0
    for (const p of lost) {
      this.history[space].find((h) => h.number === p.number)!.fate = 'lost'
      this.verdict.lost.push(`${space}:${p.number}`)
      if (p.kind === ACK_ONLY) continue
      this.bytesInFlight -= p.size
      bytes += p.size
      last = Math.max(last, p.timeSent)
    }
    if (last < 0) return
    this.verdict.calls.push(`congestion ${last} ${bytes}`)
    if (this.#isPersistent(space, lost)) {
      this.verdict.calls.push('persistent')
      this.minRtt = this.latestRtt
      void now
    }
  }

  /** RFC 9002 §7.6.2, for every packet `b` just lost and every packet `a` lost before it. */
  #isPersistent(space: number, lost: readonly Packet[]): boolean {
    const duration = (this.smoothedRtt + Math.max(4 * this.rttvar, 1) + this.maxAckDelay) * 3
    let found = false
    for (const b of lost) {
      if (b.kind !== ELICITING || b.timeSent <= this.firstSample) continue
      for (const a of this.history[space]) {
        if (a.number >= b.number) break
        if (a.number <= this.#usedUpTo[space]) continue
        if (a.fate !== 'lost' || a.kind !== ELICITING || a.timeSent <= this.firstSample) continue
        if (b.timeSent - a.timeSent <= duration) continue
        const between = this.history[space].some(
          (h) => h.number > a.number && h.number < b.number && h.fate === 'acked',
        )
        const elsewhere = this.history.some(
          (list, s) =>
            s !== space && list.some((h) => h.fate === 'acked' && h.timeSent >= a.timeSent),
        )
        if (between || elsewhere) continue
        found = true
        this.#usedUpTo[space] = b.number
        break
      }
    }
    return found
  }
}
