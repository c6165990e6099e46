// Frames of streams that carry no data. What is wanted is kept as bits, and the values are read when
// a frame is written: however often something changes, one frame says the latest, and no queue can
// grow (RFC 9000 §13.3).

import { Ring } from '@godwit/wire'
import {
  dataBlockedLength,
  maxDataLength,
  maxStreamDataLength,
  maxStreamsLength,
  resetStreamLength,
  stopSendingLength,
  streamDataBlockedLength,
  streamsBlockedLength,
  writeDataBlocked,
  writeMaxData,
  writeMaxStreamData,
  writeMaxStreams,
  writeResetStream,
  writeStopSending,
  writeStreamDataBlocked,
  writeStreamsBlocked,
} from '../frame-encoder.ts'
import type { PacketWriter } from '../packet-writer.ts'
import {
  TOKEN_MAX_DATA,
  TOKEN_MAX_STREAMS_BIDI,
  TOKEN_MAX_STREAMS_UNI,
  TOKEN_STREAMS_BLOCKED_BIDI,
  TOKEN_STREAMS_BLOCKED_UNI,
} from '../recovery/tokens.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import {
  CONTROL_MAX_STREAM_DATA,
  CONTROL_RESET_STREAM,
  CONTROL_STOP_SENDING,
  CONTROL_STREAM_DATA_BLOCKED,
} from './stream-host.ts'
import type { LocalStreams, PeerStreams } from './stream-limits.ts'
import type { Stream } from './stream.ts'

// Frames of the connection, as bits; those of a stream are in stream-host.ts.
export const CONTROL_MAX_DATA = 1
export const CONTROL_MAX_STREAMS_BIDI = 2
export const CONTROL_MAX_STREAMS_UNI = 4
export const CONTROL_DATA_BLOCKED = 8
export const CONTROL_STREAMS_BLOCKED_BIDI = 16
export const CONTROL_STREAMS_BLOCKED_UNI = 32

export class ControlFrames {
  readonly #limits: ConnectionLimits
  #wanted: number
  /** Streams that had a bit set, each once; those of `#wanting` still have. */
  readonly #streams: Ring<Stream>
  #wanting: number

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
    this.#wanted = 0
    this.#streams = new Ring()
    this.#wanting = 0
  }

  request(control: number): void {
    this.#wanted |= control
  }

  requestFor(stream: Stream, control: number): void {
    if (stream.controls === 0) this.#wanting++
    stream.controls |= control
    if (stream.controlsQueued) return
    stream.controlsQueued = true
    this.#streams.push(stream)
  }

  cancelFor(stream: Stream, control: number): void {
    if ((stream.controls & control) === 0) return
    stream.controls &= ~control
    if (stream.controls === 0) this.#onServed()
  }

  clear(): void {
    this.#wanted = 0
    this.#wanting = 0
    this.#forgetStreams()
  }

  /** A frame of the connection was lost; true when it is wanted again, for nothing newer was sent. */
  onLost(kind: number, value: number): boolean {
    const limits = this.#limits
    const before = this.#wanted
    if (kind === TOKEN_MAX_DATA) {
      if (value === limits.receiveWindow.limit) this.#wanted |= CONTROL_MAX_DATA
    } else if (kind === TOKEN_MAX_STREAMS_BIDI) {
      if (value === limits.peerBidi.limit) this.#wanted |= CONTROL_MAX_STREAMS_BIDI
    } else if (kind === TOKEN_MAX_STREAMS_UNI) {
      if (value === limits.peerUni.limit) this.#wanted |= CONTROL_MAX_STREAMS_UNI
    } else if (kind === TOKEN_STREAMS_BLOCKED_BIDI) {
      if (isBlocked(limits.localBidi, value)) this.#wanted |= CONTROL_STREAMS_BLOCKED_BIDI
    } else if (kind === TOKEN_STREAMS_BLOCKED_UNI) {
      if (isBlocked(limits.localUni, value)) this.#wanted |= CONTROL_STREAMS_BLOCKED_UNI
    }
    return this.#wanted !== before
  }

  get hasPending(): boolean {
    return this.#wanted !== 0 || this.#wanting > 0
  }

  /** Writes what fits; the rest stays wanted. */
  write(now: number, smoothedRtt: number, writer: PacketWriter): void {
    if (this.#wanted !== 0) this.#writeForConnection(now, smoothedRtt, writer)
    for (;;) {
      const stream = this.#streams.at(0)
      if (stream === undefined) return
      if (stream.controls !== 0) {
        writeForStream(stream, now, smoothedRtt, writer)
        if (stream.controls !== 0) return
        this.#wanting--
      }
      stream.controlsQueued = false
      this.#streams.shift()
    }
  }

  #onServed(): void {
    this.#wanting--
    // What is left in the queue would keep streams that are over.
    if (this.#wanting === 0) this.#forgetStreams()
  }

  #forgetStreams(): void {
    for (;;) {
      const stream = this.#streams.shift()
      if (stream === undefined) return
      stream.controlsQueued = false
    }
  }

  #writeForConnection(now: number, smoothedRtt: number, writer: PacketWriter): void {
    const limits = this.#limits
    if ((this.#wanted & CONTROL_MAX_DATA) !== 0) {
      const maximum = limits.receiveWindow.raise(now, smoothedRtt)
      if (writer.remaining < maxDataLength(maximum)) return
      writeMaxData(writer, maximum)
      this.#wanted &= ~CONTROL_MAX_DATA
    }
    this.#writeMaxStreams(writer, CONTROL_MAX_STREAMS_BIDI, limits.peerBidi)
    this.#writeMaxStreams(writer, CONTROL_MAX_STREAMS_UNI, limits.peerUni)
    if ((this.#wanted & CONTROL_DATA_BLOCKED) !== 0) {
      // Meanwhile the limit may have been raised.
      if (limits.credit > 0) {
        this.#wanted &= ~CONTROL_DATA_BLOCKED
      } else if (writer.remaining >= dataBlockedLength(limits.sendLimit)) {
        writeDataBlocked(writer, limits.sendLimit)
        this.#wanted &= ~CONTROL_DATA_BLOCKED
      }
    }
    this.#writeStreamsBlocked(writer, CONTROL_STREAMS_BLOCKED_BIDI, limits.localBidi)
    this.#writeStreamsBlocked(writer, CONTROL_STREAMS_BLOCKED_UNI, limits.localUni)
  }

  #writeMaxStreams(writer: PacketWriter, control: number, streams: PeerStreams): void {
    if ((this.#wanted & control) === 0) return
    const maximum = Math.max(streams.limit, streams.nextLimit)
    if (writer.remaining < maxStreamsLength(maximum)) return
    streams.limit = maximum
    writeMaxStreams(writer, control === CONTROL_MAX_STREAMS_BIDI, maximum)
    this.#wanted &= ~control
  }

  #writeStreamsBlocked(writer: PacketWriter, control: number, streams: LocalStreams): void {
    if ((this.#wanted & control) === 0) return
    if (writer.remaining < streamsBlockedLength(streams.limit)) return
    writeStreamsBlocked(writer, control === CONTROL_STREAMS_BLOCKED_BIDI, streams.limit)
    this.#wanted &= ~control
  }
}

/** Whether `open` still waits at the limit that a lost STREAMS_BLOCKED told of. */
function isBlocked(streams: LocalStreams, limit: number): boolean {
  return streams.wanted && streams.limit === limit
}

function writeForStream(
  stream: Stream,
  now: number,
  smoothedRtt: number,
  writer: PacketWriter,
): void {
  const { id, send, receive } = stream
  if (send !== null && (stream.controls & CONTROL_RESET_STREAM) !== 0) {
    if (writer.remaining < resetStreamLength(id, send.errorCode, send.finalSize)) return
    writeResetStream(writer, id, send.errorCode, send.finalSize)
    stream.controls &= ~CONTROL_RESET_STREAM
  }
  if (receive !== null && (stream.controls & CONTROL_STOP_SENDING) !== 0) {
    if (writer.remaining < stopSendingLength(id, receive.stopCode)) return
    writeStopSending(writer, id, receive.stopCode)
    stream.controls &= ~CONTROL_STOP_SENDING
  }
  if (receive !== null && (stream.controls & CONTROL_MAX_STREAM_DATA) !== 0) {
    const maximum = receive.raiseLimit(now, smoothedRtt)
    if (writer.remaining < maxStreamDataLength(id, maximum)) return
    writeMaxStreamData(writer, id, maximum)
    stream.controls &= ~CONTROL_MAX_STREAM_DATA
  }
  if (send !== null && (stream.controls & CONTROL_STREAM_DATA_BLOCKED) !== 0) {
    if (writer.remaining < streamDataBlockedLength(id, send.limit)) return
    writeStreamDataBlocked(writer, id, send.limit)
    send.onBlockedSent()
    stream.controls &= ~CONTROL_STREAM_DATA_BLOCKED
  }
}
