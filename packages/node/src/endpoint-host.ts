// Joins a sans-IO endpoint with a socket, the clock and one timer.
//
// Input is taken in bursts: datagrams are opened as they come, and one turn at the end of the event
// loop's poll phase hands their events to the applications, collects what is to be sent (answers
// beside acknowledgements), sends it and sets the timer. Between the two halves of a turn Node runs
// its ticks and microtasks, so that what a handler does after an await leaves in the same packets.
// Commands of applications outside of a turn ask for a turn in the same way, so that writes made
// together leave together.

import { performance } from 'node:perf_hooks'

import type { CryptoProvider } from '@godwit/crypto'
import { PacketProtection } from '@godwit/protection'
import { Endpoint } from '@godwit/quic'
import type {
  ConnectConfig,
  Connection,
  EndpointStats,
  FragmentListener,
  NetworkPath,
  ServerConfig,
} from '@godwit/quic'
import { Ring } from '@godwit/wire'
import { bindDatagramSocket } from './dgram-socket.ts'
import {
  DRAIN_TIMEOUT,
  EVENT_ROUNDS,
  LONGEST_DELAY,
  PACKET_SLACK,
  PACKET_SLOT_SIZE,
  PACKET_SLOTS,
  QUEUE_RETRY_DELAY,
  TRANSMIT_BURST,
} from './limits.ts'
import { FragmentCounter } from './fragment-counter.ts'
import type { DatagramListener, DatagramSocket, LocalAddress } from './socket.ts'
import { throwLater } from './user-code.ts'

const RECEIVE_SLOT = 0

/** The application side of a connection. */
export interface ConnectionOwner {
  /** Polls the connection's events, and those of the layers on it, until there are none. */
  handleEvents(): void
  /** Set by the host while the owner waits for a turn. */
  woken?: boolean
}

export interface EndpointHostOptions {
  readonly provider: CryptoProvider
  readonly host: string | undefined
  readonly port: number
  readonly server?: ServerConfig
  /** Makes the owner of a connection that a peer opened. */
  readonly accept?: (connection: Connection) => ConnectionOwner
  /** The socket failed; every connection will time out. */
  readonly onError: (error: Error) => void
}

export class EndpointHost implements DatagramListener {
  readonly #endpoint: Endpoint
  readonly #memory: Uint8Array
  readonly #memoryBase: number
  readonly #slotSize: number
  readonly #freeSlots: number[]
  readonly #accept: ((connection: Connection) => ConnectionOwner) | undefined
  readonly #onError: (error: Error) => void
  /** Owners with something new of their own making, such as the end of a body that was read. */
  readonly #woken: Ring<ConnectionOwner>
  readonly #fragments: FragmentCounter
  readonly #onEvents: () => void
  readonly #onTurn: () => void
  readonly #onTimer: () => void
  #socket: DatagramSocket | null
  #timer: NodeJS.Timeout | null
  /** When the timer fires; Infinity: it is not set. */
  #timerAt: number
  #turnScheduled: boolean
  #inTurn: boolean
  /** Datagrams sent in this turn. */
  #sent: number
  #closed: boolean

  private constructor(options: EndpointHostOptions) {
    const engine = options.provider.createPacketEngine(PACKET_SLOTS, PACKET_SLOT_SIZE)
    const { provider, server } = options
    this.#endpoint = new Endpoint({
      protection: new PacketProtection(provider, engine),
      randomBytes: (length) => provider.randomBytes(length),
      ...(server === undefined ? {} : { server }),
    })
    this.#memory = engine.memory.bytes
    this.#memoryBase = engine.memory.base
    this.#slotSize = engine.memory.slotSize
    this.#freeSlots = []
    for (let slot = engine.memory.slotCount - 1; slot > RECEIVE_SLOT; slot--) {
      this.#freeSlots.push(slot)
    }
    this.#accept = options.accept
    this.#onError = options.onError
    this.#woken = new Ring()
    this.#fragments = new FragmentCounter()
    this.#onEvents = () => {
      if (this.#closed) return
      this.#inTurn = true
      try {
        this.#dispatchEvents()
      } finally {
        this.#inTurn = false
      }
    }
    this.#onTurn = () => {
      this.#turnScheduled = false
      this.#turn()
    }
    this.#onTimer = () => {
      this.#timerAt = Infinity
      this.#turn()
    }
    this.#socket = null
    this.#timer = null
    this.#timerAt = Infinity
    this.#turnScheduled = false
    this.#inTurn = false
    this.#sent = 0
    this.#closed = false
  }

  /** Binds a socket and joins an endpoint to it. Rejects with Node's own error. */
  static async open(options: EndpointHostOptions): Promise<EndpointHost> {
    const host = new EndpointHost(options)
    host.#socket = await bindDatagramSocket(options.host, options.port, host)
    return host
  }

  // --- commands

  /** Starts a connection; `makeOwner` is called with it before anything happens on it. */
  connect<T extends ConnectionOwner>(
    path: NetworkPath,
    config: ConnectConfig,
    makeOwner: (connection: Connection) => T,
  ): T {
    const connection = this.#endpoint.connect(performance.now(), path, config)
    const owner = makeOwner(connection)
    connection.context = owner
    this.#scheduleTurn()
    return owner
  }

  /** The owner gave commands to its connection: they take effect in the next turn. */
  wake(owner: ConnectionOwner): void {
    if (owner.woken !== true) {
      owner.woken = true
      this.#woken.push(owner)
    }
    this.#scheduleTurn()
  }

  /** The connection is drained: nothing more will come of it. */
  forget(connection: Connection): void {
    connection.context = undefined
  }

  ref(): void {
    this.#socket?.ref()
  }

  unref(): void {
    this.#socket?.unref()
  }

  /** Closes every connection at once, and the socket when they are drained. */
  async close(errorCode: number, reason: string): Promise<void> {
    if (this.#closed) return
    this.#endpoint.close(performance.now(), errorCode, reason)
    this.#turn()
    const deadline = performance.now() + DRAIN_TIMEOUT
    while (this.#endpoint.connectionCount > 0 && performance.now() < deadline) {
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 5)
      })
    }
    this.destroy()
  }

  /** Closes the socket now. */
  destroy(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#socket?.close()
    this.#fragments.close()
  }

  // --- reads

  get address(): LocalAddress | null {
    return this.#closed || this.#socket === null ? null : this.#socket.address
  }

  get connectionCount(): number {
    return this.#endpoint.connectionCount
  }

  get stats(): EndpointStats {
    return this.#endpoint.stats
  }

  // --- DatagramListener

  onDatagram(path: NetworkPath, ecn: number, bytes: Uint8Array): void {
    if (this.#closed) return
    // No peer of ours sends these: we announce what fits.
    if (bytes.length > this.#slotSize - PACKET_SLACK) {
      this.#endpoint.handleTooLarge(bytes.length)
      return
    }
    this.#memory.set(bytes, this.#memoryBase)
    this.#endpoint.handleDatagram(performance.now(), path, ecn, this.#memoryBase, bytes.length)
    this.#scheduleTurn()
  }

  onSocketError(error: Error): void {
    if (!this.#closed) this.#onError(error)
  }

  // --- a turn

  #scheduleTurn(): void {
    if (this.#turnScheduled || this.#inTurn || this.#closed) return
    this.#turnScheduled = true
    setImmediate(this.#onEvents)
    setImmediate(this.#onTurn)
  }

  #turn(): void {
    if (this.#inTurn || this.#closed) return
    this.#inTurn = true
    this.#sent = 0
    let dry = false
    try {
      const now = performance.now()
      if (this.#endpoint.pollTimeout() <= now) this.#endpoint.handleTimeout(now)
      for (let round = 0; round < EVENT_ROUNDS && !dry; round++) {
        const events = this.#dispatchEvents()
        dry = this.#transmit() && !events
      }
    } finally {
      // An application's handler may throw: that is its process's affair, the endpoint goes on.
      this.#inTurn = false
      if (!dry) this.#scheduleTurn()
      else if (this.#freeSlots.length === 0) this.#awaitSlots()
      else this.#setTimerAt(this.#endpoint.pollTimeout())
    }
  }

  /** Gives connections that have events to their owners. True: there were some. */
  #dispatchEvents(): boolean {
    let some = false
    for (;;) {
      const accepted = this.#endpoint.pollAccepted()
      if (accepted === null || this.#accept === undefined) break
      accepted.context = this.#accept(accepted)
      some = true
    }
    for (;;) {
      const ready = this.#endpoint.pollReady()
      if (ready === null) break
      const owner = ownerOf(ready)
      if (owner !== undefined) this.#handEvents(owner)
      some = true
    }
    // Those that are woken meanwhile come in the next round.
    for (let left = this.#woken.length; left > 0; left--) {
      const owner = this.#woken.shift() as ConnectionOwner // as many as there were
      owner.woken = false
      this.#handEvents(owner)
      some = true
    }
    return some
  }

  /** What an owner throws is its application's affair: it must not cost others their events, nor itself. */
  #handEvents(owner: ConnectionOwner): void {
    try {
      owner.handleEvents()
    } catch (error) {
      throwLater(error)
      this.wake(owner)
    }
  }

  /** Sends what there is. True: all of it, or all that the kernel takes now. */
  #transmit(): boolean {
    const socket = this.#socket as DatagramSocket
    for (let count = 0; count < TRANSMIT_BURST && !this.#closed; count++) {
      const slot = this.#takeSlot()
      if (slot === undefined) return true
      const offset = this.#memoryBase + slot * this.#slotSize
      const limit = this.#slotSize - PACKET_SLACK
      const transmit = this.#endpoint.pollTransmit(performance.now(), offset, limit)
      if (transmit === null) {
        this.#freeSlots.push(slot)
        return true
      }
      const { size, segmentSize, path, watch } = transmit
      const fragments = watch === null ? 0 : this.#fragments.read(path)
      this.#sent++
      const left = socket.send(this.#memory, offset, size, segmentSize, path, slot)
      if (left) this.#freeSlots.push(slot)
      if (watch === null) continue
      if (left) this.#tellFragments(watch, size, path, fragments)
      // What is queued leaves in the poll phase before.
      else setImmediate(() => this.#tellFragments(watch, size, path, fragments))
    }
    return this.#closed
  }

  /** Fragments were made since there were `before`: most likely of the datagram that left meanwhile. */
  #tellFragments(watch: FragmentListener, size: number, path: NetworkPath, before: number): void {
    if (this.#closed || this.#fragments.read(path) === before) return
    watch.handleFragmented(size)
    this.#scheduleTurn()
  }

  #takeSlot(): number | undefined {
    if (this.#freeSlots.length === 0) (this.#socket as DatagramSocket).reclaim(this.#freeSlots)
    return this.#freeSlots.pop()
  }

  /** Every slot is queued. They leave before the next turn, unless the kernel's own queue is full, too. */
  #awaitSlots(): void {
    if (this.#sent > 0) this.#scheduleTurn()
    else this.#setTimerAt(performance.now() + QUEUE_RETRY_DELAY)
  }

  /**
   * One timer for the whole endpoint. A timer that is set too early is left alone: it costs one
   * look when it fires, and deadlines mostly move later. Timers count whole milliseconds, which is
   * what pacing reckons with: its bucket fills meanwhile. To poll for less would take a whole core.
   */
  #setTimerAt(at: number): void {
    if (at >= this.#timerAt || this.#closed) return
    const delay = at - performance.now()
    if (delay <= 0) {
      this.#scheduleTurn()
      return
    }
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(this.#onTimer, Math.min(Math.ceil(delay), LONGEST_DELAY))
    // The socket is what keeps a process alive, or not.
    this.#timer.unref()
  }
}

function ownerOf(connection: Connection): ConnectionOwner | undefined {
  return connection.context as ConnectionOwner | undefined // sound: set by `connect` and `accept` only
}
