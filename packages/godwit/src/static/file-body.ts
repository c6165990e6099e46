// The body of a response that comes out of a file, at the pace of whoever takes it.

import type { FileHandle } from 'node:fs/promises'

import type { Http3ServerResponse } from '@godwit/node'
import { FIRST_READ, LARGE_READ, LARGE_READ_AFTER } from '../limits.ts'
import type { ByteRange } from './range.ts'

/** What a body is made of, in order: text as it is, or bytes of the file. */
export type BodyPart = string | ByteRange

/**
 * The client of a response as a body sees it. Not `pipeline`: over HTTP/2 it does not notice a response
 * whose client has gone before it is called, and waits for ever.
 */
export class Recipient {
  readonly #response: Http3ServerResponse
  readonly #onTaken: () => void
  #gone: boolean
  #resolve: (() => void) | null

  constructor(response: Http3ServerResponse) {
    this.#response = response
    this.#gone = response.destroyed
    this.#resolve = null
    this.#onTaken = () => {
      const resolve = this.#resolve
      this.#resolve = null
      resolve?.()
    }
    const leave = (): void => {
      this.#gone = true
      this.#onTaken()
    }
    response.on('close', leave)
    response.on('error', leave)
  }

  /** The client takes nothing more. */
  get gone(): boolean {
    return this.#gone || this.#response.destroyed
  }

  /**
   * Writes `chunk`, and resolves when the connection has taken it: not when there is room for another in
   * the response's own buffer, which would hold a few more for every client that takes none. False: the
   * client is gone.
   */
  async write(chunk: Uint8Array | string): Promise<boolean> {
    if (this.gone) return false
    await new Promise<void>((resolve) => {
      this.#resolve = resolve
      this.#response.write(chunk, this.#onTaken)
      if (this.gone) this.#onTaken()
    })
    return !this.gone
  }
}

/** Bytes of all parts. */
export function bodyLength(parts: readonly BodyPart[]): number {
  let length = 0
  for (const part of parts) {
    length += typeof part === 'string' ? Buffer.byteLength(part) : part.end - part.start + 1
  }
  return length
}

/**
 * Sends the parts to the recipient. False: it went before the end. Rejects when the file cannot be read,
 * or is shorter than it was.
 */
export async function sendParts(
  handle: FileHandle,
  parts: readonly BodyPart[],
  recipient: Recipient,
): Promise<boolean> {
  let taken = 0
  for (const part of parts) {
    if (typeof part === 'string') {
      if (!(await recipient.write(part))) return false
      continue
    }
    for (let at = part.start; at <= part.end;) {
      const length = Math.min(taken < LARGE_READ_AFTER ? FIRST_READ : LARGE_READ, part.end - at + 1)
      const chunk = await readAt(handle, at, length)
      if (!(await recipient.write(chunk))) return false
      at += chunk.length
      taken += chunk.length
    }
  }
  return true
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  // Memory of its own for each: over TCP it is in use until the kernel has it.
  const buffer = Buffer.allocUnsafeSlow(length)
  const { bytesRead } = await handle.read(buffer, 0, length, position)
  if (bytesRead === 0) throw new Error('a file became shorter while it was sent')
  return buffer.subarray(0, bytesRead)
}
