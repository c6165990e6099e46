// All streams of one connection, RFC 9000 §2 to §4: which exist, which frames belong to them, and
// what is written next.

import {
  FRAME_MAX_STREAM_DATA,
  FRAME_RESET_STREAM,
  FRAME_STOP_SENDING,
  FRAME_STREAM,
  FRAME_STREAM_DATA_BLOCKED,
} from '../constants.ts'
import { FLOW_CONTROL_ERROR, INTERNAL_ERROR, TransportError } from '../errors.ts'
import {
  MAX_GAPS_PER_CONNECTION,
  MAX_UNACKNOWLEDGED,
  MAX_UNACKNOWLEDGED_WHEN_TIGHT,
  SEND_HIGH_WATER_MARK,
  SEND_LOWERED_MARK,
} from '../limits.ts'
import type { MemoryBudget } from '../memory-budget.ts'
import type { PacketWriter } from '../packet-writer.ts'
import type { ConnectionEvent, StreamDirection } from '../port.ts'
import {
  TOKEN_DATA_BLOCKED,
  TOKEN_MAX_STREAM_DATA,
  TOKEN_RESET_STREAM,
  TOKEN_STOP_SENDING,
  TOKEN_STREAM,
  TOKEN_STREAM_DATA_BLOCKED,
  TOKEN_STREAM_FIN,
} from '../recovery/tokens.ts'
import type { TransportParameters } from '../transport-parameters.ts'
import { ConnectionLimits } from './connection-limits.ts'
import {
  CONTROL_DATA_BLOCKED,
  CONTROL_MAX_DATA,
  CONTROL_MAX_STREAMS_BIDI,
  CONTROL_MAX_STREAMS_UNI,
  CONTROL_STREAMS_BLOCKED_BIDI,
  CONTROL_STREAMS_BLOCKED_UNI,
  ControlFrames,
} from './control-frames.ts'
import type { ReceiveWindow } from './receive-window.ts'
import { NOT_QUEUED, Scheduler } from './scheduler.ts'
import type { SendPart } from './send-part.ts'
import { StreamEvents } from './stream-events.ts'
import type { StreamHost } from './stream-host.ts'
import { CONTROL_MAX_STREAM_DATA, EVENT_READABLE } from './stream-host.ts'
import { isUnidirectional } from './stream-id.ts'
import { RECEIVE, SEND, StreamTable } from './stream-table.ts'
import type { Stream } from './stream.ts'

export interface StreamsOptions {
  readonly side: 'client' | 'server'
  /** What we announce: the initial limits. */
  readonly local: TransportParameters
  /** Bytes: how far the connection's receive window may grow with use. */
  readonly maxData: number
  /** Bytes: how far the receive window of one stream may grow with use. */
  readonly maxStreamData: number
  /** Bytes that may wait to be sent, on all streams, before each takes little more. */
  readonly maxUnsentData: number
  /** What all connections of the endpoint may hold. */
  readonly memory: MemoryBudget
  /** Called when there is something new to send, also from within commands of the application. */
  readonly onPending: () => void
}

/** Figures of the streams of a connection. */
export interface StreamsStats {
  readonly openStreams: number
  /** Bytes written by the application and not yet acknowledged. */
  readonly bytesToSend: number
  /** Bytes received in order and not yet read. */
  readonly bytesToRead: number
}

export class Streams implements StreamHost {
  readonly #onPending: () => void
  readonly #maxUnsentData: number
  readonly #memory: MemoryBudget
  readonly #initialWindow: number
  #limitsKnown: boolean
  #smoothedRtt: number
  // The latest time that we were told: commands of the application come without one.
  #now: number
  readonly #limits: ConnectionLimits
  readonly #table: StreamTable
  readonly #controls: ControlFrames
  readonly #scheduler: Scheduler
  readonly #events: StreamEvents
  #gaps: number
  // Bytes that were sent and are kept, see MAX_UNACKNOWLEDGED.
  #unacknowledged: number
  // Bytes that were written and not sent.
  #unsent: number
  // Both, and the memory of what was received: what counts in the budget.
  #held: number
  #closed: boolean

  constructor(options: StreamsOptions) {
    const { side, local, maxData, maxStreamData } = options
    this.#onPending = options.onPending
    this.#maxUnsentData = options.maxUnsentData
    this.#memory = options.memory
    this.#initialWindow = local.initialMaxData
    this.#limitsKnown = false
    this.#smoothedRtt = 0
    this.#now = 0
    this.#limits = new ConnectionLimits(local, maxData, options.memory)
    this.#table = new StreamTable(side, local, maxStreamData, this.#limits, this)
    this.#controls = new ControlFrames(this.#limits)
    this.#scheduler = new Scheduler()
    this.#events = new StreamEvents(this.#limits, this.#table)
    this.#gaps = 0
    this.#unacknowledged = 0
    this.#unsent = 0
    this.#held = 0
    this.#closed = false
  }

  // --- commands

  /**
   * What the peer announced. May come twice: limits remembered for 0-RTT, then the real ones, which
   * are not lower (RFC 9000 §7.4.1).
   */
  setPeerLimits(peer: TransportParameters): void {
    this.#limitsKnown = true
    this.handleMaxData(peer.initialMaxData)
    this.handleMaxStreams(true, peer.initialMaxStreamsBidi)
    this.handleMaxStreams(false, peer.initialMaxStreamsUni)
    this.#table.setPeerLimits(peer)
  }

  /** Milliseconds; what the growth of windows is measured by. */
  setRtt(smoothedRtt: number): void {
    this.#smoothedRtt = smoothedRtt
  }

  /** A new stream of ours, or null at the peer's limit: 'streams-available' follows. */
  open(direction: StreamDirection): Stream | null {
    if (this.#closed) return null
    const bidi = direction === 'bidi'
    const streams = bidi ? this.#limits.localBidi : this.#limits.localUni
    if (streams.opened >= streams.limit) {
      streams.wanted = true
      // RFC 9000 §4.6: "An endpoint that is unable to open a new stream due to the peer's limits
      // SHOULD send a STREAMS_BLOCKED frame".
      if (this.#limitsKnown && streams.blockedAt !== streams.limit) {
        streams.blockedAt = streams.limit
        this.#request(bidi ? CONTROL_STREAMS_BLOCKED_BIDI : CONTROL_STREAMS_BLOCKED_UNI)
      }
      return null
    }
    return this.#table.open(bidi, this.#now)
  }

  /**
   * The connection is over: streams fail, memory is freed. What arrived completely, to its FIN, and
   * was reported can still be read.
   */
  closeAll(): void {
    if (this.#closed) return
    this.#closed = true
    for (const stream of this.#table.all.values()) {
      stream.abandoned = true
      stream.send?.abandon()
      stream.receive?.abandon()
      const complete = stream.receive !== null && stream.receive.isComplete
      stream.events &= complete ? EVENT_READABLE : 0
    }
    this.#table.all.clear()
    this.#controls.clear()
    this.#limits.peerBidi.reported = this.#limits.peerBidi.opened
    this.#limits.peerUni.reported = this.#limits.peerUni.opened
    this.#limits.localBidi.available = false
    this.#limits.localUni.available = false
    // What can still be read is the application's.
    this.#memory.held -= this.#held
    this.#held = 0
    this.#memory.release(this.#limits.receiveWindow.window - this.#initialWindow)
  }

  // --- input: frames of the peer, which throw TransportError

  /** STREAM, RFC 9000 §19.8; the data are `bytes[start..end)`. */
  handleStreamFrame(
    now: number,
    id: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    fin: boolean,
  ): void {
    this.#now = now
    const stream = this.#find(id, RECEIVE, FRAME_STREAM)
    stream?.receive?.handleData(offset, bytes, start, end, fin)
  }

  /** RESET_STREAM, RFC 9000 §19.4. */
  handleResetStream(now: number, id: number, errorCode: number, finalSize: number): void {
    this.#now = now
    this.#find(id, RECEIVE, FRAME_RESET_STREAM)?.receive?.handleReset(errorCode, finalSize)
  }

  /** STOP_SENDING, RFC 9000 §19.5. */
  handleStopSending(id: number, errorCode: number): void {
    this.#find(id, SEND, FRAME_STOP_SENDING)?.send?.handleStopSending(errorCode)
  }

  /** MAX_DATA, RFC 9000 §19.9. */
  handleMaxData(maximum: number): void {
    if (maximum <= this.#limits.sendLimit) return
    this.#limits.sendLimit = maximum
    if (this.#scheduler.firstNew !== null) this.#onPending()
  }

  /** MAX_STREAM_DATA, RFC 9000 §19.10. */
  handleMaxStreamData(id: number, maximum: number): void {
    this.#find(id, SEND, FRAME_MAX_STREAM_DATA)?.send?.handleMaxStreamData(maximum)
  }

  /** MAX_STREAMS, RFC 9000 §19.11. */
  handleMaxStreams(bidi: boolean, maximum: number): void {
    const streams = bidi ? this.#limits.localBidi : this.#limits.localUni
    if (maximum <= streams.limit) return
    streams.limit = maximum
    if (!streams.wanted) return
    streams.wanted = false
    streams.available = !this.#closed
  }

  /** DATA_BLOCKED, RFC 9000 §19.12: what credit there is, is given at once. */
  handleDataBlocked(limit: number): void {
    const window = this.#limits.receiveWindow
    if (limit <= window.limit && window.consumed + window.window > window.limit) {
      this.#request(CONTROL_MAX_DATA)
    }
  }

  /** STREAM_DATA_BLOCKED, RFC 9000 §19.13. */
  handleStreamDataBlocked(id: number, limit: number): void {
    const stream = this.#find(id, RECEIVE, FRAME_STREAM_DATA_BLOCKED)
    if (stream === null || stream.receive === null) return
    if (stream.receive.couldRaise(limit)) this.requestControl(stream, CONTROL_MAX_STREAM_DATA)
  }

  /** STREAMS_BLOCKED, RFC 9000 §19.14. */
  handleStreamsBlocked(bidi: boolean, limit: number): void {
    const streams = bidi ? this.#limits.peerBidi : this.#limits.peerUni
    if (limit <= streams.limit && streams.nextLimit > streams.limit) {
      this.#request(bidi ? CONTROL_MAX_STREAMS_BIDI : CONTROL_MAX_STREAMS_UNI)
    }
  }

  // --- input: what became of packets

  /** A frame of ours was acknowledged (recovery/tokens.ts); kinds of others are ignored. */
  onTokenAcked(kind: number, a: number, b: number, c: number): void {
    if (kind === TOKEN_STREAM || kind === TOKEN_STREAM_FIN) {
      this.#table.all.get(a)?.send?.onAcked(b, c, kind === TOKEN_STREAM_FIN)
    } else if (kind === TOKEN_RESET_STREAM) {
      this.#table.all.get(a)?.send?.onResetAcked()
    }
  }

  /**
   * A frame of ours was lost, or a probe repeats it: sent again unless something newer made it
   * superfluous (RFC 9000 §13.3).
   */
  onTokenLost(kind: number, a: number, b: number, c: number): void {
    if (this.#closed) return
    switch (kind) {
      case TOKEN_STREAM:
      case TOKEN_STREAM_FIN:
        this.#table.all.get(a)?.send?.onLost(b, c, kind === TOKEN_STREAM_FIN)
        return
      case TOKEN_RESET_STREAM:
        this.#table.all.get(a)?.send?.onResetLost()
        return
      case TOKEN_STOP_SENDING:
        this.#table.all.get(a)?.receive?.onStopLost()
        return
      case TOKEN_MAX_STREAM_DATA:
        this.#table.all.get(a)?.receive?.onLimitLost(b)
        return
      case TOKEN_DATA_BLOCKED:
        if (a === this.#limits.sendLimit && this.#isDataBlocked) this.#request(CONTROL_DATA_BLOCKED)
        return
      case TOKEN_STREAM_DATA_BLOCKED:
        this.#table.all.get(a)?.send?.onBlockedLost(b)
        return
      default:
        if (this.#controls.onLost(kind, a)) this.#onPending()
    }
  }

  // --- output

  /** True when the two `write...Frames` would write something into an empty packet. */
  hasPending(): boolean {
    return (
      this.#controls.hasPending ||
      this.#scheduler.firstFree !== null ||
      (this.#scheduler.firstNew !== null && this.#credit > 0)
    )
  }

  /** Writes the frames without data that fit. */
  writeControlFrames(now: number, writer: PacketWriter): void {
    if (!this.#controls.hasPending) return
    this.#now = now
    this.#controls.write(now, this.#smoothedRtt, writer)
  }

  /** Fills the packet with STREAM frames: first what was lost, then new data, in turn. */
  writeStreamFrames(writer: PacketWriter): void {
    const limits = this.#limits
    const scheduler = this.#scheduler
    for (;;) {
      const part = scheduler.firstFree ?? (this.#credit > 0 ? scheduler.firstNew : null)
      if (part === null) break
      const fresh = part.writeFrame(writer, this.#credit)
      if (fresh < 0) break
      limits.sent += fresh
      this.#unacknowledged += fresh
      this.#unsent -= fresh
      scheduler.rotate(part)
    }
    this.#reportBlocked()
  }

  /** Bytes that count in the endpoint's budget. */
  get held(): number {
    return this.#held
  }

  /** The next event of a stream, or null. */
  pollEvent(): ConnectionEvent | null {
    return this.#events.poll()
  }

  // --- reads

  get stats(): StreamsStats {
    let bytesToSend = 0
    let bytesToRead = 0
    for (const stream of this.#table.all.values()) {
      bytesToSend += stream.send?.bufferedAmount ?? 0
      bytesToRead += stream.receive?.readableAmount ?? 0
    }
    return { openStreams: this.#table.all.size, bytesToSend, bytesToRead }
  }

  // --- StreamHost: called by the parts of streams

  onReceived(bytes: number, frameType: number): void {
    const window = this.#limits.receiveWindow
    window.received += bytes
    if (window.received > window.limit) {
      throw new TransportError(
        FLOW_CONTROL_ERROR,
        frameType,
        'data past the limit of the connection',
      )
    }
  }

  onConsumed(bytes: number): void {
    const window = this.#limits.receiveWindow
    window.consumed += bytes
    if (window.isRaiseDue) this.#request(CONTROL_MAX_DATA)
  }

  get sendMark(): number {
    const lowered = this.#unsent > this.#maxUnsentData || this.#memory.isOverShare(this.#held)
    return lowered ? SEND_LOWERED_MARK : SEND_HIGH_WATER_MARK
  }

  onQueued(bytes: number): void {
    this.#unsent += bytes
    this.#hold(bytes)
  }

  onBuffered(bytes: number): void {
    this.#hold(bytes)
  }

  onReleased(bytes: number): void {
    this.#unacknowledged -= bytes
    this.#hold(-bytes)
  }

  onGapsChanged(difference: number): void {
    this.#gaps += difference
    if (this.#gaps > MAX_GAPS_PER_CONNECTION) {
      throw new TransportError(INTERNAL_ERROR, FRAME_STREAM, 'too many gaps in all streams')
    }
  }

  updateSchedule(part: SendPart): void {
    if (this.#closed) return
    this.#scheduler.update(part)
    if (part.queue === NOT_QUEUED) return
    this.#reportBlocked()
    this.#onPending()
  }

  unschedule(part: SendPart): void {
    this.#scheduler.remove(part)
  }

  requestControl(stream: Stream, control: number): void {
    if (this.#closed) return
    this.#controls.requestFor(stream, control)
    this.#onPending()
  }

  cancelControl(stream: Stream, control: number): void {
    this.#controls.cancelFor(stream, control)
  }

  raiseEvent(stream: Stream, event: number): void {
    if (!this.#closed) this.#events.raise(stream, event)
  }

  cancelEvent(stream: Stream, event: number): void {
    stream.events &= ~event
  }

  onPartOver(stream: Stream): void {
    if (stream.retained) return
    if (stream.send !== null && !stream.send.isOver) return
    if (stream.receive !== null && !stream.receive.isOver) return
    if (!this.#table.all.delete(stream.id) || stream.local) return
    const streams = this.#table.peerStreams(stream.id)
    streams.closed++
    if (!streams.isRaiseDue) return
    this.#request(isUnidirectional(stream.id) ? CONTROL_MAX_STREAMS_UNI : CONTROL_MAX_STREAMS_BIDI)
  }

  onWindowGrown(window: ReceiveWindow): void {
    // One stream alone must not be held back by the connection's window, nor take all of it.
    this.#limits.receiveWindow.widen(Math.floor(window.window * 1.5))
  }

  // --- private

  #find(id: number, towards: boolean, frameType: number): Stream | null {
    return this.#closed ? null : this.#table.find(id, towards, frameType, this.#now)
  }

  /** New bytes that may be sent: what the peer allows, and what we are ready to keep. */
  get #credit(): number {
    const tight = this.#memory.isOverShare(this.#held)
    const most = tight ? MAX_UNACKNOWLEDGED_WHEN_TIGHT : MAX_UNACKNOWLEDGED
    return Math.min(this.#limits.credit, most - this.#unacknowledged)
  }

  #hold(bytes: number): void {
    if (this.#closed) return
    this.#held += bytes
    this.#memory.held += bytes
  }

  get #isDataBlocked(): boolean {
    return this.#limits.credit <= 0 && this.#scheduler.firstNew !== null
  }

  /** RFC 9000 §4.1: DATA_BLOCKED, once for each limit. */
  #reportBlocked(): void {
    if (this.#limits.blockedAt === this.#limits.sendLimit || !this.#isDataBlocked) return
    this.#limits.blockedAt = this.#limits.sendLimit
    this.#request(CONTROL_DATA_BLOCKED)
  }

  #request(control: number): void {
    if (this.#closed) return
    this.#controls.request(control)
    this.#onPending()
  }
}
