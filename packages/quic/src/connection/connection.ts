// A QUIC connection, RFC 9000: passes time and datagrams to its parts, catches what they throw,
// and ends it all in order (RFC 9000 §10).

import { MAX_VARINT } from '@godwit/wire'
import {
  ApplicationError,
  IdleTimeoutError,
  INTERNAL_ERROR,
  NO_VIABLE_PATH,
  QuicError,
  StatelessResetError,
  TransportError,
  VersionNegotiationError,
} from '../errors.ts'
import type { HandshakeSession } from '../handshake-session.ts'
import { BASE_DATAGRAM_SIZE, BLACK_HOLE_PTO_COUNT } from '../limits.ts'
import type { NetworkPath } from '../network-path.ts'
import type { ConnectionEvent, QuicPort, QuicStream, StreamDirection } from '../port.ts'
import type { TransportParameters } from '../transport-parameters.ts'
import { ClosingState, DRAINED, DRAINING, OPEN } from './close-state.ts'
import type { ConnectionState } from './close-state.ts'
import type { ConnectionHost, ConnectionSetup } from './core.ts'
import { ConnectionCore } from './core.ts'
import type { CloseReason } from './packet-builder.ts'
import { PacketReceiver } from './packet-receiver.ts'
import { encodeReason } from './reason-phrase.ts'
import {
  TIMER_ACK,
  TIMER_CLOSE,
  TIMER_HANDSHAKE,
  TIMER_IDLE,
  TIMER_KEEP_ALIVE,
  TIMER_KEY_DISCARD,
  TIMER_LOSS,
  TIMER_PACING,
  TIMER_PATH,
  TIMER_REPAIR,
} from './timers.ts'

/** Where a connection is in its life, for people and logs. RFC 9000 §10. */
export type ConnectionPhase =
  | 'handshaking'
  /** The handshake is complete. */
  | 'established'
  /** We closed: packets are answered with our close for a while. */
  | 'closing'
  /** The peer closed: nothing is sent any more. */
  | 'draining'
  /** Forgotten. */
  | 'drained'

/** Figures of a connection. Times in ms, sizes in bytes. A snapshot. */
export interface ConnectionStats {
  /** 333 before the first sample, RFC 9002 §6.2.2. */
  readonly smoothedRtt: number
  /** 0 before the first sample, like `latestRtt`. */
  readonly minRtt: number
  readonly latestRtt: number
  readonly congestionWindow: number
  readonly bytesInFlight: number
  readonly packetsSent: number
  readonly packetsReceived: number
  readonly packetsLost: number
  /** UDP payload, whether or not it opened. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Probe timeouts since the last acknowledgement. */
  readonly ptoCount: number
  /** The largest datagram, as UDP payload, that the path is known to carry: what is sent but for probes. */
  readonly maxDatagramSize: number
  readonly openStreams: number
}

/** Made by `Endpoint`; an application uses it as a `QuicPort`. */
export class Connection implements QuicPort {
  readonly side: 'client' | 'server'
  /** The handshake as it was given. */
  readonly handshake: HandshakeSession
  /** A place for the layer above to hang its own state on. */
  context: unknown
  readonly #core: ConnectionCore
  readonly #receiver: PacketReceiver
  readonly #host: ConnectionHost
  #state: ConnectionState
  #transmitWatched: boolean

  /** @internal */
  constructor(now: number, setup: ConnectionSetup) {
    this.side = setup.side
    this.handshake = setup.session
    this.context = undefined
    this.#core = new ConnectionCore(now, setup)
    this.#receiver = new PacketReceiver(this.#core)
    this.#host = setup.host
    this.#state = OPEN
    this.#transmitWatched = false
    this.#core.timers.set(TIMER_HANDSHAKE, now + setup.options.handshakeTimeout)
    try {
      this.#core.handshake.start(now, this.#core.localParameters)
    } catch (error) {
      this.#onError(now, error)
    }
    this.#syncTimers(now)
  }

  // --- commands

  /** A new stream of ours; null at the peer's limit, and when the connection is over. */
  openStream(direction: StreamDirection): QuicStream | null {
    return this.#state.kind === 'open' ? this.#core.streams.open(direction) : null
  }

  /** Takes effect at the next `pollTransmit` of the endpoint. Throws RangeError for a bad code. */
  close(errorCode: number, reason: string): void {
    if (!Number.isInteger(errorCode) || errorCode < 0 || errorCode > MAX_VARINT) {
      throw new RangeError(`"errorCode" expected an integer 0..2^53-1, got ${errorCode}`)
    }
    if (this.#state.kind !== 'open') return
    const phrase = encodeReason(reason)
    const error = new ApplicationError(errorCode, reason, false)
    this.#beginClosing({ application: true, errorCode, frameType: 0, reason: phrase }, error)
    this.#host.wake()
  }

  /**
   * Whether the connection is kept alive by PING when it goes quiet (RFC 9000 §10.1.2): for as long as
   * the application waits for the peer. Default false. Takes effect at the next `pollTransmit`.
   */
  setKeepAlive(wanted: boolean): void {
    if (this.#core.keepAlive.wanted === wanted || this.#state.kind !== 'open') return
    this.#core.keepAlive.wanted = wanted
    if (wanted) this.#host.wake()
  }

  /**
   * Starts a key update, RFC 9001 §6.1: what is sent next goes under new keys, and the peer follows.
   * False, and nothing is done: before the handshake is confirmed, before the peer acknowledged
   * something under the present keys, and until the keys before them were dropped (§6.5).
   */
  updateKeys(): boolean {
    const { handshake, spaces } = this.#core
    const { phases } = spaces.application
    if (this.#state.kind !== 'open' || !handshake.confirmed || phases === null) return false
    return !phases.hasPreviousKey && phases.initiateUpdate()
  }

  // --- input, from the endpoint

  /** @internal */
  handleDatagram(
    now: number,
    path: NetworkPath,
    ecn: number,
    offset: number,
    length: number,
  ): void {
    const { paths, shared, recovery, counts } = this.#core
    if (!paths.onDatagram(path, length)) {
      shared.drops.wrongPath++
      return
    }
    counts.bytesReceived += length
    if (this.#state.kind !== 'open') {
      shared.drops.closed++
      const known = paths.receiving === paths.active
      if (this.#state.kind === 'closing' && known) this.#state.closing.onDatagramReceived()
      return
    }
    recovery.setAtAmplificationLimit(now, paths.active.blocked)
    try {
      this.#receiver.handleDatagram(now, ecn, offset, length)
    } catch (error) {
      this.#onError(now, error)
    }
    const { peerClose } = this.#receiver
    if (peerClose !== null) this.#drain(now, peerClose.error)
    this.#syncTimers(now)
  }

  /** The endpoint received one of the peer's reset tokens, RFC 9000 §10.3.1. @internal */
  handleStatelessReset(now: number): void {
    this.#drain(now, new StatelessResetError())
  }

  /** The datagram of `size` bytes that `transmitWatched` was about left in fragments. @internal */
  handleFragmented(size: number): void {
    if (this.#state.kind !== 'open') return
    this.#core.path.onFragmented(size)
    // There may be a smaller probe to send.
    this.#host.wake()
  }

  /** @internal */
  handleTimeout(now: number): void {
    const { timers, recovery, repair, path, paths, spaces, streams, handshake, keepAlive } =
      this.#core
    if (timers.isExpired(TIMER_CLOSE, now)) {
      this.#becomeDrained()
      return
    }
    if (this.#state.kind !== 'open') return
    if (timers.isExpired(TIMER_IDLE, now)) {
      // RFC 9000 §10.1: "the connection is silently closed and its state is discarded".
      const harmless = handshake.complete && streams.stats.openStreams === 0
      this.#forget(harmless ? null : new IdleTimeoutError())
      return
    }
    if (timers.isExpired(TIMER_HANDSHAKE, now)) {
      this.#forget(
        new QuicError('ERR_QUIC_HANDSHAKE_TIMEOUT', 'the handshake did not complete in time'),
      )
      return
    }
    if (timers.isExpired(TIMER_LOSS, now)) {
      recovery.onTimeout(now)
      if (recovery.ptoCount >= BLACK_HOLE_PTO_COUNT) path.onBlackHole()
    }
    if (timers.isExpired(TIMER_PATH, now) && !paths.handleTimeout(now)) {
      this.#forget(new TransportError(NO_VIABLE_PATH, 0, 'the peer is at no address known'))
      return
    }
    if (timers.isExpired(TIMER_REPAIR, now)) repair.onTimeout(now)
    if (timers.isExpired(TIMER_KEEP_ALIVE, now)) keepAlive.onTimeout()
    if (timers.isExpired(TIMER_PACING, now)) timers.stop(TIMER_PACING)
    if (timers.isExpired(TIMER_KEY_DISCARD, now)) {
      timers.stop(TIMER_KEY_DISCARD)
      spaces.application.phases?.discardPreviousKey()
    }
    this.#syncTimers(now)
  }

  // --- output

  /** Writes the next datagram and returns its size; 0: nothing to send now. @internal */
  pollTransmit(now: number, offset: number, limit: number): number {
    const { shared, paths, recovery, counts } = this.#core
    let size = 0
    if (this.#state.kind === 'open') {
      try {
        size = shared.builder.buildProbe(this.#core, now, offset, limit)
        if (size === 0) size = shared.builder.buildMtuProbe(this.#core, now, offset, limit)
        if (size === 0) size = shared.builder.build(this.#core, now, offset, limit)
        this.#receiver.discardSpaces(now)
      } catch (error) {
        this.#onError(now, error)
      }
    }
    if (this.#state.kind === 'closing') {
      paths.sending = paths.active
      size = this.#pollClose(now, this.#state.closing, offset, limit)
    }
    const { sending } = paths
    sending.onDatagramSent(size)
    counts.bytesSent += size
    this.#transmitWatched =
      size > BASE_DATAGRAM_SIZE &&
      sending === paths.active &&
      sending.watchesFragments(now, size, recovery.packetsLost)
    if (size === 0 && this.#state.kind === 'open') {
      if (!this.#core.streams.hasPending()) paths.current.onDataExhausted()
      recovery.setAtAmplificationLimit(now, paths.active.blocked)
      this.#syncTimers(now)
    }
    return size
  }

  /** Closes the connection, and frees what it holds: others need the memory. @internal */
  shed(now: number): void {
    if (this.#state.kind === 'open') {
      this.#onError(now, new TransportError(INTERNAL_ERROR, 0, 'too much data waits for this peer'))
    }
    this.#core.streams.closeAll()
  }

  /** Forgets a connection that nobody is known to wait for, without a word. @internal */
  abandon(): void {
    this.#forget(null)
  }

  /** @internal */
  pollTimeout(): number {
    return this.#core.timers.next
  }

  pollEvent(): ConnectionEvent | null {
    return this.#core.events.poll()
  }

  // --- reads

  get phase(): ConnectionPhase {
    if (this.#state.kind !== 'open') return this.#state.kind
    return this.#core.handshake.complete ? 'established' : 'handshaking'
  }

  /** RFC 9001 §4.1.2. */
  get handshakeConfirmed(): boolean {
    return this.#core.handshake.confirmed
  }

  /** The peer's address. A server's peer may change it, RFC 9000 §9. */
  get path(): NetworkPath {
    return this.#core.path.remote
  }

  /** Bytes of stream data that count in the endpoint's budget. @internal */
  get bytesHeld(): number {
    return this.#core.streams.held
  }

  /** Whether the peer has shown that it receives at its address, RFC 9000 §8.1. @internal */
  get addressValidated(): boolean {
    return this.#core.path.validated
  }

  /** Where the datagram goes that `pollTransmit` wrote. @internal */
  get transmitPath(): NetworkPath {
    return this.#core.paths.sending.remote
  }

  /** Whether to be told if the datagram that `pollTransmit` wrote leaves in fragments. @internal */
  get transmitWatched(): boolean {
    return this.#transmitWatched
  }

  /** What the peer announced, RFC 9000 §18.2; null before it came. */
  get peerTransportParameters(): Readonly<TransportParameters> | null {
    return this.#core.handshake.peerParameters
  }

  get stats(): ConnectionStats {
    const { recovery, counts, path, paths, streams } = this.#core
    const { rtt, congestion, bytesInFlight } = paths.current
    return {
      smoothedRtt: rtt.smoothed,
      minRtt: rtt.min,
      latestRtt: rtt.latest,
      congestionWindow: congestion.cwnd,
      bytesInFlight,
      packetsSent: counts.packetsSent,
      packetsReceived: counts.packetsReceived,
      packetsLost: recovery.packetsLost,
      bytesSent: counts.bytesSent,
      bytesReceived: counts.bytesReceived,
      ptoCount: recovery.ptoCount,
      maxDatagramSize: path.maxDatagramSize,
      openStreams: streams.stats.openStreams,
    }
  }

  // --- the end

  // The one place where what the parts throw arrives.
  #onError(now: number, error: unknown): void {
    if (error instanceof VersionNegotiationError) {
      this.#forget(error)
      return
    }
    const known =
      error instanceof TransportError
        ? error
        : new TransportError(INTERNAL_ERROR, 0, 'internal error', { cause: error })
    const { errorCode, frameType } = known
    const reason = encodeReason(known === error ? known.message : '')
    this.#beginClosing({ application: false, errorCode, frameType, reason }, known)
    this.#core.timers.set(TIMER_CLOSE, now + 3 * this.#core.recovery.ptoInterval())
  }

  #beginClosing(reason: CloseReason, error: Error): void {
    if (this.#state.kind !== 'open') return
    this.#state = { kind: 'closing', closing: new ClosingState(reason) }
    this.#core.timers.stopAll()
    this.#core.events.onClosed(error)
  }

  #pollClose(now: number, closing: ClosingState, offset: number, limit: number): number {
    const { shared, path, recovery, timers, counts } = this.#core
    const { bytes } = shared.protection.engine.memory
    if (!closing.fresh) return closing.write(bytes, offset, Math.min(limit, path.allowance))
    let size = 0
    try {
      size = shared.builder.buildClose(this.#core, offset, limit, closing.reason)
    } catch {
      // Nothing that fails here may keep the connection from ending: it ends without a word.
    }
    timers.set(TIMER_CLOSE, now + 3 * recovery.ptoInterval())
    if (this.side === 'client' && counts.packetsSent === 0) {
      // The server has heard nothing of us: there is nobody to say goodbye to.
      this.#forget(null)
      return 0
    }
    // A server at its amplification limit says it when the client has sent more.
    if (size === 0 && !path.validated) return 0
    closing.setDatagram(bytes.slice(offset, offset + size))
    this.#releaseKeys()
    return size
  }

  /** RFC 9000 §10.2.2. */
  #drain(now: number, error: Error | null): void {
    const { kind } = this.#state
    if (kind === 'draining' || kind === 'drained') return
    this.#core.events.onClosed(error)
    this.#releaseKeys()
    this.#core.timers.stopAll()
    this.#core.timers.set(TIMER_CLOSE, now + 3 * this.#core.recovery.ptoInterval())
    this.#state = DRAINING
  }

  // Ends without closing or draining period.
  #forget(error: Error | null): void {
    this.#core.events.onClosed(error)
    this.#becomeDrained()
  }

  #becomeDrained(): void {
    this.#releaseKeys()
    const { localIds, peerIds, timers, events } = this.#core
    this.#state = DRAINED
    timers.stopAll()
    localIds.retireAll()
    peerIds.dispose()
    events.onDrained()
  }

  #releaseKeys(): void {
    if (this.#core.spaces.application.discarded) return
    this.#core.spaces.discardAll()
    this.#core.recovery.dispose()
    this.handshake.dispose()
  }

  // Deadlines that the parts keep themselves, copied to the table. What is due already is not a
  // timer but something to send; the endpoint polls.
  #syncTimers(now: number): void {
    if (this.#state.kind !== 'open') return
    const { timers, recovery, repair, paths, idle, keepAlive, spaces, handshake } = this.#core
    timers.set(TIMER_LOSS, recovery.timeout())
    timers.set(TIMER_PATH, paths.deadline)
    timers.set(TIMER_REPAIR, repair.deadline(now))
    timers.set(TIMER_KEEP_ALIVE, keepAlive.deadline)
    timers.set(TIMER_IDLE, idle.deadline(recovery.ptoInterval()))
    if (handshake.complete) timers.stop(TIMER_HANDSHAKE)
    let ackAt = Infinity
    for (let i = 0; i < spaces.all.length; i++) {
      const space = spaces.all[i]
      if (!space.canSeal) continue
      const deadline = space.received.ackDeadline
      if (deadline > now && deadline < ackAt) ackAt = deadline
    }
    timers.set(TIMER_ACK, ackAt)
  }
}
