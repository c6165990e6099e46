// What the parts of one connection share: codecs, events, the peer's settings, and the counters that
// bound what a peer can make us do.

import { FieldSectionDecoder, LINE_OVERHEAD } from '@godwit/qpack'
import type { QuicPort } from '@godwit/quic'
import { NumberMap, Ring } from '@godwit/wire'
import { H3_EXCESSIVE_LOAD, H3_INTERNAL_ERROR, Http3Error } from './errors.ts'
import type { Http3Event } from './event.ts'
import { encodeHeadersFrame } from './headers-frame.ts'
import { MAX_GLITCHES } from './limits.ts'
import { MessageHead } from './message-fields.ts'
import type { RequestStream } from './request-stream.ts'
import type { PeerSettings } from './settings.ts'

/**
 * The peer's message is malformed, too large or incomplete: a stream error, while every other
 * `Http3Error` that is thrown inside is a connection error.
 */
export class MessageError extends Http3Error {}

export class Http3Core {
  readonly port: QuicPort
  readonly isServer: boolean
  readonly maxFieldSectionSize: number
  readonly decoder: FieldSectionDecoder
  /** Filled by the check of the header section at hand; read at once. */
  readonly head: MessageHead
  readonly events: Ring<Http3Event>
  /** Exchanges that are not over: `add` and `remove` change it. */
  readonly streams: NumberMap<RequestStream>
  peerSettings: PeerSettings | null
  /** Bytes held of HEADERS frames that have arrived in part. */
  partialSectionBytes: number
  /** True when the connection is over: whatever is still asked of it does nothing. */
  closed: boolean
  /** Why we closed the connection. */
  error: Http3Error | null
  #glitches: number

  constructor(port: QuicPort, maxFieldSectionSize: number) {
    this.port = port
    this.isServer = port.side === 'server'
    this.maxFieldSectionSize = maxFieldSectionSize
    this.decoder = new FieldSectionDecoder({ maxSize: maxFieldSectionSize })
    this.head = new MessageHead()
    this.events = new Ring()
    this.streams = new NumberMap()
    this.peerSettings = null
    this.partialSectionBytes = 0
    this.closed = false
    this.error = null
    this.#glitches = 0
  }

  /** Closes the connection for something the peer did. */
  fail(error: Http3Error): void {
    if (this.closed) return
    this.error = error
    this.end()
    this.port.close(error.errorCode, error.message)
  }

  /** The connection is over: forgets its exchanges. */
  end(): void {
    this.closed = true
    for (const stream of this.streams.values()) stream.drop()
    this.streams.clear()
  }

  /**
   * RFC 9114 §5.1: "HTTP clients are expected to request that the transport keep connections open while
   * there are responses outstanding", and "Servers SHOULD NOT actively keep connections open".
   */
  add(stream: RequestStream): void {
    this.streams.set(stream.id, stream)
    if (!this.isServer && this.streams.size === 1) this.port.setKeepAlive(true)
  }

  /** The exchange is over, and the host was or is being told so. */
  remove(stream: RequestStream): void {
    if (!this.streams.delete(stream.id)) return
    stream.release()
    if (!this.isServer && this.streams.size === 0) this.port.setKeepAlive(false)
  }

  /** Counts something that costs us and serves nobody, RFC 9114 §10.5. */
  countGlitch(): void {
    this.#glitches++
    if (this.#glitches > MAX_GLITCHES) {
      this.fail(new Http3Error(H3_EXCESSIVE_LOAD, 'too many abandoned requests or useless frames'))
    }
  }

  /** An exchange ended well. */
  countSuccess(): void {
    if (this.#glitches > 0) this.#glitches--
  }

  /**
   * A HEADERS frame with `fields`, which were checked.
   *
   * @throws Http3Error `ERR_HTTP3_FIELD_SECTION_TOO_LARGE`
   */
  encodeHeaders(fields: readonly string[]): Uint8Array {
    // RFC 9114 §4.2.2: an endpoint "SHOULD NOT send an HTTP message header that exceeds the
    // indicated size".
    const limit = this.peerSettings?.maxFieldSectionSize ?? Infinity
    if (limit !== Infinity && fieldSectionSize(fields) > limit) {
      throw new Http3Error(
        H3_INTERNAL_ERROR,
        `"fields" expected at most ${limit} bytes, which is what the peer accepts, got ${fieldSectionSize(fields)}`,
        { code: 'ERR_HTTP3_FIELD_SECTION_TOO_LARGE' },
      )
    }
    return encodeHeadersFrame(fields)
  }
}

// RFC 9114 §4.2.2.
function fieldSectionSize(fields: readonly string[]): number {
  let size = (fields.length / 2) * LINE_OVERHEAD
  for (let i = 0; i < fields.length; i++) size += fields[i].length
  return size
}
