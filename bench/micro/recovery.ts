// What every packet costs in recovery: the record of sent packets, ACK processing, ACK generation.

import type { LossDetection } from '../../packages/quic/src/recovery/loss-detection.ts'
import type * as PacketWriterModule from '../../packages/quic/src/packet-writer.ts'
import type * as FrameEncoderModule from '../../packages/quic/src/frame-encoder.ts'
import type * as FrameModule from '../../packages/quic/src/frame.ts'
import type * as LossDetectionModule from '../../packages/quic/src/recovery/loss-detection.ts'
import type * as SentPacketsModule from '../../packages/quic/src/recovery/sent-packets.ts'
import type * as ReceivedPacketsModule from '../../packages/quic/src/recovery/received-packets.ts'
import type { PathCapacity } from '../../packages/quic/src/recovery/path-capacity.ts'
import type * as PathCapacityModule from '../../packages/quic/src/recovery/path-capacity.ts'
import type * as RttModule from '../../packages/quic/src/recovery/rtt.ts'
import type * as CubicModule from '../../packages/quic/src/recovery/cubic.ts'
import { internal } from '../lib/internal.ts'
import type { Micro } from './micro.ts'

const { PacketWriter } = await internal<typeof PacketWriterModule>('quic/packet-writer')
const { writeStreamHeader } = await internal<typeof FrameEncoderModule>('quic/frame-encoder')
const { AckRecord } = await internal<typeof FrameModule>('quic/frame')
const recovery = {
  ...(await internal<typeof LossDetectionModule>('quic/recovery/loss-detection')),
  ...(await internal<typeof SentPacketsModule>('quic/recovery/sent-packets')),
  ...(await internal<typeof ReceivedPacketsModule>('quic/recovery/received-packets')),
  ...(await internal<typeof PathCapacityModule>('quic/recovery/path-capacity')),
  ...(await internal<typeof RttModule>('quic/recovery/rtt')),
  ...(await internal<typeof CubicModule>('quic/recovery/cubic')),
}

const SIZE = 1350
const APPLICATION = 2
const FLIGHT = 64

function streamPacket(): InstanceType<typeof PacketWriter> {
  const writer = new PacketWriter(new Uint8Array(SIZE))
  writer.reset(0, SIZE)
  writeStreamHeader(writer, 4, 1_000_000, 1300, false)
  return writer
}

function lossDetection(): { loss: LossDetection; path: PathCapacity } {
  const nothing = (): void => {}
  const congestion = new recovery.Cubic(SIZE)
  const path = new recovery.PathCapacity(1, new recovery.RttEstimator(), congestion, SIZE)
  const loss = new recovery.LossDetection({
    side: 'server',
    paths: { current: path, find: () => null },
    listener: { onTokenAcked: nothing, onTokenLost: nothing },
  })
  return { loss, path }
}

/** A flight of 64 packets, acknowledged two at a time. */
function acksInOrder(): Micro {
  const { loss, path } = lossDetection()
  const packet = streamPacket()
  const ack = new AckRecord()
  let now = 0
  let next = 0
  return {
    name: 'sent and acknowledged, ACK for every 2nd packet',
    count: FLIGHT,
    run: () => {
      const first = next
      for (let i = 0; i < FLIGHT; i++) loss.onPacketSent(now, APPLICATION, next++, SIZE, packet)
      now += 10
      for (let n = first + 1; n < next; n += 2) {
        ack.largest = n
        ack.rangeCount = 1
        ack.rangeSmallest[0] = n - 1
        ack.rangeLargest[0] = n
        loss.onAckReceived(now, APPLICATION, ack)
      }
      return path.bytesInFlight
    },
  }
}

/** The same, every fourth packet lost. */
function acksWithLoss(): Micro {
  const { loss, path } = lossDetection()
  const packet = streamPacket()
  const ack = new AckRecord()
  let now = 0
  let next = 0
  return {
    name: 'the same, every 4th packet lost',
    count: FLIGHT,
    run: () => {
      const first = next
      for (let i = 0; i < FLIGHT; i++) loss.onPacketSent(now, APPLICATION, next++, SIZE, packet)
      now += 10
      for (let n = first + 2; n < next; n += 4) {
        ack.largest = n
        ack.rangeCount = 1
        ack.rangeSmallest[0] = n - 2
        ack.rangeLargest[0] = n
        loss.onAckReceived(now, APPLICATION, ack)
      }
      now += 1000
      if (loss.timeout() <= now) loss.onTimeout(now)
      return path.bytesInFlight
    },
  }
}

function ring(): Micro {
  const sent = new recovery.SentPackets()
  const packet = streamPacket()
  let next = 0
  return {
    name: 'ring: add, acknowledge, trim',
    count: FLIGHT,
    run: () => {
      const first = next
      for (let i = 0; i < FLIGHT; i++) {
        sent.reserve(next, 1)
        sent.add(0, next++, SIZE, packet, 1)
      }
      for (let n = first; n < next; n++) {
        sent.markNewlyAcked(n)
        sent.settleAcked(n)
      }
      sent.trim()
      return sent.base
    },
  }
}

function received(name: string, step: number): Micro {
  const packets = new recovery.ReceivedPackets({ maxAckDelay: 25, immediate: false })
  const writer = new PacketWriter(new Uint8Array(SIZE))
  let next = 0
  let now = 0
  return {
    name,
    count: 2,
    run: () => {
      now += 0.01
      for (let i = 0; i < 2; i++) {
        packets.onPacketReceived(now, next, true, 0)
        next += step
      }
      writer.reset(0, SIZE)
      packets.writeAck(now, writer, 3)
      // The peer has seen the ACK of some packets before.
      packets.onAckAcknowledged(next - 64)
      return writer.position
    },
  }
}

export function recoveryMicros(): Micro[] {
  return [
    acksInOrder(),
    acksWithLoss(),
    ring(),
    received('received in order, ACK written for every 2nd', 1),
    received('received with gaps, ACK written for every 2nd', 2),
  ]
}
