// The server's side of a TLS 1.3 handshake over QUIC: what happens at each transition of
// server-states.ts, in the order of the handshake.

import { CryptoError, equalBytes } from '@godwit/crypto'
import type { CipherSuite, KeyAnswer, NamedGroup } from '@godwit/crypto'

import {
  ALERT_DECRYPT_ERROR,
  ALERT_HANDSHAKE_FAILURE,
  ALERT_ILLEGAL_PARAMETER,
  ALERT_INTERNAL_ERROR,
  ALERT_NO_APPLICATION_PROTOCOL,
} from './alerts.ts'
import { checkClientHello } from './check-client-hello.ts'
import type { CheckedClientHello } from './check-client-hello.ts'
import { CLIENT_HELLO, FINISHED, LEVEL_HANDSHAKE, LEVEL_INITIAL } from './constants.ts'
import { TlsError } from './errors.ts'
import type { KeySchedule } from './key-schedule.ts'
import { encodeCertificateVerify, signedContent } from './messages/certificate-verify.ts'
import { decodeClientHello, isSameClientHello } from './messages/client-hello.ts'
import type { ClientHello, KeyShareEntry } from './messages/client-hello.ts'
import { encodeEncryptedExtensions } from './messages/encrypted-extensions.ts'
import { decodeFinished, encodeFinished } from './messages/finished.ts'
import { encodeHelloRetryRequest, encodeServerHello } from './messages/server-hello.ts'
import { parseServerOptions } from './options.ts'
import type { ServerConfig, ServerSessionOptions } from './options.ts'
import { certificateMessage, selectServerIdentity } from './server-identity.ts'
import type { SelectedIdentity } from './server-identity.ts'
import {
  NO,
  RECV_CLIENT_HELLO,
  RECV_FINISHED,
  RECV_OTHER,
  RECVD_CH_AFTER_RETRY,
  SELECT_PARAMETERS,
  SEND_FLIGHT,
  SEND_HELLO_RETRY_REQUEST,
  SERVER_STATE_NAMES,
  SERVER_TRANSITIONS,
  START,
} from './server-states.ts'
import { SessionBase, unexpectedMessage } from './session-base.ts'
import type { ServerSession } from './session.ts'

/** Begins the server's side of a handshake. Throws TypeError or RangeError for a wrong option. */
export function createServerSession(options: ServerSessionOptions): ServerSession {
  return new ServerHandshake(parseServerOptions(options))
}

const EVENTS: ReadonlyMap<number, number> = new Map([
  [CLIENT_HELLO, RECV_CLIENT_HELLO],
  [FINISHED, RECV_FINISHED],
])

class ServerHandshake extends SessionBase implements ServerSession {
  readonly side = 'server'
  readonly #config: ServerConfig
  #state: number
  // The first ClientHello and what it was answered with, until the second comes.
  #firstHello: ClientHello | null
  #retryGroup: NamedGroup | null

  constructor(config: ServerConfig) {
    super(config)
    this.#config = config
    this.#state = START
    this.#firstHello = null
    this.#retryGroup = null
  }

  protected override onStart(): void {
    // The client speaks first.
  }

  protected override expect(type: number): void {
    if (this.#next(EVENTS.get(type) ?? RECV_OTHER) !== NO) return
    // EndOfEarlyData (RFC 9001 §8.3), KeyUpdate (§6) and renegotiation are among these.
    throw unexpectedMessage(type, SERVER_STATE_NAMES[this.#state])
  }

  protected override onMessage(type: number, message: Uint8Array): void {
    if (type === CLIENT_HELLO) this.#onClientHello(message)
    else if (this.schedule !== null) this.#onFinished(this.schedule, message)
  }

  #next(event: number): number {
    return SERVER_TRANSITIONS[this.#state][event]
  }

  #onClientHello(message: Uint8Array): void {
    this.#state = this.#next(RECV_CLIENT_HELLO)
    const hello = decodeClientHello(message)
    const checked = checkClientHello(hello)
    if (this.#state === RECVD_CH_AFTER_RETRY) this.#checkSecondHello(checked)
    this.transcript.add(message)
    this.clientRandom = hello.random.slice()

    const suite = this.#selectCipherSuite(hello.cipherSuites)
    const keyShare = this.#selectKeyShare(checked)
    if (keyShare === null) {
      this.#sendHelloRetryRequest(suite, checked, message)
      return
    }
    const alpnProtocol = this.#selectProtocol(hello.alpnProtocols)
    const { serverName } = hello
    const selected = selectServerIdentity(
      this.#config.selectIdentity(serverName, {
        signatureAlgorithms: checked.signatureAlgorithms,
        alpnProtocols: hello.alpnProtocols ?? [],
      }),
      checked.signatureAlgorithms,
      checked.signatureAlgorithmsCert,
    )
    this.serverName = serverName
    this.alpnProtocol = alpnProtocol
    this.#firstHello = null
    this.#state = this.#next(SELECT_PARAMETERS)
    // The client's parameters are needed before 1-RTT data is sent, which is before it has proved
    // anything; the handshake fails later if they were tampered with (RFC 9001 §8.2).
    this.emit({ type: 'transport-parameters', data: checked.transportParameters.slice() })
    this.#sendFlight(suite, keyShare, selected, alpnProtocol)
  }

  // RFC 9846 §4.2.2 and §4.3.8: what the answer to a HelloRetryRequest must be.
  #checkSecondHello({ hello, keyShares }: CheckedClientHello): void {
    if (this.#firstHello === null || !isSameClientHello(this.#firstHello, hello)) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'the second ClientHello differs from the first')
    }
    if (keyShares.length !== 1 || keyShares[0].group !== this.#retryGroup) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'not the one key share that was asked for')
    }
  }

  #selectCipherSuite(offered: readonly number[]): CipherSuite {
    const suite = this.#config.cipherSuites.find((ours) => offered.includes(ours))
    if (suite === undefined) {
      throw new TlsError(ALERT_HANDSHAKE_FAILURE, 'no cipher suite in common')
    }
    return suite
  }

  // The share of our most preferred group, or null when there is a common group without a share:
  // a group that costs no round trip goes before one that we would rather have.
  #selectKeyShare({ supportedGroups, keyShares }: CheckedClientHello): KeyShare | null {
    const { groups } = this.#config
    for (const group of groups) {
      const entry = keyShares.find((share) => share.group === group)
      if (entry !== undefined) return { group, keyExchange: entry.keyExchange }
    }
    if (groups.some((group) => supportedGroups.includes(group))) return null
    throw new TlsError(ALERT_HANDSHAKE_FAILURE, 'no group in common')
  }

  #selectProtocol(offered: readonly string[] | null): string {
    const protocol = this.#config.alpnProtocols.find((ours) => offered?.includes(ours))
    if (protocol === undefined) {
      // RFC 9001 §8.1: also for a client that offers none.
      throw new TlsError(ALERT_NO_APPLICATION_PROTOCOL, 'no application protocol in common')
    }
    return protocol
  }

  #sendHelloRetryRequest(
    suite: CipherSuite,
    { supportedGroups }: CheckedClientHello,
    firstHello: Uint8Array,
  ): void {
    const group = this.#config.groups.find((ours) => supportedGroups.includes(ours)) ?? null
    this.#state = this.#next(SEND_HELLO_RETRY_REQUEST)
    // The client's next message answers this one, and cannot be there yet.
    this.setReadLevel(LEVEL_INITIAL)
    this.#firstHello = decodeClientHello(firstHello.slice())
    this.#retryGroup = group
    this.helloRetried = true
    this.useCipherSuite(suite)
    this.transcript.replaceWithMessageHash()
    const message = encodeHelloRetryRequest(suite, group, null)
    this.transcript.add(message)
    this.emit({ type: 'crypto', level: LEVEL_INITIAL, data: message })
  }

  #sendFlight(
    suite: CipherSuite,
    keyShare: KeyShare,
    { identity, scheme }: SelectedIdentity,
    alpnProtocol: string,
  ): void {
    const { crypto } = this.#config
    const { transcript } = this
    const answer = answerShare(() => crypto.answerKey(keyShare.group, keyShare.keyExchange))
    const schedule = this.schedule ?? this.useCipherSuite(suite)
    this.group = keyShare.group
    const serverHello = encodeServerHello(crypto.randomBytes(32), suite, {
      group: keyShare.group,
      keyExchange: answer.share,
    })
    transcript.add(serverHello)
    this.emit({ type: 'crypto', level: LEVEL_INITIAL, data: serverHello })
    this.enterHandshakeLevel(schedule, answer.secret)

    const encryptedExtensions = encodeEncryptedExtensions({
      alpnProtocol,
      transportParameters: this.transportParameters ?? new Uint8Array(0),
      acknowledgesServerName: this.serverName !== null,
    })
    transcript.add(encryptedExtensions)
    const certificate = certificateMessage(identity)
    transcript.add(certificate)
    const content = signedContent('server', transcript.hash())
    const signature = identity.key.sign(scheme.algorithm, content)
    const certificateVerify = encodeCertificateVerify(scheme.code, signature)
    transcript.add(certificateVerify)
    const verifyData = schedule.verifyData(schedule.serverHandshake, transcript.hash())
    const finished = encodeFinished(verifyData)
    transcript.add(finished)
    this.emit({
      type: 'crypto',
      level: LEVEL_HANDSHAKE,
      data: concat([encryptedExtensions, certificate, certificateVerify, finished]),
    })
    this.deriveApplicationSecrets(schedule)
    // RFC 9001 §5.7: 1-RTT packets are not opened before the handshake is complete.
    this.emitApplicationSecrets(null, schedule.serverApplication)
    this.#state = this.#next(SEND_FLIGHT)
  }

  #onFinished(schedule: KeySchedule, message: Uint8Array): void {
    const received = decodeFinished(message, schedule.hashLength)
    const expected = schedule.verifyData(schedule.clientHandshake, this.transcript.hash())
    if (!equalBytes(received, expected)) {
      throw new TlsError(ALERT_DECRYPT_ERROR, "the client's Finished is wrong")
    }
    this.#state = this.#next(RECV_FINISHED)
    this.transcript.add(message)
    this.emitApplicationSecrets(schedule.clientApplication, null)
    this.completeHandshake(schedule)
  }
}

interface KeyShare extends KeyShareEntry {
  readonly group: NamedGroup
}

// RFC 9846 §4.3.8.2 and §7.4.2: a share that is off the curve, or that leads to an all-zero secret.
function answerShare(answer: () => KeyAnswer): KeyAnswer {
  try {
    return answer()
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    const alert =
      error.code === 'ERR_CRYPTO_INVALID_SHARE' ? ALERT_ILLEGAL_PARAMETER : ALERT_INTERNAL_ERROR
    throw new TlsError(alert, "the client's key share is broken", { cause: error })
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
