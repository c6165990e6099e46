// Parts of a network path. A node takes a datagram and says which datagrams come out, and when. It
// keeps no clock and no timer, so the same nodes serve the simulator (virtual time) and the
// impairment proxy of interop/ (real time). Compose them with `chain`.

import { Prng } from '../prng.ts'

/** Milliseconds on the caller's clock. */
export type Millis = number

/** One datagram on its way. Nodes that change bytes copy them first. */
export interface SimDatagram {
  readonly bytes: Uint8Array
  /** ECN codepoint, RFC 3168: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE. */
  readonly ecn: number
}

/** Passes a datagram on at time `at`, which is not before the node's `now`. */
export type Emit = (at: Millis, datagram: SimDatagram) => void

export interface NetworkNode {
  push(now: Millis, datagram: SimDatagram, emit: Emit): void
}

/** Nodes one after another; each is given the time at which the one before let go. */
export function chain(...nodes: readonly NetworkNode[]): NetworkNode {
  const step = (index: number, now: Millis, datagram: SimDatagram, emit: Emit): void => {
    if (index === nodes.length) emit(now, datagram)
    else nodes[index].push(now, datagram, (at, d) => step(index + 1, at, d, emit))
  }
  return { push: (now, datagram, emit) => step(0, now, datagram, emit) }
}

/** One-way delay of `ms`, with up to `jitter` ms more; jitter larger than the spacing reorders. */
export function delay(ms: Millis, jitter: Millis = 0, prng: Prng = new Prng(1)): NetworkNode {
  return {
    push: (now, datagram, emit) =>
      emit(now + ms + (jitter > 0 ? prng.float() * jitter : 0), datagram),
  }
}

/**
 * Drops a datagram with probability `rate`. After `maxBurst` drops in a row one is let through,
 * as the loss model of the QUIC interop runner does.
 */
export function loss(rate: number, prng: Prng, maxBurst: number = Infinity): NetworkNode {
  let burst = 0
  return {
    push: (now, datagram, emit) => {
      if (burst < maxBurst && prng.chance(rate)) {
        burst++
        return
      }
      burst = 0
      emit(now, datagram)
    },
  }
}

/** Holds a datagram back by `extra` ms with probability `rate`, so that later ones overtake it. */
export function reorder(rate: number, extra: Millis, prng: Prng): NetworkNode {
  return {
    push: (now, datagram, emit) => emit(prng.chance(rate) ? now + extra : now, datagram),
  }
}

/** Delivers a datagram a second time, `after` ms later, with probability `rate`. */
export function duplicate(rate: number, prng: Prng, after: Millis = 0): NetworkNode {
  return {
    push: (now, datagram, emit) => {
      emit(now, datagram)
      if (prng.chance(rate)) emit(now + after, datagram)
    },
  }
}

/** Flips one random bit with probability `rate`. */
export function corrupt(rate: number, prng: Prng, maxBurst: number = Infinity): NetworkNode {
  let burst = 0
  return {
    push: (now, datagram, emit) => {
      if (burst >= maxBurst || !prng.chance(rate)) {
        burst = 0
        emit(now, datagram)
        return
      }
      burst++
      // Not slice(): that of a Buffer does not copy.
      const bytes = new Uint8Array(datagram.bytes)
      if (bytes.length > 0) bytes[prng.below(bytes.length)] ^= 1 << prng.below(8)
      emit(now, { bytes, ecn: datagram.ecn })
    },
  }
}

/**
 * A link of `bitsPerSecond` behind a drop-tail queue of `queue` datagrams. `overhead` bytes are
 * added to each datagram for IP and UDP (28 for IPv4).
 */
export function rate(bitsPerSecond: number, queue: number, overhead: number = 28): NetworkNode {
  const bytesPerMs = bitsPerSecond / 8000
  // Departure times of the datagrams in the queue, oldest first.
  const departures: Millis[] = []
  return {
    push: (now, datagram, emit) => {
      while (departures.length > 0 && departures[0] <= now) departures.shift()
      if (departures.length >= queue) return
      const start = departures.length > 0 ? departures[departures.length - 1] : now
      const at = start + (datagram.bytes.length + overhead) / bytesPerMs
      departures.push(at)
      emit(at, datagram)
    },
  }
}

/** Drops datagrams of more than `maxBytes` of UDP payload. */
export function mtu(maxBytes: number): NetworkNode {
  return {
    push: (now, datagram, emit) => {
      if (datagram.bytes.length <= maxBytes) emit(now, datagram)
    },
  }
}

/** Drops the datagrams whose index, counted from 0 in arrival order, is in `indices`. */
export function dropList(indices: Iterable<number>): NetworkNode {
  const drops = new Set(indices)
  let index = 0
  return {
    push: (now, datagram, emit) => {
      if (!drops.has(index++)) emit(now, datagram)
    },
  }
}

/** Passes for `on` ms, drops for `off` ms, and so on from time 0. */
export function blackhole(on: Millis, off: Millis): NetworkNode {
  return {
    push: (now, datagram, emit) => {
      if (now % (on + off) < on) emit(now, datagram)
    },
  }
}

/** Marks ECN-capable datagrams with CE with probability `rate`. */
export function congestionExperienced(markRate: number, prng: Prng): NetworkNode {
  return {
    push: (now, datagram, emit) => {
      const mark = datagram.ecn !== 0 && prng.chance(markRate)
      emit(now, mark ? { bytes: datagram.bytes, ecn: 3 } : datagram)
    },
  }
}

/** Calls `look` for every datagram and passes it on unchanged: a tap for tests. */
export function observe(look: (now: Millis, datagram: SimDatagram) => void): NetworkNode {
  return {
    push: (now, datagram, emit) => {
      look(now, datagram)
      emit(now, datagram)
    },
  }
}
