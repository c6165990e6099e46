// Stream data on its way in and out, and flow control.

import type * as ReassemblyModule from '../../packages/quic/src/streams/reassembly.ts'
import type * as SendBufferModule from '../../packages/quic/src/streams/send-buffer.ts'
import type * as ReceiveWindowModule from '../../packages/quic/src/streams/receive-window.ts'
import { internal } from '../lib/internal.ts'
import type { Micro } from './micro.ts'

const { Reassembly } = await internal<typeof ReassemblyModule>('quic/streams/reassembly')
const { SendBuffer } = await internal<typeof SendBufferModule>('quic/streams/send-buffer')
const { ReceiveWindow } = await internal<typeof ReceiveWindowModule>('quic/streams/receive-window')

const FRAME = 1300
const FLIGHT = 64

/** Frames in the order of `order`, which names those of a flight; read after each. */
function reassembly(name: string, order: readonly number[]): Micro {
  const stream = new Reassembly()
  const packet = new Uint8Array(FRAME)
  let base = 0
  return {
    name: `reassembly, ${name}`,
    count: order.length,
    run: () => {
      let length = 0
      for (const index of order) {
        stream.insert(base + index * FRAME, packet, 0, FRAME, Infinity)
        for (let data = stream.read(); data !== null; data = stream.read()) length += data.length
      }
      base += order.length * FRAME
      return length
    },
  }
}

function sendBuffer(name: string, writeSize: number): Micro {
  const buffer = new SendBuffer()
  const data = new Uint8Array(writeSize)
  const packet = new Uint8Array(FRAME)
  const count = Math.max(1, Math.floor(writeSize / FRAME))
  return {
    name: `send buffer, writes of ${name}: append, copy out, acknowledge`,
    count,
    run: () => {
      let offset = buffer.end
      buffer.append(data)
      const end = buffer.end
      while (offset < end) {
        const length = Math.min(FRAME, end - offset)
        buffer.copy(offset, length, packet, 0)
        buffer.onAcked(offset, length)
        offset += length
      }
      return buffer.base
    },
  }
}

export function streamMicros(): Micro[] {
  const inOrder = Array.from({ length: FLIGHT }, (_, i) => i)
  const window = new ReceiveWindow(2 ** 20, 2 ** 23, 0)
  let now = 0
  return [
    reassembly('frames in order', inOrder),
    reassembly(
      'pairs exchanged',
      inOrder.map((i) => i ^ 1),
    ),
    reassembly('flights of 64 backwards', inOrder.toReversed()),
    sendBuffer('64 kB', 65_536),
    sendBuffer('100 bytes', 100),
    {
      name: 'flow control: a frame received, read, maybe announced',
      run: () => {
        window.received += FRAME
        window.consumed += FRAME
        now += 0.01
        return window.isRaiseDue ? window.raise(now, 1) : window.limit
      },
    },
  ]
}
