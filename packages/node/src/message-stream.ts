// What a message needs of its stream. http3's RequestStream has this shape, and so has the adapter for
// streams of HTTP/2 (server/http2-message-stream.ts).

import type { SendOutcome } from '@godwit/http3'

/** The sending half. Every call is answered in every state: done, too late, or the caller's mistake. */
export interface SendingStream {
  readonly id: number
  /** Content behind free space for a header, see http3's RequestStream. */
  sendFramed(frame: Uint8Array, length: number): SendOutcome
  sendData(chunk: Uint8Array): SendOutcome
  /** Bytes that can be sent before the outcome is 'full'. */
  readonly writableAmount: number
  /** False: too late, as in all that follow. */
  finish(): boolean
  /** Abandons what we send. `errorCode` is RFC 9114 §8.1's. */
  reset(errorCode: number): void
}

/** Both halves, as a server uses them. */
export interface MessageStream extends SendingStream {
  sendInformational(fields: readonly string[]): boolean
  sendHeaders(fields: readonly string[], end: boolean): boolean
  sendTrailers(fields: readonly string[]): boolean
  /** The next bytes of content; null: none now. */
  readData(): Uint8Array | null
  /** Reads no more. */
  stopSending(errorCode: number): void
}
