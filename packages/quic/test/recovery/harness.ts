// Shared by the tests of recovery: a writer with a given packet in it, ACK records, and a sender that
// drives LossDetection under a clock of its own.

import { SPACE_APPLICATION } from '../../src/constants.ts'
import { AckRecord } from '../../src/frame.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import type { CongestionController } from '../../src/recovery/congestion-controller.ts'
import { LossDetection } from '../../src/recovery/loss-detection.ts'
import { NewReno } from '../../src/recovery/new-reno.ts'
import type { PathCapacities } from '../../src/recovery/path-capacity.ts'
import { PathCapacity } from '../../src/recovery/path-capacity.ts'
import type { PacketNumberSpace, RecoveryListener } from '../../src/recovery/recovery-listener.ts'
import { RttEstimator } from '../../src/recovery/rtt.ts'
import { TOKEN_ACK, TOKEN_STREAM } from '../../src/recovery/tokens.ts'

export const MDS = 1200

export const ELICITING = 'eliciting'
/** In flight, and eliciting nothing: PADDING. */
export const PADDING = 'padding'
/** An ACK and nothing else: not in flight. */
export const ACK_ONLY = 'ack'
export type PacketKind = typeof ELICITING | typeof PADDING | typeof ACK_ONLY

/** A writer as it is after a packet with `tokens` tokens (TOKEN_STREAM `id`, 0.., 1) was written. */
export function packet(kind: PacketKind, id: number, tokens: number = 1): PacketWriter {
  const writer = new PacketWriter(new Uint8Array(64))
  writer.reset(0, 64)
  if (kind === ACK_ONLY) writer.addAckToken(TOKEN_ACK, id)
  else if (kind === PADDING) writer.padTo(10)
  else for (let i = 0; i < tokens; i++) writer.addToken(TOKEN_STREAM, id, i, 1)
  return writer
}

/** Ranges `[smallest, largest]`, highest first. */
export function ackOf(
  ranges: readonly (readonly [number, number])[],
  delay: number = 0,
): AckRecord {
  const ack = new AckRecord()
  ack.largest = ranges[0][1]
  ack.rangeCount = ranges.length
  ack.delay = delay
  for (let i = 0; i < ranges.length; i++) {
    ack.rangeSmallest[i] = ranges[i][0]
    ack.rangeLargest[i] = ranges[i][1]
  }
  return ack
}

/** The fewest ranges that cover `numbers`, highest first. */
export function rangesOf(numbers: readonly number[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const n of [...new Set(numbers)].sort((a, b) => b - a)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[0] === n + 1) last[0] = n
    else ranges.push([n, n])
  }
  return ranges
}

/** Notes the packets (by their `id` tokens) whose information came back. */
export class Recorder implements RecoveryListener {
  acked: number[] = []
  lost: number[] = []
  tokens: number[][] = []

  onTokenAcked(space: PacketNumberSpace, kind: number, a: number, b: number, c: number): void {
    this.tokens.push([1, space, kind, a, b, c])
    if (b === 0) this.acked.push(a)
  }

  onTokenLost(space: PacketNumberSpace, kind: number, a: number, b: number, c: number): void {
    this.tokens.push([0, space, kind, a, b, c])
    if (b === 0) this.lost.push(a)
  }
}

/** The capacities of a connection's paths, as `Paths` keeps them. */
export class TestCapacities implements PathCapacities {
  current: PathCapacity
  /** Those of other paths that are kept. */
  readonly others: PathCapacity[] = []
  #next = 2

  constructor(rtt: RttEstimator, congestion: CongestionController, maxDatagramSize: number = MDS) {
    this.current = new PathCapacity(1, rtt, congestion, maxDatagramSize)
  }

  find(number: number): PathCapacity | null {
    if (this.current.number === number) return this.current
    return this.others.find((path) => path.number === number) ?? null
  }

  /** Another path is the current one; the old one is kept, or not. */
  change(congestion: CongestionController, keep: boolean = false): void {
    if (keep) this.others.push(this.current)
    this.current = new PathCapacity(this.#next++, new RttEstimator(), congestion, MDS)
  }
}

export interface SenderOptions {
  readonly side?: 'client' | 'server'
  readonly congestion?: CongestionController
  readonly confirmed?: boolean
}

/** Sends packets whose token id is their packet number. */
export class Sender {
  now: number
  readonly next: number[]
  readonly rtt: RttEstimator
  readonly recorder: Recorder
  readonly congestion: CongestionController
  readonly paths: TestCapacities
  readonly recovery: LossDetection

  constructor(options: SenderOptions = {}) {
    this.now = 1000
    this.next = [0, 0, 0]
    this.rtt = new RttEstimator()
    this.recorder = new Recorder()
    this.congestion = options.congestion ?? new NewReno(MDS)
    this.paths = new TestCapacities(this.rtt, this.congestion)
    this.recovery = new LossDetection({
      side: options.side ?? 'server',
      paths: this.paths,
      listener: this.recorder,
    })
    if (options.confirmed ?? true) this.recovery.setHandshakeConfirmed(this.now)
  }

  /** Of the current path. */
  get capacity(): PathCapacity {
    return this.paths.current
  }

  /** Packets go to another path from now on. */
  move(congestion: CongestionController, keep: boolean = false): void {
    this.paths.change(congestion, keep)
    this.recovery.onPathChanged(this.now)
  }

  send(
    count: number = 1,
    space: PacketNumberSpace = SPACE_APPLICATION,
    kind: PacketKind = ELICITING,
    size: number = MDS,
  ): void {
    for (let i = 0; i < count; i++) {
      const n = this.next[space]++
      this.recovery.onPacketSent(this.now, space, n, size, packet(kind, n))
    }
  }

  ack(
    ranges: readonly (readonly [number, number])[],
    delay: number = 0,
    space: PacketNumberSpace = SPACE_APPLICATION,
  ): void {
    this.recovery.onAckReceived(this.now, space, ackOf(ranges, delay))
  }

  /** Moves to the next timeout and lets it happen. */
  expire(): void {
    this.now = this.recovery.timeout()
    this.recovery.onTimeout(this.now)
  }
}
