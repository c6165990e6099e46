// The HTTP/3 cases of h3spec against our server and, mirrored, against our client, over real QUIC
// connections of one pair of endpoints. Each ends with a request that is served on a new connection.
// What is refused in detail is in packages/http3/test.

import t from 'tap'
import {
  H3_CLOSED_CRITICAL_STREAM,
  H3_FRAME_UNEXPECTED,
  H3_MESSAGE_ERROR,
  H3_MISSING_SETTINGS,
  H3_SETTINGS_ERROR,
  Http3Connection,
  http3ErrorName,
  QPACK_DECODER_STREAM_ERROR,
  QPACK_DECOMPRESSION_FAILED,
  QPACK_ENCODER_STREAM_ERROR,
} from '@godwit/http3'
import { pair } from '@godwit/testkit'
import type { Pair, SimConnection } from '@godwit/testkit'
import { data, frame, headers, join, messageHeaders, request } from '../../http3/test/peers.ts'

type Role = 'server' | 'client'

interface Case {
  readonly number: number
  readonly title: string
  /** On a unidirectional stream of the peer, or on the stream of the message. */
  readonly on: 'uni' | 'message'
  readonly bytes: (role: Role) => Uint8Array
  /** The stream ends behind the bytes. */
  readonly fin?: boolean
  readonly errorCode: number
}

const SETTINGS = frame(0x04)
const get = request('GET')

/** Header section of a message with a mistake: for a server a request, for a client a response. */
function message(forServer: string[], forClient: string[]) {
  return (role: Role): Uint8Array => headers(...(role === 'server' ? forServer : forClient))
}

const always = (...parts: (Uint8Array | number)[]) => {
  const bytes = join(parts)
  return (): Uint8Array => bytes
}

/* prettier-ignore */
const CASES: readonly Case[] = [
  { number: 35, title: 'RFC 9114 §4.1: DATA before HEADERS (h3spec#35, h3spec#35c, rfc9114#4.1-3)', on: 'message', bytes: always(data(1)), errorCode: H3_FRAME_UNEXPECTED },
  { number: 36, title: 'RFC 9114 §4.3: a pseudo-header field twice (h3spec#36, h3spec#36c, rfc9114#4.1.2-2)', on: 'message', bytes: message([...get.slice(0, 2), ...get], [':status', '200', ':status', '200']), errorCode: H3_MESSAGE_ERROR },
  { number: 37, title: 'RFC 9114 §4.3.1: a mandatory pseudo-header field is absent (h3spec#37, h3spec#37c, rfc9114#4.3.1-6, rfc9114#4.3.2-1)', on: 'message', bytes: message(get.slice(2), ['x-a', 'b']), errorCode: H3_MESSAGE_ERROR },
  { number: 38, title: 'RFC 9114 §4.3: a pseudo-header field that is prohibited (h3spec#38, h3spec#38c, rfc9114#4.3-2)', on: 'message', bytes: message([...get, ':status', '200'], [':status', '200', ':path', '/']), errorCode: H3_MESSAGE_ERROR },
  { number: 39, title: 'RFC 9114 §4.3: a pseudo-header field after a field (h3spec#39, h3spec#39c, rfc9114#4.3-6)', on: 'message', bytes: message(['x-a', 'b', ...get], ['x-a', 'b', ':status', '200']), errorCode: H3_MESSAGE_ERROR },
  { number: 40, title: 'RFC 9114 §6.2.1: the control stream does not begin with SETTINGS (h3spec#40, h3spec#40c, rfc9114#6.2.1-2)', on: 'uni', bytes: always(0, frame(0x07, 0)), errorCode: H3_MISSING_SETTINGS },
  { number: 41, title: 'RFC 9114 §7.2.1: DATA on the control stream (h3spec#41, h3spec#41c, rfc9114#7.2.1-2)', on: 'uni', bytes: always(0, SETTINGS, data(1)), errorCode: H3_FRAME_UNEXPECTED },
  { number: 42, title: 'RFC 9114 §7.2.2: HEADERS on the control stream (h3spec#42, h3spec#42c, rfc9114#7.2.2-1)', on: 'uni', bytes: (role) => join([0, SETTINGS, messageHeaders(role)]), errorCode: H3_FRAME_UNEXPECTED },
  { number: 43, title: 'RFC 9114 §7.2.4: a second SETTINGS (h3spec#43, h3spec#43c, rfc9114#7.2.4-2)', on: 'uni', bytes: always(0, SETTINGS, SETTINGS), errorCode: H3_FRAME_UNEXPECTED },
  { number: 44, title: 'RFC 9114 §7.2.3: CANCEL_PUSH on a request stream (h3spec#44, h3spec#44c, rfc9114#7.2.3-7)', on: 'message', bytes: always(frame(0x03, 0)), errorCode: H3_FRAME_UNEXPECTED },
  { number: 45, title: 'RFC 9114 §7.2.4: a setting twice (h3spec#45, h3spec#45c, rfc9114#7.2.4-6)', on: 'uni', bytes: always(0, frame(0x04, 6, 1, 6, 1)), errorCode: H3_SETTINGS_ERROR },
  { number: 46, title: 'RFC 9114 §7.2.4.1: a setting of HTTP/2 (h3spec#46, h3spec#46c, rfc9114#7.2.4.1-3)', on: 'uni', bytes: always(0, frame(0x04, 2, 0)), errorCode: H3_SETTINGS_ERROR },
  { number: 47, title: 'RFC 9204 §3.1: a static index that does not exist (h3spec#47, h3spec#47c, rfc9204#3.1-1)', on: 'message', bytes: always(frame(0x01, 0, 0, 0xff, 0x24)), errorCode: QPACK_DECOMPRESSION_FAILED },
  { number: 48, title: 'RFC 9204 §4.3.1: a dynamic table capacity above the limit (h3spec#48, h3spec#48c, rfc9204#4.3.1-2)', on: 'uni', bytes: always(2, 0x3f, 0xff, 0x7f), errorCode: QPACK_ENCODER_STREAM_ERROR },
  { number: 49, title: 'RFC 9114 §6.2.1: the control stream is closed (h3spec#49, h3spec#49c, rfc9114#6.2.1-5)', on: 'uni', bytes: always(0, SETTINGS), fin: true, errorCode: H3_CLOSED_CRITICAL_STREAM },
  { number: 50, title: 'RFC 9204 §4.4.3: Insert Count Increment of 0 (h3spec#50, h3spec#50c, rfc9204#4.4.3-1)', on: 'uni', bytes: always(3, 0x00), errorCode: QPACK_DECODER_STREAM_ERROR },
]

/** Puts HTTP/3 on a connection; a server answers every request with 204. */
function speakHttp3(side: SimConnection): { http3: Http3Connection; responses: number } {
  const state = { http3: new Http3Connection(side.connection), responses: 0 }
  const pump = (): void => {
    for (let event = state.http3.pollEvent(); event !== null; event = state.http3.pollEvent()) {
      if (event.type === 'request') event.stream.sendHeaders([':status', '204'], true)
      if (event.type === 'response') state.responses++
    }
  }
  side.autoRead = false
  side.onEvent = (event) => {
    state.http3.handleEvent(event)
    pump()
  }
  return state
}

/** A request on a new connection of the same two endpoints. */
function isServed(p: Pair): boolean {
  p.server.onAccept = (accepted) => {
    speakHttp3(accepted)
  }
  const side = p.connect()
  const client = speakHttp3(side)
  let asked = false
  const { onEvent } = side
  side.onEvent = (event) => {
    onEvent(event)
    if (event.type !== 'connected' || asked) return
    asked = true
    client.http3.request(get, true)
  }
  return p.run(() => client.responses === 1, 10_000)
}

for (const { number, title, on, bytes, fin = false, errorCode } of CASES) {
  for (const role of ['server', 'client'] as const) {
    t.test(`h3spec ${number}, ${role}: ${title} is ${http3ErrorName(errorCode)}`, (t) => {
      const p = pair({ seed: number })
      let tested: { http3: Http3Connection } | undefined
      if (role === 'server') p.server.onAccept = (accepted) => (tested = speakHttp3(accepted))
      const client = p.connect()
      if (role === 'client') tested = speakHttp3(client)
      p.run(() => client.has('handshake-confirmed'))
      const raw = role === 'server' ? client : p.server.accepted[0]
      // The stream of the message: the peer's own request, or the request that it answers.
      let stream
      if (on === 'uni') ({ stream } = raw.send('uni', bytes(role), fin))
      else if (role === 'server') ({ stream } = raw.send('bidi', bytes(role), fin))
      else {
        tested?.http3.request(get, true)
        p.runFor(50)
        stream = raw.streams.get(0)?.stream
        stream?.write(bytes(role))
      }
      p.runFor(200)
      if (errorCode === H3_MESSAGE_ERROR) {
        const record = raw.streams.get(0)
        t.equal(role === 'server' ? record?.resetCode : record?.stopCode, errorCode)
        t.equal(raw.connection.phase, 'established', 'the connection goes on')
      } else {
        t.match(raw.closeError, { name: 'ApplicationError', errorCode, remote: true })
      }
      t.ok(isServed(p), 'a request on a new connection is served')
      t.end()
    })
  }
}
