// The networks of the public runner's scenarios, made of testkit's nodes: 15 ms each way, 10 Mbit/s
// with a queue of 25 packets each way, and what the case adds.

import { blackhole, chain, corrupt, delay, dropList, loss as drop, rate } from '@godwit/testkit'
import type { NetworkNode, Prng } from '@godwit/testkit'
import { tcpBeside } from './cross-traffic.ts'

const DELAY = 15
const BANDWIDTH = 10_000_000
const QUEUE = 25
/** In the loss and corruption scenarios nothing is hit more than three times in a row. */
const BURST = 3

/** Both directions of a network; times are in ms since the client's first datagram. */
export interface Network {
  readonly toServer: NetworkNode
  readonly toClient: NetworkNode
}

/** Makes a network whose random decisions come from `prng`. */
export type NetworkFactory = (prng: Prng) => Network

/** When the client's address or port changes, in ms since its first datagram. */
export interface Rebinding {
  readonly first: number
  readonly every: number
  /** The IP address changes too. */
  readonly address: boolean
}

const link = (ms: number = DELAY): NetworkNode => chain(rate(BANDWIDTH, QUEUE), delay(ms))

export const plain: NetworkFactory = () => ({ toServer: link(), toClient: link() })

export const longDelay: NetworkFactory = () => ({ toServer: link(750), toClient: link(750) })

/** Gone for 2 s after every 5 s. */
export const blackouts: NetworkFactory = () => ({
  toServer: chain(blackhole(5000, 2000), link()),
  toClient: chain(blackhole(5000, 2000), link()),
})

/** The first datagram of the client arrives, the next six do not. */
export const initialsLost: NetworkFactory = () => ({
  toServer: chain(dropList([1, 2, 3, 4, 5, 6]), link()),
  toClient: link(),
})

export const loss =
  (probability: number): NetworkFactory =>
  (prng) => ({
    toServer: chain(drop(probability, prng.fork(), BURST), link()),
    toClient: chain(drop(probability, prng.fork(), BURST), link()),
  })

export const corruption =
  (probability: number): NetworkFactory =>
  (prng) => ({
    toServer: chain(corrupt(probability, prng.fork(), BURST), link()),
    toClient: chain(corrupt(probability, prng.fork(), BURST), link()),
  })

/** The way to the client is shared with a bulk sender of TCP. */
export const besideTcp: NetworkFactory = () => ({
  toServer: link(),
  toClient: chain(tcpBeside(rate(BANDWIDTH, QUEUE), DELAY * 2), delay(DELAY)),
})
