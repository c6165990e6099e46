// A stream as the application holds it, RFC 9000 §2: checks what is asked of it and passes it on to
// its parts. A unidirectional stream has one part only.

import { QuicError } from '../errors.ts'
import type { QuicStream, StreamDirection } from '../port.ts'
import type { ReceivePart } from './receive-part.ts'
import type { SendPart } from './send-part.ts'
import type { StreamHost } from './stream-host.ts'
import { isUnidirectional } from './stream-id.ts'

export class Stream implements QuicStream {
  readonly id: number
  readonly direction: StreamDirection
  readonly local: boolean
  context: unknown

  // Below: for the classes of this folder.
  /** Set once, right after construction, for a part refers to its stream. */
  send: SendPart | null
  receive: ReceivePart | null
  /** True between `retain` and `release`: the stream stays, though its parts may be over. */
  retained: boolean
  /** CONTROL_ bits: frames to send. */
  controls: number
  /** True while the stream waits in the queue of those with such frames. */
  controlsQueued: boolean
  /** EVENT_ bits: events to be polled. */
  events: number
  /** True while the stream waits in the queue of those with events. */
  eventQueued: boolean
  /** True when the connection is over. */
  abandoned: boolean

  readonly #host: StreamHost

  constructor(id: number, local: boolean, host: StreamHost) {
    this.#host = host
    this.id = id
    this.direction = isUnidirectional(id) ? 'uni' : 'bidi'
    this.local = local
    this.context = undefined
    this.send = null
    this.receive = null
    this.retained = false
    this.controls = 0
    this.controlsQueued = false
    this.events = 0
    this.eventQueued = false
    this.abandoned = false
  }

  retain(): void {
    this.retained = !this.local
  }

  release(): void {
    if (!this.retained) return
    this.retained = false
    if (!this.abandoned) this.#host.onPartOver(this)
  }

  // --- sending part

  write(data: Uint8Array): boolean {
    if (!(data instanceof Uint8Array)) {
      throw new TypeError(`"data" expected a Uint8Array, got ${typeof data}`)
    }
    const send = this.#sendPart('write')
    return send === null ? false : send.write(data)
  }

  finish(): void {
    this.#sendPart('finish')?.finish()
  }

  reset(errorCode: number): void {
    checkErrorCode(errorCode)
    if (this.send === null) throw this.#stateError('reset', 'has no sending part')
    if (!this.abandoned) this.send.resetByApplication(errorCode)
  }

  get bufferedAmount(): number {
    return this.send === null || this.abandoned ? 0 : this.send.bufferedAmount
  }

  get writableAmount(): number {
    return this.send === null || this.abandoned ? 0 : this.send.writableAmount
  }

  get writable(): boolean {
    return this.send !== null && !this.abandoned && this.send.isOpen
  }

  // --- receiving part

  read(): Uint8Array | null {
    if (this.receive === null) throw this.#stateError('read', 'has no receiving part')
    return this.receive.read()
  }

  get ended(): boolean {
    return this.receive !== null && this.receive.ended
  }

  stopSending(errorCode: number): void {
    checkErrorCode(errorCode)
    if (this.receive === null) throw this.#stateError('stopSending', 'has no receiving part')
    if (!this.abandoned) this.receive.stopSending(errorCode)
  }

  /** The sending part, or null when it ended by what the peer did: then the call means nothing. */
  #sendPart(verb: string): SendPart | null {
    const send = this.send
    if (send === null) throw this.#stateError(verb, 'has no sending part')
    if (send.endedByApplication) throw this.#stateError(verb, 'is finished or reset')
    return this.abandoned || !send.isOpen ? null : send
  }

  #stateError(verb: string, why: string): QuicError {
    return new QuicError('ERR_QUIC_STREAM_STATE', `cannot ${verb}: stream ${this.id} ${why}`)
  }
}

function checkErrorCode(errorCode: number): void {
  if (!Number.isSafeInteger(errorCode) || errorCode < 0) {
    throw new RangeError(`"errorCode" expected an integer 0..2^53-1, got ${String(errorCode)}`)
  }
}
