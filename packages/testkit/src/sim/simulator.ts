// Hosts joined by network paths under a virtual clock: an hour of simulated time takes as long as
// the hosts compute. Nothing here reads a real clock, so a run replays from its seeds.

import type { Millis, NetworkNode, SimDatagram } from './nodes.ts'

/** Address and port of a simulated host. */
export interface SimAddress {
  readonly address: string
  readonly port: number
}

/** A datagram that a host sends. */
export interface SimTransmit extends SimDatagram {
  readonly to: SimAddress
}

/** What the simulator drives. A sans-IO endpoint needs a few lines to look like this. */
export interface SimHost {
  readonly address: SimAddress
  handleDatagram(now: Millis, from: SimAddress, datagram: SimDatagram): void
  handleTimeout(now: Millis): void
  /** The next time at which `handleTimeout` wants to be called; Infinity: none. */
  pollTimeout(): Millis
  /** The next datagram to send, or null. Called until null after every input. */
  pollDatagram(now: Millis): SimTransmit | null
}

interface Arrival {
  readonly at: Millis
  readonly order: number
  readonly host: SimHost
  readonly from: SimAddress
  readonly datagram: SimDatagram
}

const key = (a: SimAddress): string => `${a.address} ${a.port}`

// A host that asks for a timeout at the same instant this often makes no progress.
const MAX_TURNS_WITHOUT_TIME = 10_000

/** Runs hosts against each other in virtual time. */
export class Simulator {
  /** Virtual time, ms. */
  now: Millis
  /** Datagrams that a host sent, and those that reached a host. */
  sent: number
  delivered: number
  /** Sees every datagram that a host sends, with the addresses on it. */
  onSend: (from: SimAddress, to: SimAddress, datagram: SimDatagram) => void
  readonly #hosts: Map<string, SimHost>
  readonly #links: Map<string, NetworkNode>
  /** By the address of a host: the one that others see it at. */
  readonly #translations: Map<string, SimAddress>
  readonly #arrivals: Arrival[]
  #order: number

  constructor(start: Millis = 0) {
    this.now = start
    this.sent = 0
    this.delivered = 0
    this.onSend = () => {}
    this.#hosts = new Map()
    this.#links = new Map()
    this.#translations = new Map()
    this.#arrivals = []
    this.#order = 0
  }

  addHost(host: SimHost): void {
    this.#hosts.set(key(host.address), host)
  }

  /** Takes a host off the network, as when its process is killed. */
  removeHost(address: SimAddress): void {
    this.#hosts.delete(key(address))
  }

  /** Everything from `from` to `to` passes `node`. Without a link it arrives at once. */
  link(from: SimAddress, to: SimAddress, node: NetworkNode): void {
    this.#links.set(`${key(from)}>${key(to)}`, node)
  }

  /**
   * From now on others see the host at `host` at `seen`, as behind a NAT, and reach it there; what is
   * sent to where it was seen before is lost. Its links stay. Null: it is seen as it is.
   */
  rebind(host: SimAddress, seen: SimAddress | null): void {
    if (seen === null) this.#translations.delete(key(host))
    else this.#translations.set(key(host), seen)
  }

  /** Sends a datagram as if `from` had sent it: for tests that forge. */
  inject(from: SimAddress, to: SimAddress, datagram: SimDatagram): void {
    this.#transmit(from, from, to, datagram)
  }

  /**
   * Runs until `done` returns true, nothing is left to happen, or virtual time `deadline` is
   * reached. Returns true when `done` did.
   */
  run(done: () => boolean, deadline: Millis = Infinity): boolean {
    let turns = 0
    this.#flush()
    while (!done()) {
      const next = this.#nextTime()
      if (next === Infinity || next > deadline) {
        if (deadline !== Infinity && deadline > this.now) this.now = deadline
        return false
      }
      if (next > this.now) {
        this.now = next
        turns = 0
      } else if (++turns > MAX_TURNS_WITHOUT_TIME) {
        throw new Error(`no progress at ${this.now} ms: a host keeps asking for the same instant`)
      }
      this.#step()
      this.#flush()
    }
    return true
  }

  /** Runs for `ms` of virtual time. */
  runFor(ms: Millis): void {
    this.run(() => false, this.now + ms)
  }

  #nextTime(): Millis {
    let next = this.#arrivals.length > 0 ? this.#arrivals[0].at : Infinity
    for (const host of this.#hosts.values()) next = Math.min(next, host.pollTimeout())
    return Math.max(next, this.now)
  }

  // Everything that is due now: arrivals first, as an operating system would.
  #step(): void {
    while (this.#arrivals.length > 0 && this.#arrivals[0].at <= this.now) {
      const arrival = this.#pop()
      if (this.#hosts.get(key(arrival.host.address)) !== arrival.host) continue
      this.delivered++
      arrival.host.handleDatagram(this.now, arrival.from, arrival.datagram)
    }
    for (const host of this.#hosts.values()) {
      if (host.pollTimeout() <= this.now) host.handleTimeout(this.now)
    }
  }

  #flush(): void {
    for (const host of this.#hosts.values()) {
      for (let t = host.pollDatagram(this.now); t !== null; t = host.pollDatagram(this.now)) {
        const seen = this.#translations.get(key(host.address)) ?? host.address
        this.#transmit(host.address, seen, t.to, { bytes: t.bytes, ecn: t.ecn })
      }
    }
  }

  /** The host that is reached at an address, if any. */
  #hostAt(address: SimAddress): SimHost | undefined {
    for (const [host, seen] of this.#translations) {
      if (key(seen) === key(address)) return this.#hosts.get(host)
    }
    return this.#translations.has(key(address)) ? undefined : this.#hosts.get(key(address))
  }

  #transmit(from: SimAddress, seen: SimAddress, to: SimAddress, datagram: SimDatagram): void {
    this.sent++
    this.onSend(seen, to, datagram)
    const target = this.#hostAt(to)
    const arrive = (at: Millis, d: SimDatagram): void => {
      // A NAT that forgot the address meanwhile drops it.
      const host = this.#hostAt(to)
      if (host === undefined) return
      this.#push({ at, order: this.#order++, host, from: seen, datagram: d })
    }
    const link = this.#links.get(`${key(from)}>${key(target?.address ?? to)}`)
    if (link === undefined) arrive(this.now, datagram)
    else link.push(this.now, datagram, arrive)
  }

  // A binary heap by time, then by order of sending.
  #push(arrival: Arrival): void {
    const heap = this.#arrivals
    let i = heap.length
    heap.push(arrival)
    while (i > 0) {
      const parent = (i - 1) >>> 1
      if (!before(heap[i], heap[parent])) break
      const other = heap[parent]
      heap[parent] = heap[i]
      heap[i] = other
      i = parent
    }
  }

  #pop(): Arrival {
    const heap = this.#arrivals
    const top = heap[0]
    const last = heap.pop() as Arrival
    if (heap.length === 0) return top
    heap[0] = last
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      if (left >= heap.length) return top
      const right = left + 1
      const child = right < heap.length && before(heap[right], heap[left]) ? right : left
      if (!before(heap[child], heap[i])) return top
      const other = heap[child]
      heap[child] = heap[i]
      heap[i] = other
      i = child
    }
  }
}

function before(a: Arrival, b: Arrival): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
