// Unidirectional streams of the peer, RFC 9114 §6.2 and RFC 9204 §4.2: the first bytes say what a
// stream is for.

import { DecoderStreamReader, EncoderStreamReader } from '@godwit/qpack'
import type { QuicStream } from '@godwit/quic'
import {
  STREAM_CONTROL,
  STREAM_PUSH,
  STREAM_QPACK_DECODER,
  STREAM_QPACK_ENCODER,
} from './constants.ts'
import type { ControlReader } from './control-reader.ts'
import type { Http3Core } from './core.ts'
import {
  H3_CLOSED_CRITICAL_STREAM,
  H3_ID_ERROR,
  H3_STREAM_CREATION_ERROR,
  Http3Error,
} from './errors.ts'

/** What takes the bytes of a critical stream. */
interface StreamReader {
  handle(bytes: Uint8Array, start: number, end: number): void
}

/** One stream. The `context` of its QUIC stream. */
export class PeerStream {
  readonly quic: QuicStream
  /** Null while the type is not known, and for a stream that was refused. */
  reader: StreamReader | null
  refused: boolean
  /** The type, as far as it has arrived: `typeLeft` bytes are missing, -1 for all. */
  type: number
  typeLeft: number

  constructor(quic: QuicStream) {
    this.quic = quic
    this.reader = null
    this.refused = false
    this.type = 0
    this.typeLeft = -1
  }
}

/** Sorts the peer's streams by type, each critical one once. Everything throws connection errors. */
export class PeerStreams {
  readonly #core: Http3Core
  readonly #control: ControlReader
  // By stream type: control, push, QPACK encoder, QPACK decoder.
  readonly #seen: [boolean, boolean, boolean, boolean]

  constructor(core: Http3Core, control: ControlReader) {
    this.#core = core
    this.#control = control
    this.#seen = [false, false, false, false]
  }

  handleReadable(stream: PeerStream): void {
    while (!stream.refused && !this.#core.closed) {
      const bytes = stream.quic.read()
      if (bytes === null) {
        if (stream.quic.ended) this.handleClosed(stream)
        return
      }
      let at = 0
      while (stream.reader === null && at < bytes.length && !stream.refused) {
        this.#takeType(stream, bytes[at++])
      }
      stream.reader?.handle(bytes, at, bytes.length)
    }
  }

  /** The peer ended or reset the stream. One without a type yet may, RFC 9114 §6.2. */
  handleClosed(stream: PeerStream): void {
    if (stream.reader !== null) throw closedCriticalStream()
    if (!stream.refused) this.#core.countGlitch()
    stream.refused = true
  }

  #takeType(stream: PeerStream, byte: number): void {
    if (stream.typeLeft < 0) {
      stream.typeLeft = (1 << (byte >>> 6)) - 1
      stream.type = byte & 0x3f
    } else {
      stream.typeLeft--
      stream.type = stream.type * 0x100 + byte
    }
    if (stream.typeLeft === 0) this.#accept(stream)
  }

  #accept(stream: PeerStream): void {
    switch (stream.type) {
      case STREAM_CONTROL:
        this.#claim(STREAM_CONTROL)
        stream.reader = this.#control
        return
      case STREAM_QPACK_ENCODER:
        this.#claim(STREAM_QPACK_ENCODER)
        stream.reader = new EncoderStreamReader()
        return
      case STREAM_QPACK_DECODER:
        this.#claim(STREAM_QPACK_DECODER)
        stream.reader = new DecoderStreamReader()
        return
      case STREAM_PUSH:
        // RFC 9114 §6.2.2 and §4.6: only servers push, and we sent no MAX_PUSH_ID.
        if (this.#core.isServer) {
          throw new Http3Error(H3_STREAM_CREATION_ERROR, 'a push stream from a client')
        }
        throw new Http3Error(H3_ID_ERROR, 'a push stream, but no push was permitted')
      default:
        // RFC 9114 §6.2: "If reading is aborted, the recipient SHOULD use the
        // H3_STREAM_CREATION_ERROR error code".
        stream.refused = true
        this.#core.countGlitch()
        if (!stream.quic.ended) stream.quic.stopSending(H3_STREAM_CREATION_ERROR)
    }
  }

  #claim(type: 0 | 2 | 3): void {
    // RFC 9114 §6.2.1 and RFC 9204 §4.2.
    if (this.#seen[type]) {
      throw new Http3Error(H3_STREAM_CREATION_ERROR, `a second stream of type ${type}`)
    }
    this.#seen[type] = true
  }
}

/** RFC 9114 §6.2.1, RFC 9204 §4.2. */
export function closedCriticalStream(): Http3Error {
  return new Http3Error(H3_CLOSED_CRITICAL_STREAM, 'a critical stream was closed')
}
