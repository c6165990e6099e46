// A server that follows a script instead of a state machine: it can send any flight with a correct
// transcript, so that a client is tested behind the point where a mere change of bytes would show.

import type { CipherSuite, NamedGroup } from '@godwit/crypto'
import type { Identity } from '@godwit/x509'

import { KeySchedule } from '../src/key-schedule.ts'
import { encodeCertificateVerify, signedContent } from '../src/messages/certificate-verify.ts'
import { encodeCertificate } from '../src/messages/certificate.ts'
import { decodeClientHello } from '../src/messages/client-hello.ts'
import { encodeEncryptedExtensions } from '../src/messages/encrypted-extensions.ts'
import { encodeFinished } from '../src/messages/finished.ts'
import { encodeServerHello } from '../src/messages/server-hello.ts'
import type { ClientSession } from '../src/session.ts'
import { handshakeScheme, selectScheme } from '../src/signature-schemes.ts'
import { Transcript } from '../src/transcript.ts'
import {
  CLIENT_PARAMETERS,
  SERVER_PARAMETERS,
  concat,
  crypto,
  cryptoBytes,
  drain,
  identity as defaultIdentity,
} from './support.ts'

export interface Script {
  readonly identity?: Identity
  /** Default: those of a good server. */
  readonly encryptedExtensions?: Uint8Array
  readonly certificateRequest?: Uint8Array
  readonly certificate?: Uint8Array
  /** Code point to write and to sign by. */
  readonly scheme?: number
  /** Code point to write where it is not the one signed by. */
  readonly claimedScheme?: number
  readonly signer?: 'client' | 'server'
}

/** Starts `session`, plays the script, and returns the client's answer with what it should be. */
export function play(
  session: ClientSession,
  script: Script = {},
): {
  events: ReturnType<typeof drain>
  flight: Uint8Array
  expectedFlight: (certificate: Uint8Array | null) => Uint8Array
} {
  const identity = script.identity ?? defaultIdentity
  session.start(CLIENT_PARAMETERS)
  const clientHello = cryptoBytes(drain(session), 0)
  const hello = decodeClientHello(clientHello)
  const suite = hello.cipherSuites[0] as CipherSuite
  const share = hello.keyShares?.[0]
  if (share === undefined) throw new Error('the client sent no share')
  const answer = crypto.answerKey(share.group as NamedGroup, share.keyExchange)
  const schedule = new KeySchedule(crypto, suite)
  const transcript = new Transcript(crypto)
  transcript.useHash(schedule.hash)
  transcript.add(clientHello)
  const serverHello = encodeServerHello(crypto.randomBytes(32), suite, {
    group: share.group,
    keyExchange: answer.share,
  })
  transcript.add(serverHello)
  schedule.enterHandshake(answer.secret, transcript.hash())
  const sent: Uint8Array[] = []
  const send = (message: Uint8Array): void => {
    transcript.add(message)
    sent.push(message)
  }
  send(
    script.encryptedExtensions ??
      encodeEncryptedExtensions({
        alpnProtocol: 'h3',
        transportParameters: SERVER_PARAMETERS,
        acknowledgesServerName: true,
      }),
  )
  if (script.certificateRequest !== undefined) send(script.certificateRequest)
  send(script.certificate ?? encodeCertificate(identity.chain))
  const scheme =
    script.scheme === undefined
      ? selectScheme(identity.key, hello.signatureAlgorithms ?? [])
      : (handshakeScheme(script.scheme) ?? null)
  if (scheme === null) throw new Error('no scheme')
  const content = signedContent(script.signer ?? 'server', transcript.hash())
  const signature = identity.key.sign(scheme.algorithm, content)
  send(encodeCertificateVerify(script.claimedScheme ?? scheme.code, signature))
  send(encodeFinished(schedule.verifyData(schedule.serverHandshake, transcript.hash())))
  session.handleCrypto(0, serverHello)
  session.handleCrypto(2, concat(sent))
  const events = drain(session)
  return {
    events,
    flight: cryptoBytes(events, 2),
    expectedFlight: (certificate) => {
      if (certificate !== null) transcript.add(certificate)
      const finished = encodeFinished(
        schedule.verifyData(schedule.clientHandshake, transcript.hash()),
      )
      return certificate === null ? finished : concat([certificate, finished])
    },
  }
}
