// What both sides of a handshake share: the queue of events, reassembly and order of messages, levels,
// secrets and their log, and the one place where a peer's violation becomes an alert.

import { wipe } from '@godwit/crypto'
import type { CipherSuite, NamedGroup } from '@godwit/crypto'
import { Ring } from '@godwit/wire'

import { ALERT_INTERNAL_ERROR, ALERT_UNEXPECTED_MESSAGE } from './alerts.ts'
import {
  LEVEL_APPLICATION,
  LEVEL_HANDSHAKE,
  LEVEL_INITIAL,
  PROTOCOL_VIOLATION,
} from './constants.ts'
import type { EncryptionLevel } from './constants.ts'
import { TlsError } from './errors.ts'
import { HandshakeReader } from './handshake-reader.ts'
import { keyLogLine } from './key-log.ts'
import { KeySchedule } from './key-schedule.ts'
import { messageLimit } from './limits.ts'
import type { SessionConfig } from './options.ts'
import type { HandshakeEvent } from './session.ts'
import { Transcript } from './transcript.ts'

/** The common part of ClientHandshake and ServerHandshake. */
export abstract class SessionBase {
  abstract readonly side: 'client' | 'server'
  alpnProtocol: string | null
  serverName: string | null
  peerCertificates: readonly Uint8Array[]
  cipherSuite: CipherSuite | null
  group: NamedGroup | null
  verificationError: Error | null
  isComplete: boolean
  helloRetried: boolean

  protected readonly transcript: Transcript
  /** Null until the cipher suite is selected. */
  protected schedule: KeySchedule | null
  /** Our transport parameters; null until `start`. */
  protected transportParameters: Uint8Array | null
  /** The client's random, by which the key log names a connection. */
  protected clientRandom: Uint8Array
  readonly #config: SessionConfig
  readonly #events: Ring<HandshakeEvent>
  readonly #reader: HandshakeReader
  #readLevel: EncryptionLevel
  // True after an alert or `dispose`: nothing is read any more.
  #closed: boolean

  constructor(config: SessionConfig) {
    this.alpnProtocol = null
    this.serverName = null
    this.peerCertificates = []
    this.cipherSuite = null
    this.group = null
    this.verificationError = null
    this.isComplete = false
    this.helloRetried = false
    this.transcript = new Transcript(config.crypto)
    this.schedule = null
    this.transportParameters = null
    this.clientRandom = new Uint8Array(0)
    this.#config = config
    this.#events = new Ring()
    this.#reader = new HandshakeReader()
    this.#readLevel = LEVEL_INITIAL
    this.#closed = false
  }

  start(transportParameters: Uint8Array): void {
    if (this.transportParameters !== null) throw new TypeError('"start" expected to be called once')
    this.transportParameters = transportParameters.slice()
    this.onStart()
  }

  handleCrypto(level: EncryptionLevel, data: Uint8Array): void {
    if (this.transportParameters === null) {
      throw new TypeError('"handleCrypto" expected a call of "start" before')
    }
    if (this.#closed || data.length === 0) return
    try {
      if (level !== this.#readLevel) {
        // RFC 9001 §4.1.3: data of a level that was left. Of a level that has no keys yet nothing
        // can come, and nothing at all of 0-RTT (§8.3).
        throw new TlsError(ALERT_UNEXPECTED_MESSAGE, `handshake data at level ${level}`, {
          transportErrorCode: PROTOCOL_VIOLATION,
        })
      }
      this.#reader.feed(data)
      this.#readMessages()
    } catch (error) {
      this.#fail(error)
    }
  }

  pollEvent(): HandshakeEvent | null {
    return this.#events.shift() ?? null
  }

  dispose(): void {
    this.#closed = true
    this.#reader.clear()
    this.schedule?.dispose()
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
      if (event.type === 'secrets') wipe(event.read, event.write)
    }
    this.schedule = null
  }

  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array | null {
    // A label of RFC 5705 §4 is ASCII; both bounds are those of HKDF-Expand-Label.
    if (!/^[\u0020-\u007e]{1,249}$/.test(label)) {
      throw new RangeError(`"label" expected 1..249 ASCII characters, got "${label}"`)
    }
    if (!Number.isInteger(length) || length < 1 || length > 255 * 32) {
      throw new RangeError(`"length" expected an integer 1..${255 * 32}, got ${length}`)
    }
    if (!this.isComplete || this.schedule === null) return null
    return this.schedule.exportKeyingMaterial(label, context, length)
  }

  /** `transportParameters` are there. */
  protected abstract onStart(): void
  /** Throws unexpected_message when the state does not allow a message of this type. */
  protected abstract expect(type: number): void
  /** Handles a whole message, which `expect` has let pass. */
  protected abstract onMessage(type: number, message: Uint8Array): void

  protected emit(event: HandshakeEvent): void {
    this.#events.push(event)
  }

  /** Selects the suite, and with it the hash of transcript and key schedule. */
  protected useCipherSuite(suite: CipherSuite): KeySchedule {
    const schedule = new KeySchedule(this.#config.crypto, suite)
    this.cipherSuite = suite
    this.schedule = schedule
    this.transcript.useHash(schedule.hash)
    return schedule
  }

  /** Derives the handshake secrets, after the ServerHello; the peer's next bytes are of that level. */
  protected enterHandshakeLevel(schedule: KeySchedule, sharedSecret: Uint8Array): void {
    schedule.enterHandshake(sharedSecret, this.transcript.hash())
    const { clientHandshake, serverHandshake } = schedule
    this.#log('CLIENT_HANDSHAKE_TRAFFIC_SECRET', clientHandshake)
    this.#log('SERVER_HANDSHAKE_TRAFFIC_SECRET', serverHandshake)
    const isClient = this.side === 'client'
    this.emit({
      type: 'secrets',
      level: LEVEL_HANDSHAKE,
      cipherSuite: schedule.suite,
      read: (isClient ? serverHandshake : clientHandshake).slice(),
      write: (isClient ? clientHandshake : serverHandshake).slice(),
    })
    this.setReadLevel(LEVEL_HANDSHAKE)
  }

  /** Derives the application secrets, after the server's Finished. */
  protected deriveApplicationSecrets(schedule: KeySchedule): void {
    schedule.enterApplication(this.transcript.hash())
    this.#log('CLIENT_TRAFFIC_SECRET_0', schedule.clientApplication)
    this.#log('SERVER_TRAFFIC_SECRET_0', schedule.serverApplication)
    this.#log('EXPORTER_SECRET', schedule.exporter)
  }

  protected emitApplicationSecrets(read: Uint8Array | null, write: Uint8Array | null): void {
    if (this.cipherSuite === null) return
    this.emit({
      type: 'secrets',
      level: LEVEL_APPLICATION,
      cipherSuite: this.cipherSuite,
      read: read === null ? null : read.slice(),
      write: write === null ? null : write.slice(),
    })
  }

  /**
   * The peer's flight ends here, and its next bytes are of `level`. RFC 9846 §5.1: messages that precede a
   * key change must end there; RFC 9001 §4.1.3 makes what is left a PROTOCOL_VIOLATION.
   */
  protected setReadLevel(level: EncryptionLevel): void {
    if (!this.#reader.idle) {
      throw new TlsError(
        ALERT_UNEXPECTED_MESSAGE,
        'handshake data goes on behind the end of a flight',
        {
          transportErrorCode: PROTOCOL_VIOLATION,
        },
      )
    }
    this.#readLevel = level
  }

  /** The last step: nothing of the handshake is needed any more. */
  protected completeHandshake(schedule: KeySchedule): void {
    this.setReadLevel(LEVEL_APPLICATION)
    schedule.disposeHandshake()
    this.isComplete = true
    this.emit({ type: 'complete' })
  }

  #readMessages(): void {
    const reader = this.#reader
    while (!this.#closed) {
      const { type } = reader
      if (type < 0) return
      // Before its body is there: what may not come is not waited for.
      this.expect(type)
      const message = reader.next(messageLimit(type))
      if (message === null) return
      this.onMessage(type, message)
    }
  }

  #fail(error: unknown): void {
    // What is no TlsError comes from the host's own functions, or is a bug of ours.
    const cause =
      error instanceof TlsError
        ? error
        : new TlsError(ALERT_INTERNAL_ERROR, 'the handshake failed on this side', { cause: error })
    this.#closed = true
    this.#reader.clear()
    this.schedule?.dispose()
    this.schedule = null
    this.isComplete = false
    const { transportErrorCode } = cause
    this.emit({
      type: 'alert',
      description: cause.alert,
      reason: cause.message,
      error: cause,
      ...(transportErrorCode === undefined ? {} : { transportErrorCode }),
    })
  }

  #log(label: string, secret: Uint8Array): void {
    const { keyLog } = this.#config
    if (keyLog !== null) keyLog(keyLogLine(label, this.clientRandom, secret))
  }
}

/** The error for a message that the state does not allow. */
export function unexpectedMessage(
  type: number,
  state: string,
  transportErrorCode?: number,
): TlsError {
  return new TlsError(
    ALERT_UNEXPECTED_MESSAGE,
    `handshake message of type ${type} in state ${state}`,
    transportErrorCode === undefined ? {} : { transportErrorCode },
  )
}
