// The client's side of a TLS 1.3 handshake over QUIC: what happens at each transition of
// client-states.ts. A method per message, in the order of the handshake.

import { CryptoError, equalBytes, isCipherSuite } from '@godwit/crypto'
import type { CipherSuite, KeyOffer } from '@godwit/crypto'

import {
  ALERT_DECODE_ERROR,
  ALERT_DECRYPT_ERROR,
  ALERT_ILLEGAL_PARAMETER,
  ALERT_MISSING_EXTENSION,
  ALERT_NO_APPLICATION_PROTOCOL,
} from './alerts.ts'
import {
  CLIENT_STATE_NAMES,
  CLIENT_TRANSITIONS,
  CONNECTED,
  NO,
  RECV_CERTIFICATE,
  RECV_CERTIFICATE_REQUEST,
  RECV_CERTIFICATE_VERIFY,
  RECV_ENCRYPTED_EXTENSIONS,
  RECV_FINISHED,
  RECV_HELLO_RETRY_REQUEST,
  RECV_NEW_SESSION_TICKET,
  RECV_OTHER,
  RECV_SERVER_HELLO,
  SEND_CLIENT_HELLO,
  START,
} from './client-states.ts'
import {
  ALPN,
  CERTIFICATE,
  CERTIFICATE_REQUEST,
  CERTIFICATE_VERIFY,
  ENCRYPTED_EXTENSIONS,
  FINISHED,
  LEVEL_HANDSHAKE,
  LEVEL_INITIAL,
  NEW_SESSION_TICKET,
  PROTOCOL_VIOLATION,
  QUIC_TRANSPORT_PARAMETERS,
  SERVER_HELLO,
  SERVER_NAME,
  COOKIE,
  KEY_SHARE,
  SUPPORTED_GROUPS,
  SUPPORTED_VERSIONS,
} from './constants.ts'
import { TlsError } from './errors.ts'
import { refuseUnsolicited } from './extensions.ts'
import type { KeySchedule } from './key-schedule.ts'
import { decodeCertificateRequest } from './messages/certificate-request.ts'
import { decodeCertificateVerify, signedContent } from './messages/certificate-verify.ts'
import { decodeCertificate, encodeCertificate } from './messages/certificate.ts'
import { encodeClientHello } from './messages/client-hello.ts'
import { decodeEncryptedExtensions } from './messages/encrypted-extensions.ts'
import { decodeFinished, encodeFinished } from './messages/finished.ts'
import { decodeNewSessionTicket } from './messages/new-session-ticket.ts'
import { decodeServerHello } from './messages/server-hello.ts'
import type { ServerHello } from './messages/server-hello.ts'
import { parseClientOptions } from './options.ts'
import type { ClientConfig, ClientSessionOptions } from './options.ts'
import { SessionBase, unexpectedMessage } from './session-base.ts'
import type { ClientSession } from './session.ts'
import { certificateSchemeCodes, handshakeScheme } from './signature-schemes.ts'
import { verifyServer } from './verify-server.ts'
import type { VerifiedServer } from './verify-server.ts'

/** Begins the client's side of a handshake. Throws TypeError or RangeError for a wrong option. */
export function createClientSession(options: ClientSessionOptions): ClientSession {
  return new ClientHandshake(parseClientOptions(options))
}

const EVENTS: ReadonlyMap<number, number> = new Map([
  [SERVER_HELLO, RECV_SERVER_HELLO],
  [ENCRYPTED_EXTENSIONS, RECV_ENCRYPTED_EXTENSIONS],
  [CERTIFICATE_REQUEST, RECV_CERTIFICATE_REQUEST],
  [CERTIFICATE, RECV_CERTIFICATE],
  [CERTIFICATE_VERIFY, RECV_CERTIFICATE_VERIFY],
  [FINISHED, RECV_FINISHED],
  [NEW_SESSION_TICKET, RECV_NEW_SESSION_TICKET],
])

class ClientHandshake extends SessionBase implements ClientSession {
  readonly side = 'client'
  readonly #config: ClientConfig
  #state: number
  #offers: KeyOffer[]
  // Of a HelloRetryRequest, which the ServerHello must keep to.
  #retrySuite: number | null
  #peerTransportParameters: Uint8Array | null
  #server: VerifiedServer | null
  #certificateRequested: boolean

  constructor(config: ClientConfig) {
    super(config)
    this.serverName = config.serverName
    this.#config = config
    this.#state = START
    this.#offers = []
    this.#retrySuite = null
    this.#peerTransportParameters = null
    this.#server = null
    this.#certificateRequested = false
  }

  protected override onStart(): void {
    const { crypto, keyShareGroups } = this.#config
    this.clientRandom = crypto.randomBytes(32)
    this.#offers = keyShareGroups.map((group) => crypto.offerKey(group))
    this.#sendClientHello(null)
    this.#state = this.#next(SEND_CLIENT_HELLO)
  }

  protected override expect(type: number): void {
    if (this.#next(EVENTS.get(type) ?? RECV_OTHER) !== NO) return
    // RFC 9001 §4.4: a CertificateRequest after the handshake is a PROTOCOL_VIOLATION. KeyUpdate
    // ends here too, as RFC 9001 §6 wants it: with unexpected_message.
    const isPostHandshakeRequest = type === CERTIFICATE_REQUEST && this.#state === CONNECTED
    throw unexpectedMessage(
      type,
      CLIENT_STATE_NAMES[this.#state],
      isPostHandshakeRequest ? PROTOCOL_VIOLATION : undefined,
    )
  }

  protected override onMessage(type: number, message: Uint8Array): void {
    if (type === SERVER_HELLO) {
      this.#onServerHello(message)
      return
    }
    this.#state = this.#next(EVENTS.get(type) ?? RECV_OTHER)
    const { schedule } = this
    if (schedule === null) return
    switch (type) {
      case ENCRYPTED_EXTENSIONS:
        return this.#onEncryptedExtensions(message)
      case CERTIFICATE_REQUEST:
        return this.#onCertificateRequest(message)
      case CERTIFICATE:
        return this.#onCertificate(message)
      case CERTIFICATE_VERIFY:
        return this.#onCertificateVerify(message)
      case FINISHED:
        return this.#onFinished(schedule, message)
      case NEW_SESSION_TICKET:
        // RFC 9846 §4.7.1: clients without resumption MUST silently ignore it.
        decodeNewSessionTicket(message)
        return
    }
  }

  #next(event: number): number {
    return CLIENT_TRANSITIONS[this.#state][event]
  }

  #sendClientHello(cookie: Uint8Array | null): void {
    const config = this.#config
    const message = encodeClientHello({
      random: this.clientRandom,
      cipherSuites: config.cipherSuites,
      serverName: config.sentServerName,
      supportedGroups: config.groups,
      keyShares: this.#offers.map(({ group, share }) => ({ group, keyExchange: share })),
      signatureAlgorithms: config.signatureAlgorithms,
      // Chains are often signed as no handshake may be.
      signatureAlgorithmsCert: [
        ...config.signatureAlgorithms,
        ...certificateSchemeCodes(config.crypto),
      ],
      alpnProtocols: config.alpnProtocols,
      transportParameters: this.transportParameters ?? new Uint8Array(0),
      cookie,
    })
    this.transcript.add(message)
    this.emit({ type: 'crypto', level: LEVEL_INITIAL, data: message })
  }

  #onServerHello(message: Uint8Array): void {
    const hello = decodeServerHello(message)
    const suite = hello.cipherSuite
    if (!isCipherSuite(suite) || !this.#config.cipherSuites.includes(suite)) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, `cipher suite ${suite} was not offered`)
    }
    if (hello.isHelloRetryRequest) {
      this.#onHelloRetryRequest(hello, suite, message)
      return
    }
    this.#state = this.#next(RECV_SERVER_HELLO)
    // Of what is legal here only pre_shared_key was not asked for. What is not recognized neither.
    refuseUnsolicited(hello.extensions, isHelloResponse)
    if (this.#retrySuite !== null && suite !== this.#retrySuite) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'cipher suite differs from HelloRetryRequest')
    }
    const { keyShare } = hello
    if (keyShare === null) {
      throw new TlsError(ALERT_MISSING_EXTENSION, 'ServerHello lacks key_share')
    }
    const offer = this.#offers.find(({ group }) => group === keyShare.group)
    if (offer === undefined) {
      throw new TlsError(
        ALERT_ILLEGAL_PARAMETER,
        `no key share of group ${keyShare.group} was sent`,
      )
    }
    this.group = offer.group
    this.#offers = []
    const schedule = this.useCipherSuite(suite)
    this.transcript.add(message)
    this.enterHandshakeLevel(schedule, completeOffer(offer, keyShare.keyExchange))
  }

  #onHelloRetryRequest(hello: ServerHello, suite: CipherSuite, message: Uint8Array): void {
    if (this.#next(RECV_HELLO_RETRY_REQUEST) === NO) {
      throw unexpectedMessage(SERVER_HELLO, CLIENT_STATE_NAMES[this.#state])
    }
    this.#state = this.#next(RECV_HELLO_RETRY_REQUEST)
    // It ends the server's flight.
    this.setReadLevel(LEVEL_INITIAL)
    this.helloRetried = true
    refuseUnsolicited(hello.extensions, isHelloResponse)
    const { cookie, keyShare } = hello
    if (keyShare === null && cookie === null) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'HelloRetryRequest changes nothing')
    }
    if (keyShare !== null) {
      const group = this.#config.groups.find((known) => known === keyShare.group)
      if (group === undefined || this.#offers.some((offer) => offer.group === group)) {
        throw new TlsError(
          ALERT_ILLEGAL_PARAMETER,
          `HelloRetryRequest for group ${keyShare.group}, which was not offered or had its share`,
        )
      }
      this.#offers = [this.#config.crypto.offerKey(group)]
    }
    this.#retrySuite = suite
    this.useCipherSuite(suite)
    this.transcript.replaceWithMessageHash()
    this.transcript.add(message)
    this.#sendClientHello(cookie)
  }

  #onEncryptedExtensions(message: Uint8Array): void {
    const { alpnProtocol, transportParameters, extensions } = decodeEncryptedExtensions(message)
    refuseUnsolicited(
      extensions,
      (type) =>
        type === ALPN ||
        type === QUIC_TRANSPORT_PARAMETERS ||
        type === SUPPORTED_GROUPS ||
        (type === SERVER_NAME && this.#config.sentServerName !== null),
    )
    // RFC 9001 §8.1: clients too end with no_application_protocol. That is for none at all; one that was
    // not offered answers nothing that was said.
    if (alpnProtocol === null) {
      throw new TlsError(ALERT_NO_APPLICATION_PROTOCOL, 'no application protocol was selected')
    }
    if (!this.#config.alpnProtocols.includes(alpnProtocol)) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'the application protocol was not offered')
    }
    if (transportParameters === null) {
      throw new TlsError(ALERT_MISSING_EXTENSION, 'no quic_transport_parameters')
    }
    this.alpnProtocol = alpnProtocol
    this.#peerTransportParameters = transportParameters.slice()
    this.transcript.add(message)
  }

  #onCertificateRequest(message: Uint8Array): void {
    decodeCertificateRequest(message)
    this.#certificateRequested = true
    this.transcript.add(message)
  }

  #onCertificate(message: Uint8Array): void {
    const chain = decodeCertificate(message)
    // RFC 9846 §4.5.1.3.
    if (chain.length === 0) throw new TlsError(ALERT_DECODE_ERROR, 'the server has no certificate')
    this.peerCertificates = chain
    this.#server = verifyServer(this.#config, chain)
    this.verificationError = this.#server.verificationError
    this.transcript.add(message)
  }

  #onCertificateVerify(message: Uint8Array): void {
    const server = this.#server
    if (server === null) return
    const { algorithm, signature } = decodeCertificateVerify(message)
    const scheme = handshakeScheme(algorithm)
    if (scheme === undefined || !this.#config.signatureAlgorithms.includes(algorithm)) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, `signature algorithm ${algorithm} not offered`)
    }
    if (scheme.keyType !== server.keyType) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'signature algorithm is not for the key')
    }
    const content = signedContent('server', this.transcript.hash())
    const { crypto } = this.#config
    if (!crypto.verify(scheme.algorithm, server.subjectPublicKeyInfo, content, signature)) {
      throw new TlsError(ALERT_DECRYPT_ERROR, 'the signature in CertificateVerify is wrong')
    }
    this.transcript.add(message)
  }

  #onFinished(schedule: KeySchedule, message: Uint8Array): void {
    const received = decodeFinished(message, schedule.hashLength)
    const expected = schedule.verifyData(schedule.serverHandshake, this.transcript.hash())
    if (!equalBytes(received, expected)) {
      throw new TlsError(ALERT_DECRYPT_ERROR, "the server's Finished is wrong")
    }
    this.transcript.add(message)
    this.deriveApplicationSecrets(schedule)
    this.#sendFlight(schedule)
    // Only now are they authenticated (RFC 9001 §8.2).
    const data = this.#peerTransportParameters
    if (data !== null) this.emit({ type: 'transport-parameters', data })
    this.emitApplicationSecrets(schedule.serverApplication, schedule.clientApplication)
    this.completeHandshake(schedule)
  }

  #sendFlight(schedule: KeySchedule): void {
    if (this.#certificateRequested) {
      // RFC 9846 §4.5.1: a Certificate without certificates when there is none to show.
      const empty = encodeCertificate([])
      this.transcript.add(empty)
      this.emit({ type: 'crypto', level: LEVEL_HANDSHAKE, data: empty })
    }
    const verifyData = schedule.verifyData(schedule.clientHandshake, this.transcript.hash())
    const finished = encodeFinished(verifyData)
    this.transcript.add(finished)
    this.emit({ type: 'crypto', level: LEVEL_HANDSHAKE, data: finished })
  }
}

// ServerHello and HelloRetryRequest answer these; where each may stand was checked by the decoder.
function isHelloResponse(type: number): boolean {
  return type === SUPPORTED_VERSIONS || type === KEY_SHARE || type === COOKIE
}

// RFC 9846 §4.3.8.2 and §7.4.2: a share that is off the curve, or that leads to an all-zero secret.
function completeOffer(offer: KeyOffer, share: Uint8Array): Uint8Array {
  try {
    return offer.complete(share)
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    throw new TlsError(ALERT_ILLEGAL_PARAMETER, "the server's key share is broken", {
      cause: error,
    })
  }
}
