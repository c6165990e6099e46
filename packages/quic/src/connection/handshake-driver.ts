// Drives the handshake session, RFC 9001 §4: CRYPTO data to and from it, keys, transport parameters
// and their authentication, completion and confirmation.

import { equalBytes, isCipherSuite, wipe } from '@godwit/protection'
import { FRAME_CRYPTO } from '../constants.ts'
import {
  CRYPTO_ERROR,
  INTERNAL_ERROR,
  TRANSPORT_PARAMETER_ERROR,
  TransportError,
} from '../errors.ts'
import type { HandshakeEvent, HandshakeSession } from '../handshake-session.ts'
import { LEVEL_APPLICATION, LEVEL_HANDSHAKE } from '../handshake-session.ts'
import { ACTIVE_CONNECTION_ID_LIMIT, MIN_ACK_DELAY } from '../limits.ts'
import {
  decodeTransportParameters,
  defaultTransportParameters,
  encodeTransportParameters,
} from '../transport-parameters.ts'
import type { TransportParameters } from '../transport-parameters.ts'
import type { ResolvedTransportOptions } from '../transport-options.ts'
import type { ConnectionCore } from './core.ts'
import type { PacketSpace } from './packet-space.ts'

/** The connection IDs that the transport parameters must repeat, RFC 9000 §7.3. */
export interface HandshakeIds {
  /** Destination Connection ID of the client's very first packet. */
  readonly originalDestination: Uint8Array
  /** Source Connection ID of the peer's first packet; null until a client has seen it. */
  peerSource: Uint8Array | null
  /** Source Connection ID of the Retry packet that the client obeyed; null: none. */
  retrySource: Uint8Array | null
}

/** What we announce, RFC 9000 §18.2. */
export function localTransportParameters(
  side: 'client' | 'server',
  options: ResolvedTransportOptions,
  maxUdpPayloadSize: number,
): TransportParameters {
  return {
    ...defaultTransportParameters(),
    maxIdleTimeout: options.maxIdleTimeout,
    maxUdpPayloadSize,
    initialMaxData: options.initialMaxData,
    initialMaxStreamDataBidiLocal: options.initialMaxStreamData,
    initialMaxStreamDataBidiRemote: options.initialMaxStreamData,
    initialMaxStreamDataUni: options.initialMaxStreamData,
    initialMaxStreamsBidi: options.initialMaxStreamsBidi,
    initialMaxStreamsUni: options.initialMaxStreamsUni,
    // A client drops what comes from elsewhere (RFC 9000 §9): its server had better stay.
    disableActiveMigration: side === 'client' || options.disableActiveMigration,
    activeConnectionIdLimit: ACTIVE_CONNECTION_ID_LIMIT,
    minAckDelay: options.ackFrequency ? MIN_ACK_DELAY : null,
  }
}

export class HandshakeDriver {
  readonly session: HandshakeSession
  readonly ids: HandshakeIds
  /** Our Finished is sent, the peer's verified, RFC 9001 §4.1.1. */
  complete: boolean
  /** RFC 9001 §4.1.2. */
  confirmed: boolean
  /** A server owes the client HANDSHAKE_DONE, RFC 9000 §19.20. */
  handshakeDonePending: boolean
  /** Number of our first 1-RTT packet; Infinity before there are keys for one. */
  firstOneRttPacket: number
  /** What a Retry gave us to show in Initial packets, RFC 9000 §17.2.5; empty without one. */
  retryToken: Uint8Array
  /** Null until they came. */
  peerParameters: TransportParameters | null
  readonly #core: ConnectionCore

  constructor(core: ConnectionCore, session: HandshakeSession, ids: HandshakeIds) {
    this.#core = core
    this.session = session
    this.ids = ids
    this.complete = false
    this.confirmed = false
    this.handshakeDonePending = false
    this.firstOneRttPacket = Infinity
    this.retryToken = new Uint8Array(0)
    this.peerParameters = null
  }

  /** Gives our transport parameters to the session; a client's first flight is then there to send. */
  start(now: number, local: TransportParameters): void {
    const { side, localIds } = this.#core
    const initial = localIds.initial
    const parameters = { ...local, initialSourceConnectionId: initial?.id ?? null }
    if (side === 'server') {
      parameters.originalDestinationConnectionId = this.ids.originalDestination
      parameters.statelessResetToken = initial?.resetToken ?? null
    }
    this.session.start(encodeTransportParameters(parameters))
    this.#pump(now)
  }

  /** Gives the session what has arrived in order on the CRYPTO stream of `space`. */
  handleCrypto(now: number, space: PacketSpace): void {
    for (let data = space.crypto.read(); data !== null; data = space.crypto.read()) {
      this.session.handleCrypto(space.level, data)
      this.#pump(now)
    }
  }

  /** The handshake is confirmed, RFC 9001 §4.1.2: Handshake keys go, datagrams may grow. */
  confirm(now: number): void {
    if (this.confirmed) return
    const { spaces, recovery, path, events } = this.#core
    this.confirmed = true
    spaces.requestDiscard(spaces.initial)
    spaces.requestDiscard(spaces.handshake)
    recovery.setHandshakeConfirmed(now)
    if (this.peerParameters !== null) path.startMtuSearch(this.peerParameters.maxUdpPayloadSize)
    events.onConfirmed()
  }

  /**
   * An ACK of 1-RTT packets came. RFC 9001 §4.1.2: "a client MAY consider the handshake to be
   * confirmed when it receives an acknowledgment for a 1-RTT packet": the server opens those only
   * after our Finished. HANDSHAKE_DONE may have been lost.
   */
  onOneRttAck(now: number, largest: number): void {
    if (this.#core.side === 'client' && this.complete && largest >= this.firstOneRttPacket) {
      this.confirm(now)
    }
  }

  #pump(now: number): void {
    for (let event = this.session.pollEvent(); event !== null; event = this.session.pollEvent()) {
      this.#handleEvent(now, event)
    }
  }

  #handleEvent(now: number, event: HandshakeEvent): void {
    switch (event.type) {
      case 'crypto':
        this.#core.spaces.ofLevel(event.level).crypto.write(event.data)
        return
      case 'secrets':
        this.#installSecrets(now, event)
        return
      case 'transport-parameters':
        this.#setPeerParameters(event.data)
        return
      case 'complete':
        this.#onComplete(now)
        return
      case 'alert':
        throw new TransportError(
          event.transportErrorCode ?? CRYPTO_ERROR + event.description,
          FRAME_CRYPTO,
          event.reason,
          { cause: event.error },
        )
    }
  }

  #installSecrets(now: number, event: HandshakeEvent & { type: 'secrets' }): void {
    const { cipherSuite, level, read, write } = event
    if (!isCipherSuite(cipherSuite)) {
      throw new TransportError(INTERNAL_ERROR, 0, `the handshake chose cipher suite ${cipherSuite}`)
    }
    const { spaces, shared, recovery } = this.#core
    // 0-RTT keys come with resumption; until then a session has none to give.
    if (level === LEVEL_HANDSHAKE || level === LEVEL_APPLICATION) {
      spaces.ofLevel(level).installSecrets(shared.protection, cipherSuite, read, write)
    }
    if (level === LEVEL_APPLICATION && write !== null) {
      this.firstOneRttPacket = spaces.application.nextPacketNumber
    }
    if (level === LEVEL_HANDSHAKE) recovery.setHasHandshakeKeys(now)
    if (read !== null) wipe(read)
    if (write !== null) wipe(write)
  }

  #setPeerParameters(data: Uint8Array): void {
    const { side, streams, recovery, ackFrequency, idle, localIds, peerIds } = this.#core
    const peer = decodeTransportParameters(data, side === 'client' ? 'server' : 'client')
    this.#authenticateIds(peer)
    this.peerParameters = peer
    streams.setPeerLimits(peer)
    recovery.setMaxAckDelay(peer.maxAckDelay)
    if (peer.minAckDelay !== null && this.#core.options.ackFrequency) {
      ackFrequency.enable(peer.minAckDelay, peer.maxAckDelay)
    }
    idle.setPeer(peer.maxIdleTimeout)
    localIds.setPeerLimit(peer.activeConnectionIdLimit)
    if (peer.statelessResetToken !== null) peerIds.setInitialResetToken(peer.statelessResetToken)
  }

  // RFC 9000 §7.3: "An endpoint MUST treat the following as a connection error of type
  // TRANSPORT_PARAMETER_ERROR or PROTOCOL_VIOLATION": absence or mismatch of any of the three.
  #authenticateIds(peer: TransportParameters): void {
    const { originalDestination, peerSource, retrySource } = this.ids
    checkId('initial_source_connection_id', peer.initialSourceConnectionId, peerSource)
    if (this.#core.side === 'server') return
    checkId(
      'original_destination_connection_id',
      peer.originalDestinationConnectionId,
      originalDestination,
    )
    checkId('retry_source_connection_id', peer.retrySourceConnectionId, retrySource)
  }

  #onComplete(now: number): void {
    if (this.complete) return
    this.complete = true
    this.#core.events.onConnected()
    if (this.#core.side === 'client') return
    // RFC 9001 §4.1.2: a server's handshake is confirmed when it is complete, and it "MUST send a
    // HANDSHAKE_DONE frame as soon as the handshake is complete".
    this.handshakeDonePending = true
    this.confirm(now)
  }
}

function checkId(name: string, value: Uint8Array | null, expected: Uint8Array | null): void {
  if (value === null ? expected === null : expected !== null && equalBytes(value, expected)) return
  throw new TransportError(
    TRANSPORT_PARAMETER_ERROR,
    FRAME_CRYPTO,
    `${name} ${value === null ? 'is missing' : 'does not match the packets'}`,
  )
}
