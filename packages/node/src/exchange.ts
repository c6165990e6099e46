// What the host hangs on a request stream: whoever deals with one request and its response.

/** Receives what http3 says of one stream. Set as the stream's `context`. */
export interface ExchangeHandler {
  /** The final response (client side). */
  onResponse(fields: readonly string[], end: boolean): void
  /** An interim response, RFC 9114 §4.1. */
  onInformational(fields: readonly string[]): void
  /** `readData` may have something. */
  onData(): void
  onTrailers(fields: readonly string[]): void
  /** The peer's message is complete; what is left of its body can be read. */
  onEnd(): void
  /** After `sendData` returned 'full': there is room again. */
  onWritable(): void
  /** The peer's message will not be complete. */
  onReset(error: Error): void
  /** The peer reads no more of our message; `errorCode` is RFC 9114 §8.1's. */
  onStopSending(errorCode: number): void
  /** The connection is gone. */
  onSessionClosed(error: Error): void
}
