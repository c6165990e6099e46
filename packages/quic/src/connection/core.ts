// The parts of one connection, made in the order in which they need each other. Each part owns its
// state; what it needs of the others it finds here.

import type { ByteReader } from '@godwit/wire'
import type { KeyPair, PacketProtection, RandomBytes } from '@godwit/protection'
import { VERSION_1 } from '../constants.ts'
import type { Frame } from '../frame.ts'
import type { HandshakeSession } from '../handshake-session.ts'
import { RECEIVE_SLACK } from '../limits.ts'
import type { MemoryBudget } from '../memory-budget.ts'
import type { NetworkPath } from '../network-path.ts'
import type { PacketHeader } from '../packet-header.ts'
import type { CongestionController } from '../recovery/congestion-controller.ts'
import { createCongestionController } from '../recovery/create-congestion-controller.ts'
import { LossDetection } from '../recovery/loss-detection.ts'
import { Streams } from '../streams/streams.ts'
import type { ResolvedTransportOptions } from '../transport-options.ts'
import type { TransportParameters } from '../transport-parameters.ts'
import { AckFrequency } from './ack-frequency.ts'
import { ConnectionEvents } from './connection-events.ts'
import type { DropCounts } from './drop-counts.ts'
import { HandshakeDriver, localTransportParameters } from './handshake-driver.ts'
import { HandshakeRepair } from './handshake-repair.ts'
import { IdleTimeout } from './idle-timeout.ts'
import type { ConnectionIdIssuer } from './local-connection-ids.ts'
import { KeepAlive } from './keep-alive.ts'
import { LocalConnectionIds } from './local-connection-ids.ts'
import type { PacketBuilder } from './packet-builder.ts'
import { PacketSpaces } from './packet-space.ts'
import { Path } from './path.ts'
import { Paths } from './paths.ts'
import type { ResetTokenListener } from './peer-connection-ids.ts'
import { PeerConnectionIds } from './peer-connection-ids.ts'
import { Timers } from './timers.ts'
import { TokenRouter } from './token-router.ts'

/** What all connections of an endpoint share: services, and scratch records used during one call. */
export interface EndpointShared {
  readonly protection: PacketProtection
  readonly randomBytes: RandomBytes
  readonly drops: DropCounts
  readonly memory: MemoryBudget
  readonly reader: ByteReader
  readonly header: PacketHeader
  readonly payloadReader: ByteReader
  readonly frame: Frame
  readonly builder: PacketBuilder
}

/** What a connection asks of its endpoint. */
export interface ConnectionHost extends ConnectionIdIssuer, ResetTokenListener {
  /** A command of the application left something to send or to tell. */
  wake(): void
}

/** How a connection begins. */
export interface ConnectionSetup {
  readonly side: 'client' | 'server'
  readonly path: NetworkPath
  readonly shared: EndpointShared
  readonly host: ConnectionHost
  readonly options: ResolvedTransportOptions
  readonly session: HandshakeSession
  /** Destination Connection ID of the client's first packet: Initial keys come from it. */
  readonly originalDestination: Uint8Array
  /** A server: Source Connection ID of that packet. A client does not know the peer's yet: null. */
  readonly peerSource: Uint8Array | null
  /** Initial keys from `originalDestination`, when they were derived already. */
  readonly initialKeys?: KeyPair
}

export class ConnectionCore {
  readonly side: 'client' | 'server'
  readonly shared: EndpointShared
  readonly options: ResolvedTransportOptions
  readonly localParameters: TransportParameters
  readonly spaces: PacketSpaces
  readonly paths: Paths
  readonly localIds: LocalConnectionIds
  readonly peerIds: PeerConnectionIds
  readonly streams: Streams
  readonly events: ConnectionEvents
  readonly recovery: LossDetection
  readonly ackFrequency: AckFrequency
  readonly handshake: HandshakeDriver
  readonly repair: HandshakeRepair
  readonly idle: IdleTimeout
  readonly keepAlive: KeepAlive
  readonly timers: Timers
  /** Packets sent and received, and bytes of UDP payload on all paths; only grow. */
  readonly counts: {
    packetsSent: number
    packetsReceived: number
    bytesSent: number
    bytesReceived: number
  }

  constructor(now: number, setup: ConnectionSetup) {
    const { side, shared, host, options, originalDestination, peerSource } = setup
    this.side = side
    this.shared = shared
    this.options = options
    const { slotSize } = shared.protection.engine.memory
    this.localParameters = localTransportParameters(side, options, slotSize - RECEIVE_SLACK)
    this.spaces = new PacketSpaces(shared.randomBytes)
    this.spaces.initial.installInitialKeys(
      setup.initialKeys ?? shared.protection.initialKeys(VERSION_1, originalDestination, side),
    )
    // RFC 9000 §8.1: a client has chosen the server's address itself.
    const path = new Path(setup.path, side === 'client')
    this.localIds = new LocalConnectionIds(host)
    this.peerIds = new PeerConnectionIds(peerSource ?? originalDestination, host)
    this.streams = new Streams({
      side,
      local: this.localParameters,
      maxData: options.maxData,
      maxStreamData: options.maxStreamData,
      maxUnsentData: options.maxUnsentData,
      memory: shared.memory,
      onPending: () => host.wake(),
    })
    this.events = new ConnectionEvents(this.streams)
    const newCongestion = (maxDatagramSize: number): CongestionController =>
      createCongestionController(options.congestion, maxDatagramSize, shared.randomBytes)
    this.paths = new Paths(this, path, newCongestion)
    const listener = new TokenRouter(this)
    this.recovery = new LossDetection({ side, paths: this.paths, listener })
    this.ackFrequency = new AckFrequency(this.recovery, this.paths)
    this.handshake = new HandshakeDriver(this, setup.session, {
      originalDestination,
      peerSource,
      retrySource: null,
    })
    this.repair = new HandshakeRepair(this)
    this.idle = new IdleTimeout(now, options.maxIdleTimeout)
    this.keepAlive = new KeepAlive(this)
    this.timers = new Timers()
    this.counts = { packetsSent: 0, packetsReceived: 0, bytesSent: 0, bytesReceived: 0 }
  }

  /** The path that everything but answers to probes goes to. */
  get path(): Path {
    return this.paths.active
  }
}
