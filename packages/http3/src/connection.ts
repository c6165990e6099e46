// An HTTP/3 connection over a QUIC port, RFC 9114: it sorts the port's events to streams, and speaks
// on the control stream.

import { QpackError } from '@godwit/qpack'
import type { ConnectionEvent, QuicPort, QuicStream } from '@godwit/quic'
import { encodeVarint, MAX_VARINT, varintLength } from '@godwit/wire'
import { FRAME_GOAWAY, STREAM_CONTROL } from './constants.ts'
import type { ControlHandler } from './control-reader.ts'
import { ControlReader } from './control-reader.ts'
import { Http3Core } from './core.ts'
import {
  H3_NO_ERROR,
  H3_REQUEST_REJECTED,
  H3_STREAM_CREATION_ERROR,
  Http3Error,
  stateError,
} from './errors.ts'
import type { Http3Event } from './event.ts'
import { DEFAULT_MAX_FIELD_SECTION_SIZE } from './limits.ts'
import { checkRequestFields } from './message-fields.ts'
import { closedCriticalStream, PeerStream, PeerStreams } from './peer-streams.ts'
import { checkPairs, RequestStream } from './request-stream.ts'
import type { PeerSettings } from './settings.ts'
import { encodeSettingsFrame } from './settings.ts'

export interface Http3ConnectionOptions {
  /**
   * Largest header or trailer section to accept, in bytes as RFC 9114 §4.2.2 counts them: name,
   * value and 32 for each line. Default 65536.
   */
  readonly maxFieldSectionSize?: number
}

/**
 * HTTP/3 on one connection. Feed it every event of the port, then poll its own until null; poll
 * also after calls, which may bring events.
 */
export class Http3Connection {
  readonly #core: Http3Core
  readonly #peerStreams: PeerStreams
  #control: QuicStream | null
  // The request stream ID in our GOAWAY, a server's; Infinity: none sent.
  #rejectFrom: number
  // After the highest request stream of the client.
  #nextRequestId: number
  #goawaySent: boolean
  #goawayReceived: boolean

  /** @throws TypeError or RangeError for a wrong option. */
  constructor(port: QuicPort, options: Http3ConnectionOptions = {}) {
    const size = options.maxFieldSectionSize ?? DEFAULT_MAX_FIELD_SECTION_SIZE
    if (typeof size !== 'number') {
      throw new TypeError(`"maxFieldSectionSize" expected a number, got ${typeof size}`)
    }
    if (!Number.isInteger(size) || size < 0 || size > MAX_VARINT) {
      throw new RangeError(
        `"maxFieldSectionSize" expected an integer from 0 to 2^53-1, got ${size}`,
      )
    }
    const handler: ControlHandler = {
      handleSettings: (settings) => this.#handleSettings(settings),
      handleGoaway: (id) => this.#handleGoaway(id),
    }
    this.#core = new Http3Core(port, size)
    this.#peerStreams = new PeerStreams(this.#core, new ControlReader(this.#core, handler))
    this.#control = null
    this.#rejectFrom = Infinity
    this.#nextRequestId = 0
    this.#goawaySent = false
    this.#goawayReceived = false
  }

  // --- commands

  /**
   * Client: sends a request; `end`: without content. Null when the peer's stream limit is reached
   * (try again after the port's 'streams-available').
   *
   * @throws TypeError when the fields do not make a request that RFC 9114 §4.2 to §4.4 permit.
   * @throws Http3Error `ERR_HTTP3_GOAWAY` when `closing`; `ERR_HTTP3_FIELD_SECTION_TOO_LARGE`;
   *   `ERR_HTTP3_CONTENT_LENGTH` when content was announced and `end` is true.
   */
  request(fields: readonly string[], end: boolean): RequestStream | null {
    const core = this.#core
    if (core.isServer) throw stateError('a server does not send requests')
    checkPairs(fields)
    const wrong = checkRequestFields(fields, core.head)
    if (wrong !== null) throw new TypeError(`"fields" expected a request: ${wrong}`)
    if (this.closing) {
      throw new Http3Error(H3_NO_ERROR, 'the connection takes no new requests', {
        code: 'ERR_HTTP3_GOAWAY',
      })
    }
    this.#openControl()
    const quic = core.port.openStream('bidi')
    if (quic === null) return null
    const stream = new RequestStream(core, quic)
    quic.context = stream
    try {
      stream.sendRequest(fields, core.head, end)
    } catch (error) {
      stream.cancel()
      throw error
    }
    return stream
  }

  /**
   * Takes no new requests (server) or makes none (client), and tells the peer with GOAWAY (RFC 9114
   * §5.2). Requests in progress go on; close the port when `openRequests` is 0.
   */
  shutdown(): void {
    if (this.#goawaySent || this.#core.closed) return
    this.#goawaySent = true
    if (this.#core.isServer) this.#rejectFrom = this.#nextRequestId
    if (this.#control === null) this.#openControl()
    else this.#sendGoaway()
  }

  /**
   * Gives up the exchanges in which nothing has moved since the last call although it was the peer's
   * turn: to send a header section or content, or to take what we have sent. Hosts call it at an
   * interval, which is how long they wait. A tunnel (CONNECT) may be silent.
   *
   * @returns how many were given up; their events follow
   */
  cancelStalled(): number {
    let cancelled = 0
    for (const stream of this.#core.streams.values()) {
      if (!stream.isStalled()) continue
      stream.handleStalled()
      cancelled++
    }
    return cancelled
  }

  // --- input

  /** Takes an event of the port. Never throws for what the peer did: it closes the port. */
  handleEvent(event: ConnectionEvent): void {
    if (this.#core.closed) return
    try {
      this.#handleEvent(event)
    } catch (error) {
      if (error instanceof Http3Error) this.#core.fail(error)
      else if (error instanceof QpackError) {
        this.#core.fail(new Http3Error(error.errorCode, error.message, { cause: error }))
      } else throw error
    }
  }

  // --- output

  pollEvent(): Http3Event | null {
    for (;;) {
      const event = this.#core.events.shift()
      if (event === undefined) return null
      if (!('stream' in event) || event.stream.isNews(event.type)) return event
    }
  }

  // --- reads

  /** The peer's settings, or null before they arrived. */
  get peerSettings(): PeerSettings | null {
    return this.#core.peerSettings
  }

  /** Exchanges in which something is still to be received, or to be acknowledged by the peer. */
  get openRequests(): number {
    return this.#core.streams.size
  }

  /** True after our GOAWAY, a server's GOAWAY, or the end: no new requests. */
  get closing(): boolean {
    return this.#goawaySent || this.#core.closed || (this.#goawayReceived && !this.#core.isServer)
  }

  /** Why we closed the connection: something that the peer did. Null otherwise. */
  get error(): Http3Error | null {
    return this.#core.error
  }

  // --- private

  #handleEvent(event: ConnectionEvent): void {
    switch (event.type) {
      case 'connected':
      case 'streams-available':
        return this.#openControl()
      case 'stream-opened':
        return this.#handleOpened(event.stream)
      case 'stream-readable': {
        const target = event.stream.context
        if (target instanceof RequestStream) target.handleReadable()
        else if (target instanceof PeerStream) this.#peerStreams.handleReadable(target)
        return
      }
      case 'stream-writable': {
        const target = event.stream.context
        if (target instanceof RequestStream) target.handleWritable()
        return
      }
      case 'stream-reset': {
        const target = event.stream.context
        if (target instanceof RequestStream) target.handleReset(event.errorCode)
        else if (target instanceof PeerStream) this.#peerStreams.handleClosed(target)
        return
      }
      case 'stop-sending': {
        const target = event.stream.context
        if (target instanceof RequestStream) target.handleStopSending(event.errorCode)
        // RFC 9114 §6.2.1: "the receiver MUST NOT request that the sender close the control stream".
        else if (event.stream === this.#control) throw closedCriticalStream()
        return
      }
      case 'stream-finished': {
        const target = event.stream.context
        if (target instanceof RequestStream) target.handleFinished()
        return
      }
      case 'closed':
        return this.#core.end()
      case 'handshake-confirmed':
      case 'drained':
    }
  }

  #handleOpened(quic: QuicStream): void {
    if (quic.direction === 'uni') {
      const stream = new PeerStream(quic)
      quic.context = stream
      this.#peerStreams.handleReadable(stream)
      return
    }
    // RFC 9114 §6.1: no extension that permits them was negotiated.
    if (!this.#core.isServer) {
      throw new Http3Error(H3_STREAM_CREATION_ERROR, 'a bidirectional stream from a server')
    }
    if (quic.id >= this.#rejectFrom) {
      // RFC 9114 §5.2: requests that come after GOAWAY are cancelled, too.
      if (!quic.ended) quic.stopSending(H3_REQUEST_REJECTED)
      quic.reset(H3_REQUEST_REJECTED)
      this.#core.countGlitch()
      return
    }
    if (quic.id >= this.#nextRequestId) this.#nextRequestId = quic.id + 4
    const stream = new RequestStream(this.#core, quic)
    quic.context = stream
    stream.handleReadable()
  }

  #handleSettings(settings: PeerSettings): void {
    this.#core.peerSettings = settings
    this.#core.events.push({ type: 'settings', settings })
  }

  #handleGoaway(id: number): void {
    this.#goawayReceived = true
    this.#core.events.push({ type: 'goaway', id })
    if (this.#core.isServer) return // a push ID, and we do not push
    for (const stream of this.#core.streams.values()) {
      if (stream.id >= id) stream.handleRejected()
    }
  }

  // RFC 9114 §6.2.1: the control stream begins with SETTINGS, "sent as soon as the transport is
  // ready". QPACK needs no stream of ours while no dynamic table is used (RFC 9204 §4.2).
  #openControl(): void {
    if (this.#control !== null || this.#core.closed) return
    const stream = this.#core.port.openStream('uni')
    if (stream === null) return // 'streams-available' follows
    this.#control = stream
    const settings = encodeSettingsFrame(this.#core.maxFieldSectionSize)
    const first = new Uint8Array(1 + settings.length)
    first[0] = STREAM_CONTROL
    first.set(settings, 1)
    stream.write(first)
    if (this.#goawaySent) this.#sendGoaway()
  }

  // From a client: the first push ID that it will not take, RFC 9114 §5.2. It takes none.
  #sendGoaway(): void {
    if (this.#control === null) return
    const id = this.#core.isServer ? this.#rejectFrom : 0
    const frame = new Uint8Array(2 + varintLength(id))
    frame[0] = FRAME_GOAWAY
    frame[1] = varintLength(id)
    encodeVarint(frame, 2, id)
    this.#control.write(frame)
  }
}
