// One request and its response, RFC 9114 §4.1.

import { H3_REQUEST_CANCELLED } from './errors.ts'

export class RequestStream {
  /** The QUIC stream ID. */
  readonly id: number
  /** A place for the layer above to hang its own state on. */
  context: unknown

  constructor(id: number) {
    this.id = id
    this.context = undefined
  }

  // --- sending

  /** Server: an interim response (`:status` 1xx, not 101). */
  sendInformational(fields: readonly string[]): void {
    void fields
  }

  /** Server: the final response. `end`: no content follows. A client's request was sent by `request()`. */
  sendHeaders(fields: readonly string[], end: boolean = false): void {
    void [fields, end]
  }

  /**
   * Queues content. The stream keeps a reference until it is acknowledged: do not change it.
   * False: a 'writable' event will tell when there is room; the chunk is queued in either case.
   */
  sendData(chunk: Uint8Array): boolean {
    void chunk
    return true
  }

  /** Sends the trailer section and ends the message. */
  sendTrailers(fields: readonly string[]): void {
    void fields
  }

  /** Ends the message. No-op when it has ended. */
  finish(): void {}

  /** Abandons what we send (RESET_STREAM). No-op when it was acknowledged or reset. */
  reset(errorCode: number): void {
    void errorCode
  }

  // --- receiving

  /**
   * The next bytes of content, or null when there are none now. Not reading stops the sender.
   * Poll events afterwards: reading may bring 'trailers', 'end' or 'reset'.
   */
  readData(): Uint8Array | null {
    return null
  }

  /** Reads no more: STOP_SENDING, and no further event about receiving. No-op when it has ended. */
  stopSending(errorCode: number): void {
    void errorCode
  }

  /** Both `reset` and `stopSending`. */
  cancel(errorCode: number = H3_REQUEST_CANCELLED): void {
    this.reset(errorCode)
    this.stopSending(errorCode)
  }

  // --- reads

  /** True until the message was ended or reset: `sendData` may be called (after the headers). */
  get writable(): boolean {
    return false
  }

  /** True when the peer's message is complete and was read to its end. */
  get ended(): boolean {
    return false
  }

  /** Bytes queued and not yet acknowledged. */
  get bufferedAmount(): number {
    return 0
  }
}
