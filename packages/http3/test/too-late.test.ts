// A handler acts on what it knows, and the peer may have given up the stream by then, RFC 9000 §3.5:
// every call is answered, in whatever order the two cross.

import t from 'tap'
import { H3_REQUEST_CANCELLED } from '../src/index.ts'
import type { RequestStream } from '../src/index.ts'
import { bytes, headers, pair, RawPeer, request } from './peers.ts'

const OK = [':status', '200']

/** What handlers do, each from the beginning. */
const HANDLERS: Readonly<Record<string, (stream: RequestStream) => unknown[]>> = {
  'answers at once': (stream) => [stream.sendHeaders(OK, true)],
  'sends hints, head, body, trailers': (stream) => [
    stream.sendInformational([':status', '103']),
    stream.sendHeaders(OK),
    stream.sendData(bytes('body')),
    stream.sendFramed(new Uint8Array(5), 3),
    stream.sendTrailers(['x-a', 'b']),
  ],
  'ends, and goes on': (stream) => [
    stream.finish(),
    stream.sendData(bytes('body')),
    stream.sendHeaders(OK),
    stream.sendTrailers([]),
    stream.sendTrailers([]),
    stream.sendInformational([':status', '103']),
  ],
}

for (const [name, handle] of Object.entries(HANDLERS)) {
  for (const order of ['request, stop', 'stop, request', 'stop; request', 'request; stop']) {
    t.test(`${order} and a handler that ${name}`, (t) => {
      const peer = new RawPeer('server')
      const answers: unknown[] = []
      const told: string[] = []
      peer.side.onEvent = (event) => {
        told.push(event.type)
        // With a request of an earlier packet nothing is late yet; what the handler does then is
        // the other tests' business.
        if (event.type === (order === 'request; stop' ? 'stop-sending' : 'request')) {
          answers.push(...handle(event.stream))
        }
        return true
      }
      const stream = peer.message()
      const steps = order.split(/[,;] /).map((step) => () => {
        if (step === 'stop') return stream.stopSending(H3_REQUEST_CANCELLED)
        stream.write(headers(...request()))
        stream.finish()
      })
      steps[0]()
      if (order.includes(';')) peer.run()
      steps[1]()
      peer.run()
      t.same(told, ['request', 'stop-sending'])
      t.ok(answers.length > 0)
      t.same(
        answers.filter((answer) => answer !== false && answer !== 'too-late'),
        [],
      )
      t.equal(peer.side.http3.openRequests, 0)
      t.equal(peer.closedWith, null)
      t.end()
    })
  }
}

t.test('a client is told of a stop once, and later calls that they are too late', (t) => {
  const { client, server, run } = pair()
  const stream = client.http3.request(request('POST'), false)!
  run()
  server.last('request').stream.stopSending(H3_REQUEST_CANCELLED)
  run()
  t.same(client.types(), ['stop-sending'])
  t.equal(stream.finish(), false)
  t.equal(stream.sendTrailers([]), false)
  t.equal(stream.sendData(bytes('x')), 'too-late')
  run()
  t.same(client.types(), [])
  t.end()
})

t.test('wrong arguments are refused before anything is done', (t) => {
  const { client, server, run } = pair()
  const stream = client.http3.request(request('POST'), false)!
  for (const errorCode of [-1, 1.5, NaN, Infinity, '1' as never]) {
    t.throws(() => stream.reset(errorCode), RangeError)
    t.throws(() => stream.stopSending(errorCode), RangeError)
    t.throws(() => stream.cancel(errorCode), RangeError)
  }
  t.throws(() => stream.sendData('text' as never), TypeError)
  t.throws(() => stream.sendFramed(new Uint8Array(5), 4), RangeError)
  t.equal(stream.sendData(bytes('x')), 'sent')
  t.equal(stream.finish(), true)
  t.equal(stream.finish(), true)
  run()
  t.same(server.types(), ['request', 'data'])
  t.equal(server.port.closed, null)
  t.end()
})
