// The platform under the machine: Node's timers, immediates, clock and UDP sockets, replaced by ones
// that run under virtual time. Everything else is real: promises, ticks, node:stream, the web's streams.
//
// The event loop is Node's in small: timers that are due, then datagrams that have arrived, then
// immediates, each in a macrotask of its own, with all ticks and microtasks run in between. Virtual time
// moves only when nothing is left to do at the present instant, so that hours of idle timeouts pass in
// milliseconds, and what happens depends on the seed alone.

import dgram from 'node:dgram'
import { EventEmitter } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import { performance } from 'node:perf_hooks'

const realSetImmediate = globalThis.setImmediate
const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  createSocket: dgram.createSocket,
}

/** Turns of the event loop at one instant of virtual time that no case needs: more is a busy loop. */
const MAX_TURNS = 3_000

/** The longest delay of a timer, as Node has it; above, it fires at once. */
const LONGEST_DELAY = 0x7fffffff

// Ports are not used again: clients keep connections by port.
let nextPort = 20_000

type Callback = (...args: unknown[]) => void

/** Somebody who takes datagrams at a port of the simulated network. */
export interface Station {
  handleDatagram(bytes: Uint8Array, fromPort: number): void
}

interface Arrival {
  readonly at: number
  /** Turns of the loop at the instant `at` that pass before it is seen. */
  readonly lag: number
  readonly order: number
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
}

/** What `setTimeout` and `setInterval` give. */
class VirtualTimer {
  at: number
  order: number
  active: boolean
  readonly delay: number
  readonly repeats: boolean
  /** Set by the machine itself: it is no leak. */
  readonly own: boolean
  readonly callback: Callback
  readonly args: unknown[]
  readonly #platform: Platform
  #referenced: boolean

  constructor(
    platform: Platform,
    callback: Callback,
    delay: number,
    args: unknown[],
    repeats: boolean,
    own: boolean,
  ) {
    this.#platform = platform
    this.callback = callback
    this.args = args
    this.delay = delay >= 1 && delay <= LONGEST_DELAY ? delay : 1
    this.repeats = repeats
    this.own = own
    this.at = 0
    this.order = 0
    this.active = false
    this.#referenced = true
    platform.arm(this)
  }

  ref(): this {
    this.#referenced = true
    return this
  }

  unref(): this {
    this.#referenced = false
    return this
  }

  hasRef(): boolean {
    return this.#referenced
  }

  refresh(): this {
    if (this.active) this.#platform.arm(this)
    return this
  }

  close(): this {
    this.#platform.disarm(this)
    return this
  }

  [Symbol.toPrimitive](): number {
    return this.order
  }
}

class VirtualImmediate {
  callback: Callback | null
  readonly args: unknown[]

  constructor(callback: Callback, args: unknown[]) {
    this.callback = callback
    this.args = args
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }
}

/** A UDP socket of node:dgram, as far as godwit uses one. */
class VirtualSocket extends EventEmitter implements Station {
  readonly #platform: Platform
  #port: number
  #closed: boolean

  constructor(platform: Platform) {
    super()
    this.#platform = platform
    this.#port = 0
    this.#closed = false
  }

  bind(options: { readonly port?: number }): this {
    this.#port = this.#platform.occupy(this, options.port ?? 0)
    process.nextTick(() => this.emit('listening'))
    return this
  }

  address(): { address: string; family: string; port: number } {
    if (this.#closed) throw new Error('the socket is closed')
    return { address: '127.0.0.1', family: 'IPv4', port: this.#port }
  }

  send(bytes: Uint8Array, ...rest: (number | string)[]): void {
    if (this.#closed) throw new Error('the socket is closed')
    const whole = typeof rest[1] === 'string'
    const piece = whole
      ? bytes
      : bytes.subarray(rest[0] as number, (rest[0] as number) + (rest[1] as number))
    this.#platform.transmit(this.#port, rest[whole ? 0 : 2] as number, piece)
  }

  handleDatagram(bytes: Uint8Array, fromPort: number): void {
    const peer = { address: '127.0.0.1', family: 'IPv4', port: fromPort, size: bytes.length }
    this.emit('message', Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), peer)
  }

  getSendQueueCount(): number {
    return 0
  }

  getSendQueueSize(): number {
    return 0
  }

  setRecvBufferSize(): void {}

  setSendBufferSize(): void {}

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  close(): this {
    if (this.#closed) throw new Error('the socket is closed')
    this.#closed = true
    this.#platform.release(this.#port)
    process.nextTick(() => this.emit('close'))
    return this
  }
}

export class Platform {
  /** Virtual time, in ms. */
  now: number
  /** One-way delay of the network, in ms. */
  delay: number
  /** Turns of the loop since virtual time moved last. */
  turns: number
  /** An exception came out of a callback: the process would be gone. */
  onUncaught: (error: unknown) => void
  /** Whether work of the real system is under way, for which virtual time waits. */
  isBusy: () => boolean
  #timers: VirtualTimer[]
  #immediates: VirtualImmediate[]
  #check: VirtualImmediate[]
  #arrivals: Arrival[]
  readonly #stations: Map<number, Station>
  #order: number
  #phase: 'timers' | 'poll' | 'check'
  #worked: boolean
  #stuck: boolean

  constructor() {
    this.now = 0
    this.delay = 5
    this.turns = 0
    this.onUncaught = () => {}
    this.isBusy = () => false
    this.#timers = []
    this.#immediates = []
    this.#check = []
    this.#arrivals = []
    this.#stations = new Map()
    this.#order = 0
    this.#phase = 'timers'
    this.#worked = false
    this.#stuck = false
  }

  // --- the present platform of the process

  /** Takes the place of Node's own until `uninstall`. */
  install(): void {
    const timer =
      (repeats: boolean) =>
      (callback: Callback, delay: number = 1, ...args: unknown[]) =>
        new VirtualTimer(this, callback, delay, args, repeats, false)
    const clear = (timer: unknown): void => {
      if (timer instanceof VirtualTimer) this.disarm(timer)
      else real.clearTimeout(timer as NodeJS.Timeout)
    }
    Object.assign(globalThis, {
      setTimeout: timer(false),
      setInterval: timer(true),
      clearTimeout: clear,
      clearInterval: clear,
      setImmediate: (callback: Callback, ...args: unknown[]) => {
        const immediate = new VirtualImmediate(callback, args)
        this.#immediates.push(immediate)
        return immediate
      },
      clearImmediate: (immediate: unknown) => {
        if (immediate instanceof VirtualImmediate) immediate.callback = null
      },
    })
    performance.now = () => this.now
    dgram.createSocket = (() => new VirtualSocket(this)) as unknown as typeof dgram.createSocket
    syncBuiltinESMExports()
  }

  uninstall(): void {
    const { createSocket, ...timers } = real
    Object.assign(globalThis, timers)
    // oxlint-disable-next-line typescript/no-dynamic-delete -- the own property hides the real clock
    delete (performance as { now?: unknown }).now
    dgram.createSocket = createSocket
    syncBuiltinESMExports()
  }

  // --- timers

  /** A timer of the machine itself. */
  after(ms: number, callback: () => void): { close(): void } {
    return new VirtualTimer(this, callback, ms, [], false, true)
  }

  arm(timer: VirtualTimer): void {
    if (!timer.active) this.#timers.push(timer)
    timer.active = true
    timer.at = this.now + timer.delay
    timer.order = this.#order++
  }

  disarm(timer: VirtualTimer): void {
    if (!timer.active) return
    timer.active = false
    this.#timers.splice(this.#timers.indexOf(timer), 1)
  }

  // --- the network

  /** Gives `station` a port; 0: a free one. */
  occupy(station: Station, port: number = 0): number {
    const given = port === 0 ? nextPort++ : port
    if (nextPort > 60_000) nextPort = 20_000
    this.#stations.set(given, station)
    return given
  }

  release(port: number): void {
    this.#stations.delete(port)
  }

  /** Sends a copy of `bytes`; `lag` turns of the receiver's loop late. */
  transmit(from: number, to: number, bytes: Uint8Array, lag: number = 0): void {
    const at = this.now + this.delay
    this.#arrivals.push({ at, lag, order: this.#order++, from, to, bytes: bytes.slice() })
  }

  // --- the loop

  /**
   * Runs until `done`, at most to virtual time `deadline`. False: not done, and either nothing is left
   * to happen before the deadline, or the loop is busy without end (`stuck`).
   */
  run(done: () => boolean, deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const step = (): void => {
        if (done()) return resolve(true)
        if (this.isBusy()) return void realSetImmediate(step)
        const job = this.#next(deadline)
        if (job === null) return resolve(false)
        realSetImmediate(step)
        try {
          job()
        } catch (error) {
          this.onUncaught(error)
        }
      }
      realSetImmediate(step)
    })
  }

  /** True when the loop turned for ever at one instant. */
  get stuck(): boolean {
    return this.#stuck
  }

  /** What is still there: timers that the machine has not set, immediates, sockets. */
  get leftovers(): string[] {
    const left = this.#timers
      .filter((timer) => !timer.own)
      .map((timer) => `a timer of ${timer.delay} ms: ${String(timer.callback).slice(0, 80)}`)
    if (this.#immediates.length > 0) left.push('an immediate')
    for (const station of this.#stations.values()) {
      if (station instanceof VirtualSocket) left.push('a socket')
    }
    return left
  }

  #next(deadline: number): (() => void) | null {
    for (;;) {
      if (this.#phase === 'timers') {
        const timer = this.#dueTimer()
        if (timer !== null) return this.#work(() => this.#fire(timer))
        this.#phase = 'poll'
      }
      if (this.#phase === 'poll') {
        const arrival = this.#dueArrival()
        if (arrival !== null) return this.#work(() => this.#deliver(arrival))
        this.#phase = 'check'
        this.#check = this.#immediates
        this.#immediates = []
      }
      const immediate = this.#check.shift()
      if (immediate !== undefined) {
        const { callback, args } = immediate
        if (callback === null) continue
        return this.#work(() => callback(...args))
      }
      this.#phase = 'timers'
      this.turns++
      const worked = this.#worked
      this.#worked = false
      if (this.turns > MAX_TURNS) {
        this.#stuck = true
        return null
      }
      if (worked || this.#immediates.length > 0) continue
      // Nothing to do now, but perhaps a datagram that lags.
      const next = this.#nextTime()
      if (next === this.now) continue
      if (next > deadline) {
        if (deadline > this.now && deadline !== Infinity) this.now = deadline
        return null
      }
      this.now = next
      this.turns = 0
    }
  }

  #work(job: () => void): () => void {
    this.#worked = true
    return job
  }

  #dueTimer(): VirtualTimer | null {
    let due: VirtualTimer | null = null
    for (const timer of this.#timers) {
      if (timer.at > this.now) continue
      if (due === null || timer.at < due.at || (timer.at === due.at && timer.order < due.order)) {
        due = timer
      }
    }
    return due
  }

  #fire(timer: VirtualTimer): void {
    if (!timer.active) return
    if (timer.repeats) this.arm(timer)
    else this.disarm(timer)
    timer.callback(...timer.args)
  }

  #dueArrival(): Arrival | null {
    let due = -1
    for (let i = 0; i < this.#arrivals.length; i++) {
      const arrival = this.#arrivals[i] as Arrival
      if (arrival.at > this.now) continue
      if (arrival.at === this.now && arrival.lag > this.turns) continue
      const best = this.#arrivals[due]
      if (
        best === undefined ||
        arrival.at < best.at ||
        (arrival.at === best.at && arrival.order < best.order)
      ) {
        due = i
      }
    }
    return due < 0 ? null : (this.#arrivals.splice(due, 1)[0] ?? null)
  }

  #deliver(arrival: Arrival): void {
    this.#stations.get(arrival.to)?.handleDatagram(arrival.bytes, arrival.from)
  }

  #nextTime(): number {
    let next = Infinity
    for (const timer of this.#timers) next = Math.min(next, timer.at)
    for (const arrival of this.#arrivals) next = Math.min(next, arrival.at)
    return Math.max(next, this.now)
  }
}
