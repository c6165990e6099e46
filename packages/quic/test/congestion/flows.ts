// Uploads that share one bottleneck in the simulator, for what congestion controllers make of it.

import { chain, delay, pair } from '@godwit/testkit'
import type { NetworkNode, Pair, SimConnection } from '@godwit/testkit'
import type { CongestionControl } from '../../src/recovery/create-congestion-controller.ts'

const CHUNK = new Uint8Array(65_536)

export interface Flow {
  readonly congestion: CongestionControl
  readonly client: SimConnection
  readonly server: SimConnection
  /** Bytes that have arrived in order. */
  received(): number
  /** Whether there is always more to send. */
  busy: boolean
}

export interface FlowsOptions {
  readonly seed: number
  /** One-way delay in ms, both ways. */
  readonly delay: number
  /** From client to server, behind the delay of the way there: the bottleneck. */
  readonly bottleneck: NetworkNode
}

/** A client whose connections go through one bottleneck, each with a controller of its own. */
export class Flows {
  readonly pair: Pair
  readonly all: Flow[]

  constructor(options: FlowsOptions) {
    this.pair = pair({
      seed: options.seed,
      toServer: chain(options.bottleneck, delay(options.delay)),
      toClient: delay(options.delay),
    })
    this.all = []
  }

  /** Connects and begins to upload without end. */
  start(congestion: CongestionControl): Flow {
    const { client, server } = this.pair.establish({ transport: { congestion } })
    const arrived = { bytes: 0 }
    server.autoRead = false
    server.onEvent = (event) => {
      if (event.type !== 'stream-readable') return
      for (let data = event.stream.read(); data !== null; data = event.stream.read()) {
        arrived.bytes += data.length
      }
    }
    const flow: Flow = { congestion, client, server, received: () => arrived.bytes, busy: true }
    const stream = client.connection.openStream('uni')
    if (stream === null) throw new Error('no stream')
    const fill = (): void => {
      while (flow.busy && stream.write(CHUNK)) continue
    }
    client.onEvent = (event) => {
      if (event.type === 'stream-writable') fill()
    }
    fill()
    this.all.push(flow)
    return flow
  }

  /** Runs for `ms` and returns each flow's goodput in Mbit/s. */
  measure(ms: number): number[] {
    const before = this.all.map((flow) => flow.received())
    this.pair.runFor(ms)
    return this.all.map((flow, i) => ((flow.received() - before[i]) * 8) / ms / 1000)
  }
}

/** Jain's index of fairness: 1 when all get the same. */
export function jain(rates: readonly number[]): number {
  const sum = rates.reduce((a, b) => a + b, 0)
  return sum ** 2 / (rates.length * rates.reduce((a, b) => a + b * b, 0))
}
