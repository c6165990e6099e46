// The endpoint: routes datagrams to connections, accepts new ones, answers those that belong to
// none, and serves the connections' output fairly. RFC 9000 §5.2, §6, §10.3, §14.

import { Bag, ByteReader, Ring } from '@godwit/wire'
import {
  MIN_INITIAL_DATAGRAM_SIZE,
  PACKET_INITIAL,
  PACKET_UNKNOWN_VERSION,
  VERSION_1,
} from './constants.ts'
import { Connection } from './connection/connection.ts'
import type { EndpointShared } from './connection/core.ts'
import { DropCounts } from './connection/drop-counts.ts'
import { PacketBuilder } from './connection/packet-builder.ts'
import { count } from './endpoint/config.ts'
import type { ConnectConfig, EndpointConfig, ServerConfig } from './endpoint/config.ts'
import { ADMIT, Admission, REFUSE } from './endpoint/admission.ts'
import { ConnectionEntry } from './endpoint/connection-entry.ts'
import type { EntryOwner } from './endpoint/connection-entry.ts'
import { ConnectionIdTable } from './endpoint/connection-id-table.ts'
import { isAuthentic } from './endpoint/first-packet.ts'
import { KeyTable } from './endpoint/key-table.ts'
import { isReflectionPort } from './reflection-ports.ts'
import { ResetTokens } from './endpoint/reset-tokens.ts'
import { StatelessResponses } from './endpoint/stateless-responses.ts'
import type { EndpointStats } from './endpoint/stats.ts'
import { TimerHeap } from './endpoint/timer-heap.ts'
import { Frame } from './frame.ts'
import {
  BASE_DATAGRAM_SIZE,
  DEFAULT_MAX_CONNECTIONS,
  DEFAULT_MAX_HANDSHAKES,
  DEFAULT_MEMORY_BUDGET,
  FIRST_CONNECTION_ID_LENGTH,
  LOCAL_CONNECTION_ID_LENGTH,
  MIN_FIRST_CONNECTION_ID_LENGTH,
  MIN_STATELESS_RESET_SIZE,
} from './limits.ts'
import { MemoryBudget } from './memory-budget.ts'
import type { FragmentListener, NetworkPath, Transmit } from './network-path.ts'
import { samePath } from './network-path.ts'
import { decodeHeader, PacketHeader } from './packet-header.ts'
import type { ResolvedTransportOptions } from './transport-options.ts'
import { parseTransportOptions } from './transport-options.ts'

const RESET_KEY_LENGTH = 32
const NOWHERE: NetworkPath = { address: '', port: 0 }

/** One UDP port's worth of QUIC connections, client and server. Sans-IO. */
export class Endpoint {
  readonly #shared: EndpointShared
  readonly #bytes: Uint8Array
  readonly #server: ServerConfig | null
  readonly #serverOptions: ResolvedTransportOptions
  readonly #admission: Admission<ConnectionEntry>
  readonly #memory: MemoryBudget
  readonly #owner: EntryOwner
  /** Connections that are not drained. */
  readonly #entries: Bag<ConnectionEntry>
  /**
   * First Destination Connection IDs, which clients chose, as long as their connections last: a late copy
   * of a first packet must not begin another connection.
   */
  readonly #firstDcids: KeyTable<ConnectionEntry>
  readonly #timers: TimerHeap<ConnectionEntry>
  readonly #responses: StatelessResponses
  readonly #transmitQueue: Ring<ConnectionEntry>
  readonly #readyQueue: Ring<ConnectionEntry>
  readonly #acceptQueue: Ring<Connection>
  readonly #transmit: { -readonly [K in keyof Transmit]: Transmit[K] }
  readonly #stats: { -readonly [K in keyof EndpointStats]: EndpointStats[K] }
  #closed: boolean

  /** Throws TypeError and RangeError for options that make no sense. */
  constructor(config: EndpointConfig) {
    const { protection, randomBytes, server } = config
    const statelessResetKey = config.statelessResetKey ?? randomBytes(RESET_KEY_LENGTH)
    if (statelessResetKey.length < RESET_KEY_LENGTH) {
      throw new RangeError(
        `"statelessResetKey" expected at least ${RESET_KEY_LENGTH} bytes, got ${statelessResetKey.length}`,
      )
    }
    this.#bytes = protection.engine.memory.bytes
    this.#server = server ?? null
    this.#serverOptions = parseTransportOptions(server?.transport)
    this.#admission = new Admission(
      count('server.maxConnections', server?.maxConnections, DEFAULT_MAX_CONNECTIONS),
      count('server.maxHandshakes', server?.maxHandshakes, DEFAULT_MAX_HANDSHAKES),
    )
    const budget = count('server.memoryBudget', server?.memoryBudget, DEFAULT_MEMORY_BUDGET)
    // A client chooses its servers, and how many: its connections have limits of their own.
    this.#memory = new MemoryBudget(server === undefined ? Infinity : budget)
    const drops = new DropCounts()
    this.#shared = {
      protection,
      randomBytes,
      drops,
      memory: this.#memory,
      reader: new ByteReader(),
      header: new PacketHeader(),
      payloadReader: new ByteReader(),
      frame: new Frame(),
      builder: new PacketBuilder(this.#bytes),
    }
    this.#owner = {
      protection,
      randomBytes,
      statelessResetKey,
      routes: new ConnectionIdTable(),
      resetTokens: new ResetTokens(protection, randomBytes(RESET_KEY_LENGTH), randomBytes),
      wake: (entry) => this.#enqueue(entry),
    }
    this.#entries = new Bag()
    this.#firstDcids = new KeyTable(randomBytes)
    this.#timers = new TimerHeap()
    this.#responses = new StatelessResponses(protection, randomBytes)
    this.#transmitQueue = new Ring()
    this.#readyQueue = new Ring()
    this.#acceptQueue = new Ring()
    this.#transmit = { size: 0, segmentSize: 0, path: NOWHERE, ecn: 0, watch: null }
    this.#stats = {
      datagramsReceived: 0,
      datagramsSent: 0,
      bytesReceived: 0,
      bytesSent: 0,
      connectionsAccepted: 0,
      connectionsRefused: 0,
      handshakesDropped: 0,
      connectionsShed: 0,
      bytesHeld: 0,
      dropped: drops,
    }
    this.#closed = false
  }

  // --- commands

  /** Starts a connection to the peer at `path`. Its first datagram is there to `pollTransmit`. */
  connect(now: number, path: NetworkPath, config: ConnectConfig): Connection {
    if (this.#closed) throw new TypeError('the endpoint is closed')
    const options = parseTransportOptions(config.transport)
    const entry = new ConnectionEntry(this.#owner)
    const connection = new Connection(now, {
      side: 'client',
      path,
      shared: this.#shared,
      host: entry,
      options,
      session: config.handshake,
      // RFC 9000 §7.2: an unpredictable value of at least 8 bytes.
      originalDestination: this.#shared.randomBytes(FIRST_CONNECTION_ID_LENGTH),
      peerSource: null,
    })
    entry.attach(connection)
    this.#remember(entry)
    this.#enqueue(entry)
    return connection
  }

  /** Closes every connection with an application error code and accepts no more. */
  close(now: number, errorCode: number, reason: string): void {
    void now // closes go out, and their timers start, with the next pollTransmit
    this.#closed = true
    for (const entry of this.#entries.values()) entry.connection.close(errorCode, reason)
  }

  // --- input

  /**
   * A datagram of `length` bytes that lies at `offset` in the packet memory of `protection.engine`.
   * It is opened in place; nothing refers to it after the call.
   */
  handleDatagram(
    now: number,
    path: NetworkPath,
    ecn: number,
    offset: number,
    length: number,
  ): void {
    this.#stats.datagramsReceived++
    this.#stats.bytesReceived += length
    const entry = this.#route(offset, length)
    if (entry === null) {
      this.#handleUnrouted(now, path, ecn, offset, length)
      return
    }
    entry.connection.handleDatagram(now, path, ecn, offset, length)
    this.#enqueue(entry)
  }

  /** A datagram that is larger than a slot of packet memory takes, and than what we announce. */
  handleTooLarge(length: number): void {
    this.#stats.datagramsReceived++
    this.#stats.bytesReceived += length
    this.#shared.drops.tooLarge++
  }

  handleTimeout(now: number): void {
    for (let entry = this.#timers.expired(now); entry !== null; entry = this.#timers.expired(now)) {
      entry.connection.handleTimeout(now)
      // What is still due is something to send: the queue sees to it, and files the entry again.
      this.#timers.remove(entry)
      this.#enqueue(entry)
    }
  }

  // --- output

  /**
   * Writes the next datagram at `offset` in packet memory, of at most `limit` bytes (1,200 at
   * least; give a whole slot less 16), or returns null when there is nothing to send now.
   * Connections take turns, a datagram each.
   */
  pollTransmit(now: number, offset: number, limit: number): Transmit | null {
    if (limit < BASE_DATAGRAM_SIZE) {
      throw new RangeError(`"limit" expected at least ${BASE_DATAGRAM_SIZE}, got ${limit}`)
    }
    if (this.#memory.isExceeded) this.#shed(now)
    if (this.#responses.length > 0) {
      const size = this.#responses.write(offset)
      return this.#transmitted(size, this.#responses.path, null)
    }
    for (;;) {
      const entry = this.#transmitQueue.shift()
      if (entry === undefined) return null
      const size = entry.connection.pollTransmit(now, offset, limit)
      if (size > 0) {
        this.#transmitQueue.push(entry)
        const { connection } = entry
        const watch = connection.transmitWatched ? connection : null
        return this.#transmitted(size, connection.transmitPath, watch)
      }
      entry.transmitQueued = false
      this.#settle(entry)
    }
  }

  /** When `handleTimeout` wants to be called; Infinity: never. May be early, never late. */
  pollTimeout(): number {
    return this.#timers.next()
  }

  /** The next connection that a peer has opened. */
  pollAccepted(): Connection | null {
    return this.#acceptQueue.shift() ?? null
  }

  /** The next connection that may have events to poll. */
  pollReady(): Connection | null {
    const entry = this.#readyQueue.shift()
    if (entry === undefined) return null
    entry.readyQueued = false
    return entry.connection
  }

  // --- reads

  /** Connections that are not drained. */
  get connectionCount(): number {
    return this.#entries.size
  }

  get stats(): EndpointStats {
    return { ...this.#stats, bytesHeld: this.#memory.held, dropped: { ...this.#stats.dropped } }
  }

  // --- routing, RFC 9000 §5.2

  #route(offset: number, length: number): ConnectionEntry | null {
    const bytes = this.#bytes
    const isLong = length > 0 && (bytes[offset] & 0x80) !== 0
    const at = isLong ? offset + 6 : offset + 1
    if (at - offset + LOCAL_CONNECTION_ID_LENGTH > length) return null
    const dcidLength = isLong ? bytes[offset + 5] : LOCAL_CONNECTION_ID_LENGTH
    if (dcidLength === LOCAL_CONNECTION_ID_LENGTH) {
      const entry = this.#owner.routes.get(bytes, at)
      if (entry !== null) return entry
    }
    if (!isLong || this.#firstDcids.size === 0 || at - offset + dcidLength > length) return null
    return this.#firstDcids.get(bytes, at, dcidLength)
  }

  #handleUnrouted(
    now: number,
    path: NetworkPath,
    ecn: number,
    offset: number,
    length: number,
  ): void {
    const { reader, header, drops } = this.#shared
    if (length === 0) {
      drops.malformed++
      return
    }
    if (isReflectionPort(path.port)) {
      drops.reflection++
      return
    }
    if (this.#handleReset(now, path, offset, length)) return
    if ((this.#bytes[offset] & 0x80) === 0) {
      drops.unknownConnection++
      this.#answerUnknown(now, path, offset, length)
      return
    }
    reader.reset(this.#bytes, offset, offset + length)
    if (!decodeHeader(reader, LOCAL_CONNECTION_ID_LENGTH, header)) {
      drops.malformed++
      return
    }
    const answers = this.#server !== null && !this.#closed
    if (header.type === PACKET_UNKNOWN_VERSION) {
      // RFC 9000 §6.1: no answer to a datagram that is too small to be a first one.
      const large = length >= MIN_INITIAL_DATAGRAM_SIZE
      if (!answers || !large || !this.#responses.negotiateVersion(path, header)) {
        drops.unknownVersion++
      }
      return
    }
    if (header.type !== PACKET_INITIAL || !answers) {
      drops.unknownConnection++
      return
    }
    if (length < MIN_INITIAL_DATAGRAM_SIZE) {
      drops.initialTooSmall++
      return
    }
    // RFC 9000 §7.2: "This Destination Connection ID MUST be at least 8 bytes in length."
    if (header.dcidLength < MIN_FIRST_CONNECTION_ID_LENGTH) {
      drops.malformed++
      return
    }
    this.#accept(now, path, ecn, offset, length, header)
  }

  /**
   * RFC 9000 §10.3.1: "endpoints MUST treat any packet ending in a valid stateless reset token as a
   * Stateless Reset". Only datagrams that no connection claims are looked at: a reset begins with
   * random bytes, which name one of our connections once in 2^64 times.
   */
  #handleReset(now: number, path: NetworkPath, offset: number, length: number): boolean {
    if (length < MIN_STATELESS_RESET_SIZE) return false
    const entry = this.#owner.resetTokens.find(this.#bytes, offset + length)
    // Tokens count for the address that they belong to.
    if (entry === null || !samePath(entry.connection.path, path)) return false
    entry.connection.handleStatelessReset(now)
    this.#enqueue(entry)
    return true
  }

  // A packet of a connection that we no longer have: RFC 9000 §10.3.
  #answerUnknown(now: number, path: NetworkPath, offset: number, length: number): void {
    const { drops } = this.#shared
    const { statelessResetKey } = this.#owner
    if (length < 1 + LOCAL_CONNECTION_ID_LENGTH) return
    const id = this.#bytes.subarray(offset + 1, offset + 1 + LOCAL_CONNECTION_ID_LENGTH)
    if (!this.#responses.reset(now, path, statelessResetKey, id, length)) drops.saturated++
  }

  #accept(
    now: number,
    path: NetworkPath,
    ecn: number,
    offset: number,
    length: number,
    header: PacketHeader,
  ): void {
    const server = this.#server
    const { drops } = this.#shared
    if (server === null) return
    const decision = this.#memory.isCrowded ? REFUSE : this.#admission.decide(this.#entries.size)
    if (decision !== ADMIT) {
      if (decision === REFUSE && this.#responses.refuse(path, header)) {
        this.#stats.connectionsRefused++
      } else {
        drops.saturated++
      }
      return
    }
    const { dcidStart, dcidLength, scidStart, scidLength } = header
    const dcid = this.#bytes.slice(dcidStart, dcidStart + dcidLength)
    const initialKeys = this.#shared.protection.initialKeys(VERSION_1, dcid, 'server')
    if (!isAuthentic(this.#bytes, header, initialKeys.open)) {
      initialKeys.seal.dispose()
      initialKeys.open.dispose()
      drops.notAuthentic++
      return
    }
    const entry = new ConnectionEntry(this.#owner)
    const connection = new Connection(now, {
      side: 'server',
      path,
      shared: this.#shared,
      host: entry,
      options: this.#serverOptions,
      session: server.createHandshake(),
      originalDestination: dcid,
      peerSource: this.#bytes.slice(scidStart, scidStart + scidLength),
      initialKeys,
    })
    entry.attach(connection)
    connection.handleDatagram(now, path, ecn, offset, length)
    if (connection.stats.packetsReceived === 0) {
      // It was authentic and still not taken: no connection was asked for in earnest.
      connection.abandon()
      return
    }
    entry.firstDcid = dcid
    this.#firstDcids.set(dcid, entry)
    this.#remember(entry)
    const crowded = this.#admission.enter(entry, this.#entries.size)
    if (crowded !== null) {
      this.#stats.handshakesDropped++
      crowded.connection.abandon()
      this.#forget(crowded)
    }
    this.#stats.connectionsAccepted++
    this.#acceptQueue.push(connection)
    this.#enqueue(entry)
  }

  /** Closes the connections that hold the most, until the rest fits the budget. */
  #shed(now: number): void {
    const holders = this.#entries.values().filter(({ connection }) => connection.bytesHeld > 0)
    holders.sort((a, b) => b.connection.bytesHeld - a.connection.bytesHeld)
    for (const entry of holders) {
      if (!this.#memory.isExceeded) return
      entry.connection.shed(now)
      this.#stats.connectionsShed++
      this.#enqueue(entry)
    }
  }

  // --- queues

  /** Something happened to the connection: it may have something to send and to tell. */
  #enqueue(entry: ConnectionEntry): void {
    if (!entry.transmitQueued) {
      entry.transmitQueued = true
      this.#transmitQueue.push(entry)
    }
    this.#notify(entry)
  }

  #notify(entry: ConnectionEntry): void {
    if (entry.readyQueued) return
    entry.readyQueued = true
    this.#readyQueue.push(entry)
  }

  // The connection has nothing more to send: its timers are right now. A handshake that failed counts
  // until its connection is forgotten: it has cost as much as one that goes on.
  #settle(entry: ConnectionEntry): void {
    if (entry.connection.phase === 'drained') {
      this.#forget(entry)
      return
    }
    if (entry.connection.handshakeConfirmed) this.#admission.leave(entry)
    this.#timers.update(entry)
  }

  #remember(entry: ConnectionEntry): void {
    this.#entries.add(entry)
    this.#memory.connections = this.#entries.size
  }

  #forget(entry: ConnectionEntry): void {
    this.#admission.leave(entry)
    this.#timers.remove(entry)
    this.#entries.delete(entry)
    this.#memory.connections = this.#entries.size
    if (entry.firstDcid !== null) this.#firstDcids.delete(entry.firstDcid, entry)
    entry.firstDcid = null
    // Drained while it was asked for output, or for another: there is an event for that.
    this.#notify(entry)
  }

  #transmitted(size: number, path: NetworkPath, watch: FragmentListener | null): Transmit {
    const transmit = this.#transmit
    transmit.size = size
    transmit.segmentSize = size
    transmit.path = path
    transmit.watch = watch
    this.#stats.datagramsSent++
    this.#stats.bytesSent += size
    return transmit
  }
}
