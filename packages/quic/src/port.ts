// What an application protocol sees of a QUIC connection: the port that http3 and webtransport are
// written against. `Connection` and its streams satisfy it; tests of http3 may use another.

export type StreamDirection = 'bidi' | 'uni'

/**
 * One stream, either half or both. Calls on a half that the stream does not have, or after its end,
 * throw a QuicError with `ERR_QUIC_STREAM_STATE`; what the peer does never throws.
 */
export interface QuicStream {
  /** Stream ID, RFC 9000 §2.1. */
  readonly id: number
  readonly direction: StreamDirection
  /** True when we opened it. */
  readonly local: boolean
  /** A place for the layer above to hang its own state on. */
  context: unknown
  /**
   * Counts a stream of the peer among those that are open until `release`, though both its parts may be
   * over before: for a layer above that keeps state of its own for each stream, so that the limit on
   * concurrent streams (RFC 9000 §4.6) bounds that state, too. No-op for streams of ours.
   */
  retain(): void
  /** The layer above is through with the stream. No-op when it was not retained. */
  release(): void

  // --- sending part
  /**
   * Queues `data`. The stream keeps a reference until the bytes are acknowledged: do not change
   * them. False: more than the send buffer's high-water mark is waiting; a 'stream-writable' event
   * follows when it has drained. The data is queued in either case, unless the peer stopped the
   * stream or the connection is over, of which an event tells: then it is dropped.
   */
  write(data: Uint8Array): boolean
  /** Ends the sending part: FIN after the last byte written. */
  finish(): void
  /** Abandons the sending part with RESET_STREAM, RFC 9000 §19.4. No-op when all was acknowledged. */
  reset(errorCode: number): void
  /** Bytes written and not yet acknowledged. */
  readonly bufferedAmount: number
  /** Bytes that `write` takes before it returns false. 0 as well when nothing can be written any more. */
  readonly writableAmount: number
  /** True while `write` may be called. */
  readonly writable: boolean

  // --- receiving part
  /**
   * The next bytes in order, or null when none are there now. The array belongs to the caller.
   * Reading is what extends flow control: a reader that stops, stops the sender.
   */
  read(): Uint8Array | null
  /** True when a FIN arrived and every byte before it was read. */
  readonly ended: boolean
  /** Asks the peer to stop with STOP_SENDING and drops what arrives, RFC 9000 §19.5. */
  stopSending(errorCode: number): void
}

/** What happened on a connection. Polled until null; each is small, data is pulled from the stream. */
export type ConnectionEvent =
  /** The handshake is complete; for a client this means that the server is authenticated. */
  | { readonly type: 'connected' }
  /** The handshake is confirmed, RFC 9001 §4.1.2. */
  | { readonly type: 'handshake-confirmed' }
  /** The peer opened a stream. */
  | { readonly type: 'stream-opened'; readonly stream: QuicStream }
  /** `read()` has something: bytes, or the end. Comes again only after `read()` returned null. */
  | { readonly type: 'stream-readable'; readonly stream: QuicStream }
  /** After `write()` returned false: there is room again. */
  | { readonly type: 'stream-writable'; readonly stream: QuicStream }
  /** The peer reset its sending part; unread bytes are gone. */
  | { readonly type: 'stream-reset'; readonly stream: QuicStream; readonly errorCode: number }
  /** The peer asked us to stop; the sending part was reset with the same code, RFC 9000 §3.5. */
  | { readonly type: 'stop-sending'; readonly stream: QuicStream; readonly errorCode: number }
  /** Every byte and the FIN of the sending part, or its reset, were acknowledged. */
  | { readonly type: 'stream-finished'; readonly stream: QuicStream }
  /** `openStream(direction)` will work again after it returned null. */
  | { readonly type: 'streams-available'; readonly direction: StreamDirection }
  /**
   * The connection is over for the application; no event follows but 'drained'. `error` is null
   * for a close without error (RFC 9000 NO_ERROR, or an idle timeout of a connection with no streams).
   */
  | { readonly type: 'closed'; readonly error: Error | null }
  /** All state may be forgotten: closing or draining is over, RFC 9000 §10.2. */
  | { readonly type: 'drained' }

/** A connection as an application protocol sees it. */
export interface QuicPort {
  readonly side: 'client' | 'server'
  /** A new stream of ours, or null at the peer's limit: 'streams-available' follows. */
  openStream(direction: StreamDirection): QuicStream | null
  /** Whether the connection is kept alive though nothing is sent, RFC 9000 §10.1.2. Default false. */
  setKeepAlive(wanted: boolean): void
  /** Closes with an application error code, RFC 9000 §19.19 type 0x1d. Later calls do nothing. */
  close(errorCode: number, reason: string): void
}
