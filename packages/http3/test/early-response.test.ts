// A response that is whole before its request is, RFC 9114 §4.1.

import t from 'tap'
import { H3_NO_ERROR, H3_REQUEST_CANCELLED } from '../src/index.ts'
import { bytes, pair, readAll, request } from './peers.ts'

for (const whole of [false, true]) {
  const what = whole ? 'a complete' : 'a partial'
  t.test(`rfc9114#4.1-17: a client goes on with its request after ${what} response`, (t) => {
    const { client, server, run } = pair({ window: 1000 })
    const stream = client.http3.request(request('POST', 'content-length', '30000'), false)!
    t.equal(stream.sendData(new Uint8Array(10_000)), 'sent')
    run()
    const served = server.last('request').stream
    served.sendHeaders([':status', '200'])
    served.sendData(bytes('early'))
    if (whole) served.finish()
    run()
    t.equal(readAll(stream), 'early')
    run()
    t.same(client.types(), whole ? ['response', 'data', 'end'] : ['response', 'data'])
    t.equal(stream.writable, true)
    t.equal(client.http3.openRequests, 1, 'its request is not over')

    t.equal(stream.sendData(new Uint8Array(20_000)), 'sent')
    t.equal(stream.finish(), true)
    let received = 0
    for (let i = 0; i < 100; i++) {
      received += readAll(served).length
      run()
    }
    t.equal(received, 30_000)
    t.same(server.last('end').stream, served)
    t.equal(server.log.filter((event) => event.type === 'reset').length, 0, 'closed normally')
    if (!whole) served.finish()
    run()
    t.same(client.types(), whole ? ['finished'] : ['finished', 'end'])
    t.equal(client.http3.openRequests, 0)
    t.equal(server.http3.openRequests, 0)
    t.end()
  })
}

t.test('a client may abort its request once the response is whole, and keeps the response', (t) => {
  const { client, server, run } = pair()
  const stream = client.http3.request(request('POST'), false)!
  run()
  const served = server.last('request').stream
  served.sendHeaders([':status', '413', 'content-length', '4'])
  served.sendData(bytes('much'))
  served.finish()
  run()
  stream.reset(H3_REQUEST_CANCELLED)
  run()
  t.match(server.last('reset'), { errorCode: H3_REQUEST_CANCELLED })
  t.equal(readAll(stream), 'much')
  client.poll()
  t.same(client.types(), ['response', 'data', 'end'])
  t.equal(client.http3.openRequests, 0)
  t.equal(server.http3.openRequests, 0)
  t.end()
})

t.test('a server that needs no more of a request says so, and the response is kept', (t) => {
  const { client, server, run } = pair({ window: 100 })
  const stream = client.http3.request(request('POST'), false)!
  stream.sendData(new Uint8Array(1000))
  run()
  const served = server.last('request').stream
  served.sendHeaders([':status', '200'])
  served.sendData(bytes('enough'))
  served.finish()
  served.stopSending(H3_NO_ERROR)
  run()
  t.match(client.last('stop-sending'), { errorCode: H3_NO_ERROR })
  t.equal(readAll(stream), 'enough')
  client.poll()
  t.same(client.types().toSorted(), ['data', 'end', 'response', 'stop-sending'])
  t.equal(client.http3.openRequests, 0)
  t.end()
})
