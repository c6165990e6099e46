// Gives back memory that node:dgram and node:crypto made, without waiting for the garbage collector.
//
// Each datagram received and each result of a cipher is an ArrayBuffer of its own. V8 counts them as
// external memory, and starts a full collection whenever some 10 MB of it have come together: up to 40
// times a second at 1 Gbit/s, each marking all that lives. Moving such a buffer to nowhere frees it at
// once, and the allocator hands the same warm memory out again.

import { MessageChannel } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { RELEASE_BATCH } from './limits.ts'

/**
 * Frees the memory of `bytes`, which nobody may use any more: its buffer is detached, now or a little
 * later. A view of a part of a buffer, such as a piece of Buffer's pool, is left alone.
 */
export type ReleaseMemory = (bytes: Uint8Array) => void

type Transfer = (this: ArrayBuffer, length: number) => ArrayBuffer

/** By ArrayBuffer.prototype.transfer, which Node.js has from version 22 on. */
export function releaseByTransfer(transfer: Transfer): ReleaseMemory {
  return (bytes) => {
    const buffer = wholeBuffer(bytes)
    if (buffer !== null) transfer.call(buffer, 0)
  }
}

/** By messages to a closed port: what they carry is detached all the same, and freed with the message. */
export function releaseByMessage(): ReleaseMemory {
  let port: MessagePort | null = null
  let pending: ArrayBuffer[] = []
  return (bytes) => {
    const buffer = wholeBuffer(bytes)
    if (buffer === null) return
    pending.push(buffer)
    if (pending.length < RELEASE_BATCH) return
    port ??= closedPort()
    port.postMessage(null, pending)
    pending = []
  }
}

const { transfer } = ArrayBuffer.prototype as { transfer?: Transfer }

/** The way that this Node.js has. */
export const releaseMemory: ReleaseMemory =
  transfer === undefined ? releaseByMessage() : releaseByTransfer(transfer)

function wholeBuffer({ buffer, byteLength }: Uint8Array): ArrayBuffer | null {
  return buffer instanceof ArrayBuffer && byteLength > 0 && byteLength === buffer.byteLength
    ? buffer
    : null
}

function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port1.close()
  port2.close()
  return port1
}
