// A handshake without cryptography for `@godwit/quic`: flights of plausible size over the CRYPTO
// streams, transport parameters in the clear, secrets that follow from a seed. A test that knows
// the seed can seal packets of its own.
//
//   client                                     server
//   CLIENT_HELLO (Initial)          ──▶
//                                   ◀──        SERVER_HELLO (Initial)
//                                   ◀──        SERVER_FLIGHT, FINISHED (Handshake)
//   FINISHED (Handshake)            ──▶

import type { EncryptionLevel, HandshakeEvent, HandshakeSession } from '@godwit/quic'
import { LEVEL_APPLICATION, LEVEL_HANDSHAKE, LEVEL_INITIAL } from '@godwit/quic'
import { TLS_AES_128_GCM_SHA256 } from '@godwit/crypto'
import { Prng } from './prng.ts'

const CLIENT_HELLO = 1
const SERVER_HELLO = 2
const SERVER_FLIGHT = 8
const FINISHED = 20

const HEADER_LENGTH = 4
const FINISHED_LENGTH = 32
const SERVER_HELLO_LENGTH = 90
/** The TLS alerts that a null handshake raises. */
const UNEXPECTED_MESSAGE = 10
const DECODE_ERROR = 50

export interface NullHandshakeOptions {
  /** Both sides must have the same. Default 1. */
  readonly seed?: number
  /** Bytes of the client's first message. Default 280, what a browser without extras sends. */
  readonly clientHelloSize?: number
  /** Bytes of the server's encrypted flight: mostly certificates. Default 2500. */
  readonly serverFlightSize?: number
  /** Changes the transport parameters on their way to the wire, for tests of bad ones. */
  readonly rewriteParameters?: (encoded: Uint8Array) => Uint8Array
  /** A server: fail with this alert when the client's first message has come. */
  readonly alert?: number
}

/** The traffic secret of a side and level for a seed. */
export function nullSecret(
  seed: number,
  level: EncryptionLevel,
  side: 'client' | 'server',
): Uint8Array {
  return new Prng(seed * 8 + level * 2 + (side === 'client' ? 0 : 1)).bytes(32)
}

/** Makes one side of a null handshake. */
export function createNullHandshake(
  side: 'client' | 'server',
  options: NullHandshakeOptions = {},
): NullHandshake {
  return new NullHandshake(side, options)
}

export class NullHandshake implements HandshakeSession {
  readonly side: 'client' | 'server'
  readonly options: NullHandshakeOptions
  readonly #seed: number
  readonly #events: HandshakeEvent[]
  /** By level: bytes of a message that is not complete yet. */
  readonly #pending: Map<EncryptionLevel, number[]>
  #parameters: Uint8Array
  #expected: number
  disposed: boolean

  constructor(side: 'client' | 'server', options: NullHandshakeOptions) {
    this.side = side
    this.options = options
    this.#seed = options.seed ?? 1
    this.#events = []
    this.#pending = new Map()
    this.#parameters = new Uint8Array(0)
    this.#expected = side === 'client' ? SERVER_HELLO : CLIENT_HELLO
    this.disposed = false
  }

  start(transportParameters: Uint8Array): void {
    this.#parameters = this.options.rewriteParameters?.(transportParameters) ?? transportParameters
    if (this.side === 'server') return
    const size = this.options.clientHelloSize ?? 280
    this.#send(LEVEL_INITIAL, CLIENT_HELLO, this.#withParameters(size))
  }

  handleCrypto(level: EncryptionLevel, data: Uint8Array): void {
    const pending = this.#pending.get(level) ?? []
    this.#pending.set(level, pending)
    for (const byte of data) pending.push(byte)
    while (pending.length >= HEADER_LENGTH) {
      const length = (pending[1] << 16) | (pending[2] << 8) | pending[3]
      if (pending.length < HEADER_LENGTH + length) return
      const message = pending.splice(0, HEADER_LENGTH + length)
      this.#handleMessage(message[0], Uint8Array.from(message.slice(HEADER_LENGTH)))
    }
  }

  pollEvent(): HandshakeEvent | null {
    return this.#events.shift() ?? null
  }

  dispose(): void {
    this.disposed = true
  }

  #handleMessage(type: number, body: Uint8Array): void {
    if (type !== this.#expected) {
      this.#alert(UNEXPECTED_MESSAGE, `message ${type} where ${this.#expected} was expected`)
      return
    }
    switch (type) {
      case CLIENT_HELLO:
        this.#answerClientHello(body)
        return
      case SERVER_HELLO:
        this.#secrets(LEVEL_HANDSHAKE, true, true)
        this.#expected = SERVER_FLIGHT
        return
      case SERVER_FLIGHT:
        this.#receiveParameters(body)
        this.#expected = FINISHED
        return
      default:
        this.#handleFinished()
    }
  }

  #answerClientHello(body: Uint8Array): void {
    if (this.options.alert !== undefined) {
      this.#alert(this.options.alert, 'as the test asked')
      return
    }
    this.#receiveParameters(body)
    this.#send(LEVEL_INITIAL, SERVER_HELLO, new Uint8Array(SERVER_HELLO_LENGTH))
    this.#secrets(LEVEL_HANDSHAKE, true, true)
    const size = this.options.serverFlightSize ?? 2500
    this.#send(LEVEL_HANDSHAKE, SERVER_FLIGHT, this.#withParameters(size))
    this.#send(LEVEL_HANDSHAKE, FINISHED, new Uint8Array(FINISHED_LENGTH))
    // RFC 9001 §5.7: a server must not read 1-RTT packets before the handshake is complete.
    this.#secrets(LEVEL_APPLICATION, false, true)
    this.#expected = FINISHED
  }

  #handleFinished(): void {
    this.#expected = 0
    if (this.side === 'client') {
      this.#secrets(LEVEL_APPLICATION, true, true)
      this.#send(LEVEL_HANDSHAKE, FINISHED, new Uint8Array(FINISHED_LENGTH))
    } else {
      this.#secrets(LEVEL_APPLICATION, true, false)
    }
    this.#events.push({ type: 'complete' })
  }

  // Parameters with their length, then filler.
  #withParameters(size: number): Uint8Array {
    const length = this.#parameters.length
    const body = new Uint8Array(Math.max(size - HEADER_LENGTH, 2 + length))
    body[0] = length >>> 8
    body[1] = length
    body.set(this.#parameters, 2)
    for (let i = 2 + length; i < body.length; i++) body[i] = i
    return body
  }

  #receiveParameters(body: Uint8Array): void {
    const length = (body[0] << 8) | body[1]
    if (body.length < 2 + length) {
      this.#alert(DECODE_ERROR, 'truncated parameters')
      return
    }
    this.#events.push({ type: 'transport-parameters', data: body.slice(2, 2 + length) })
  }

  #send(level: EncryptionLevel, type: number, body: Uint8Array): void {
    const data = new Uint8Array(HEADER_LENGTH + body.length)
    data.set([type, body.length >>> 16, body.length >>> 8, body.length])
    data.set(body, HEADER_LENGTH)
    this.#events.push({ type: 'crypto', level, data })
  }

  #secrets(level: EncryptionLevel, read: boolean, write: boolean): void {
    const peer = this.side === 'client' ? 'server' : 'client'
    this.#events.push({
      type: 'secrets',
      level,
      cipherSuite: TLS_AES_128_GCM_SHA256,
      read: read ? nullSecret(this.#seed, level, peer) : null,
      write: write ? nullSecret(this.#seed, level, this.side) : null,
    })
  }

  #alert(description: number, reason: string): void {
    const error = new Error(`alert ${description}: ${reason}`)
    this.#events.push({ type: 'alert', description, reason, error })
  }
}
