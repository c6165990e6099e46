// Writes a web Response to the response of a server, at the client's pace.

import { isConnectionField } from '../fields.ts'
import { CHUNKS_PER_TURN } from '../limits.ts'
import { nextTurn } from '../next-turn.ts'
import type { Http3ServerResponse } from './response.ts'

/** @throws TypeError for a Response that cannot be sent: a network error, or one whose body is gone. */
export function checkSendable(from: Response): void {
  if (from.status === 0)
    throw new TypeError('a Response of status 0 (Response.error()) cannot be sent')
  if (from.bodyUsed || from.body?.locked === true) {
    throw new TypeError('the body of the Response was read, or is being read, by somebody else')
  }
}

/** Nobody will read the body: its source is told, if nobody else reads it. */
export function cancelBody(from: Response, reason: unknown): void {
  const { body } = from
  if (body !== null && !body.locked) body.cancel(reason).catch(() => {})
}

/**
 * Sends all of `from`. When the client goes away, or wants no content, the body is cancelled.
 * Rejects for what cannot be sent, and with what the body's source failed with.
 */
export async function sendResponse(from: Response, to: Http3ServerResponse): Promise<void> {
  if (to.destroyed) {
    cancelBody(from, undefined)
    return
  }
  sendHead(from, to)
  const { body } = from
  if (body === null || dropsContent(from.status, to)) {
    cancelBody(from, undefined)
    to.end()
    return
  }
  const reader = body.getReader()
  const stop = (): void => {
    reader.cancel().catch(() => {})
  }
  to.once('close', stop)
  try {
    await pump(reader, to)
  } finally {
    // Here, too: a response may be destroyed, and the body have given a chunk, before 'close'. What was
    // read to its end, or has failed, is not cancelled by this.
    to.off('close', stop)
    stop()
  }
}

/** Until the source is dry, or the client gone. */
async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  to: Http3ServerResponse,
): Promise<void> {
  for (let count = 1; ; count++) {
    const { done, value } = await reader.read()
    if (to.destroyed) return
    if (done) break
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(`a Response's body expected chunks of Uint8Array, got ${typeof value}`)
    }
    if (!to.write(value)) await roomIn(to)
    else if (count % CHUNKS_PER_TURN === 0) await nextTurn()
  }
  to.end()
}

function sendHead(from: Response, to: Http3ServerResponse): void {
  for (const [name, value] of from.headers) {
    // Those of a connection are the server's to set, whatever the protocol.
    if (name !== 'set-cookie' && !isConnectionField(name)) to.setHeader(name, value)
  }
  const cookies = from.headers.getSetCookie()
  if (cookies.length > 0) to.setHeader('set-cookie', cookies)
  // node:http, over TCP, would send a body of another length than announced.
  if ('strictContentLength' in to) to.strictContentLength = true
  if (from.status === 204 || from.status === 205 || from.status === 304) {
    to.removeHeader('content-length')
  } else if (from.body === null && to.req.method !== 'HEAD' && !to.hasHeader('content-length')) {
    to.setHeader('content-length', 0)
  }
  to.writeHead(from.status)
}

function dropsContent(status: number, to: Http3ServerResponse): boolean {
  return to.req.method === 'HEAD' || status === 204 || status === 205 || status === 304
}

/** Resolves when the client keeps up again, or is gone. */
function roomIn(response: Http3ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go)
      response.off('close', go)
      resolve()
    }
    response.on('drain', go)
    response.on('close', go)
    // Its 'close' may have been.
    if (response.destroyed) go()
  })
}
