// Every handshake message that we decode, and the cutting of a byte stream into messages.

import { readFileSync } from 'node:fs'
import { parsePem } from '@godwit/x509'
import { TlsError } from '../../../tls/src/errors.ts'
import { HandshakeReader } from '../../../tls/src/handshake-reader.ts'
import { messageLimit } from '../../../tls/src/limits.ts'
import { decodeCertificateRequest } from '../../../tls/src/messages/certificate-request.ts'
import {
  decodeCertificateVerify,
  encodeCertificateVerify,
} from '../../../tls/src/messages/certificate-verify.ts'
import { decodeCertificate, encodeCertificate } from '../../../tls/src/messages/certificate.ts'
import {
  decodeClientHello,
  encodeClientHello,
  isSameClientHello,
} from '../../../tls/src/messages/client-hello.ts'
import type { ClientHello } from '../../../tls/src/messages/client-hello.ts'
import {
  decodeEncryptedExtensions,
  encodeEncryptedExtensions,
} from '../../../tls/src/messages/encrypted-extensions.ts'
import { decodeFinished, encodeFinished } from '../../../tls/src/messages/finished.ts'
import { decodeNewSessionTicket } from '../../../tls/src/messages/new-session-ticket.ts'
import {
  decodeServerHello,
  encodeHelloRetryRequest,
  encodeServerHello,
} from '../../../tls/src/messages/server-hello.ts'
import { tlsElements } from '../engine/outlines.ts'
import { Script } from '../engine/script.ts'
import { attempt, must, mustEqual, mustMatch } from '../engine/target.ts'
import type { Target } from '../engine/target.ts'

const CLIENT_HELLO = 1
const SERVER_HELLO = 2
const NEW_SESSION_TICKET = 4
const ENCRYPTED_EXTENSIONS = 8
const CERTIFICATE = 11
const CERTIFICATE_REQUEST = 13
const CERTIFICATE_VERIFY = 15
const FINISHED = 20

const random = new Uint8Array(32).fill(0x42)
const share = { group: 29, keyExchange: new Uint8Array(32).fill(9) }

/** A message of each kind. */
export function sampleMessages(): Uint8Array[] {
  const pem = new URL('../../../x509/test/vectors/leaf-ed25519.pem', import.meta.url)
  const [{ der }] = parsePem(readFileSync(pem, 'utf8'))
  return [
    encodeClientHello({
      random,
      cipherSuites: [0x1301, 0x1302, 0x1303],
      serverName: 'example.org',
      supportedGroups: [29, 23],
      keyShares: [share],
      signatureAlgorithms: [0x0403, 0x0807, 0x0804],
      signatureAlgorithmsCert: [0x0401],
      alpnProtocols: ['h3', 'hq-interop'],
      transportParameters: Uint8Array.of(1, 2, 0x40, 0x64, 4, 1, 9),
      cookie: Uint8Array.of(7, 7, 7),
    }),
    encodeServerHello(random, 0x1301, share),
    encodeHelloRetryRequest(0x1302, 23, Uint8Array.of(1, 2, 3)),
    encodeEncryptedExtensions({
      alpnProtocol: 'h3',
      transportParameters: Uint8Array.of(4, 1, 9),
      acknowledgesServerName: true,
    }),
    encodeCertificate([der]),
    encodeCertificate([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]),
    encodeCertificateVerify(0x0403, Uint8Array.of(1, 2, 3, 4)),
    encodeFinished(new Uint8Array(32).fill(5)),
    Uint8Array.of(CERTIFICATE_REQUEST, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3),
    sampleTicket(),
  ]
}

// Lifetime, age, nonce, ticket, and early data of the only size that QUIC permits.
function sampleTicket(): Uint8Array {
  const body = '00000e100102030402080800030909090008002a0004ffffffff'
  const bytes = Buffer.from(body, 'hex')
  return Uint8Array.of(NEW_SESSION_TICKET, 0, 0, bytes.length, ...bytes)
}

export const tlsMessages: Target = {
  name: 'tls-messages',
  about: 'each handshake message: only TlsError; what our encoder writes of it reads the same',
  maxLength: 2000,
  steps: { base: 1000, perByte: 120 },
  dictionary: [
    0x1301,
    0x1302,
    0x1303,
    0x0304,
    0x0303,
    'DOWNGRD\u0001',
    'example.org',
    '127.0.0.1',
    'h3',
  ],
  seeds: sampleMessages,
  outline: (input) => tlsElements(input, 0, input.length),
  run(input) {
    if (input.length < 4) return
    decoders.get(input[0])?.(input)
  },
}

const decoders: ReadonlyMap<number, (message: Uint8Array) => void> = new Map([
  [CLIENT_HELLO, checkClientHello],
  [SERVER_HELLO, checkServerHello],
  [
    NEW_SESSION_TICKET,
    (message) => {
      const { value } = attempt(() => decodeNewSessionTicket(message), TlsError)
      if (value !== null) must(value.ticket.length > 0, 'an empty ticket')
    },
  ],
  [ENCRYPTED_EXTENSIONS, checkEncryptedExtensions],
  [
    CERTIFICATE,
    (message) => {
      const { value } = attempt(() => decodeCertificate(message), TlsError)
      if (value === null) return
      must(value.length <= 16 && value.every((der) => der.length > 0), 'chain')
      mustEqual(encodeCertificate(value).subarray(4), message.subarray(4), 'Certificate')
    },
  ],
  [
    CERTIFICATE_REQUEST,
    (message) => {
      attempt(() => decodeCertificateRequest(message), TlsError)
    },
  ],
  [
    CERTIFICATE_VERIFY,
    (message) => {
      const { value } = attempt(() => decodeCertificateVerify(message), TlsError)
      if (value === null) return
      const again = encodeCertificateVerify(value.algorithm, value.signature)
      mustEqual(again.subarray(4), message.subarray(4), 'CertificateVerify')
    },
  ],
  [
    FINISHED,
    (message) => {
      for (const length of [32, 48]) {
        const { value } = attempt(() => decodeFinished(message, length), TlsError)
        if (value !== null)
          mustEqual(encodeFinished(value).subarray(4), message.subarray(4), 'Finished')
      }
    },
  ],
])

function checkClientHello(message: Uint8Array): void {
  const { value: hello } = attempt(() => decodeClientHello(message), TlsError)
  if (hello === null) return
  must(isSameClientHello(hello, hello), 'not the same as itself')
  const { serverName, keyShares } = hello
  must(serverName === null || /^[a-z0-9._-]{1,253}$/.test(serverName), `server name ${serverName}`)
  must(new Set(keyShares?.map(({ group }) => group)).size === (keyShares?.length ?? 0), 'groups')
  if (!isLikeOurs(hello)) return
  const again = decodeClientHello(
    encodeClientHello({
      random: hello.random,
      cipherSuites: hello.cipherSuites,
      serverName,
      supportedGroups: hello.supportedGroups ?? [],
      keyShares: keyShares ?? [],
      signatureAlgorithms: hello.signatureAlgorithms ?? [],
      signatureAlgorithmsCert: hello.signatureAlgorithmsCert ?? [],
      alpnProtocols: hello.alpnProtocols ?? [],
      transportParameters: hello.transportParameters ?? new Uint8Array(0),
      cookie: null,
    }),
  )
  const parts = (one: ClientHello): unknown => ({ ...one, extensions: null, ...FIXED })
  mustMatch(parts(again), parts(hello), 'ClientHello')
}

/** What our encoder does not take from its arguments. */
const FIXED = {
  legacyVersion: 0,
  legacySessionId: null,
  legacyCompressionMethods: null,
  supportedVersions: null,
}

function isLikeOurs(hello: ClientHello): boolean {
  return (
    hello.supportedGroups !== null &&
    hello.keyShares !== null &&
    hello.signatureAlgorithms !== null &&
    hello.alpnProtocols !== null &&
    hello.transportParameters !== null
  )
}

function checkServerHello(message: Uint8Array): void {
  const { value: hello } = attempt(() => decodeServerHello(message), TlsError)
  if (hello === null) return
  const { keyShare, cookie, isHelloRetryRequest, cipherSuite } = hello
  must(isHelloRetryRequest || keyShare === null || keyShare.keyExchange.length > 0, 'empty share')
  must(!isHelloRetryRequest || (keyShare?.keyExchange.length ?? 0) === 0, 'a share in a retry')
  if (!isHelloRetryRequest && keyShare === null) return
  const encoded =
    isHelloRetryRequest || keyShare === null
      ? encodeHelloRetryRequest(cipherSuite, keyShare?.group ?? null, cookie)
      : encodeServerHello(hello.random, cipherSuite, keyShare)
  const again = decodeServerHello(encoded)
  mustMatch({ ...again, extensions: null }, { ...hello, extensions: null }, 'ServerHello')
}

function checkEncryptedExtensions(message: Uint8Array): void {
  const { value } = attempt(() => decodeEncryptedExtensions(message), TlsError)
  if (value === null) return
  const { alpnProtocol, transportParameters } = value
  if (alpnProtocol === null || transportParameters === null) return
  must(alpnProtocol.length > 0 && alpnProtocol.length < 256, 'protocol name')
  const again = decodeEncryptedExtensions(
    encodeEncryptedExtensions({ alpnProtocol, transportParameters, acknowledgesServerName: false }),
  )
  mustMatch(
    [again.alpnProtocol, again.transportParameters],
    [alpnProtocol, transportParameters],
    'EncryptedExtensions',
  )
}

/** The messages of a stream that comes in pieces, and what ended it. */
function readMessages(bytes: Uint8Array, sizes: Uint8Array): unknown {
  const reader = new HandshakeReader()
  const messages: Uint8Array[] = []
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : 1 + sizes[i % sizes.length]
    const piece = bytes.slice(at, at + size)
    at += piece.length
    reader.feed(piece)
    for (let type = reader.type; type >= 0; type = reader.type) {
      const { value, error } = attempt(() => reader.next(messageLimit(type)), TlsError)
      if (error !== null) return [messages, error.code, error.message]
      if (value === null) break
      messages.push(value.slice())
    }
    // What was fed is valid during the call only.
    piece.fill(0xaa)
  }
  return [messages, reader.idle]
}

export const tlsReader: Target = {
  name: 'tls-reader',
  about: 'HandshakeReader: messages in any pieces as in one',
  maxLength: 600,
  steps: { base: 300, perByte: 60 },
  seeds: () => [Uint8Array.of(1, 3, 20, 0, 0, 2, 7, 7, 1, 0, 0, 0, 11, 0, 0, 1, 5, 15, 0, 0)],
  outline: (input) => tlsElements(input, 1 + ((input[0] ?? 0) & 3), input.length),
  run(input) {
    const script = new Script(input)
    const sizes = script.take(1 + (script.u8() & 3))
    const bytes = script.rest()
    mustMatch(readMessages(bytes, sizes), readMessages(bytes, new Uint8Array(0)), 'in pieces')
  },
}
