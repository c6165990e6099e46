// The layer above keeps state for each stream: the limit on concurrent streams (RFC 9000 §4.6) bounds
// it only when a place is free again no sooner than that state is gone.

import t from 'tap'
import { exchange, join, parameters, pattern, readAll, Side } from './harness.ts'

/** How each part of a stream that the client opened comes to its end, before the server releases it. */
const ENDS: readonly string[] = [
  'both end',
  'stopped, then ended',
  'reset, then answered',
  'both reset',
]

for (const end of ENDS) {
  t.test(`a stream that is over keeps its place until it is released: ${end}`, (t) => {
    const limited = parameters({ initialMaxStreamsBidi: 1 })
    const [client, server] = join(new Side('client'), new Side('server', limited))
    const ours = client.streams.open('bidi')!
    if (end === 'stopped, then ended') ours.stopSending(1)
    ours.write(pattern(10))
    if (end === 'both end' || end === 'stopped, then ended') ours.finish()
    exchange(client, server)
    const [theirs] = server.accept()
    theirs.retain()
    readAll(theirs)
    if (end.includes('reset')) {
      ours.reset(2)
      exchange(client, server)
      t.match(server.event(), { type: 'stream-reset' })
    }
    if (end === 'both end' || end === 'reset, then answered') theirs.finish()
    if (end === 'both reset') theirs.reset(3)
    for (let i = 0; i < 3; i++) {
      exchange(client, server)
      server.events()
      client.events()
      readAll(ours)
    }
    t.equal(server.streams.stats.openStreams, 1)
    t.equal(client.streams.stats.openStreams, 0, 'to the client it is over')
    t.equal(client.streams.open('bidi'), null, 'but a second one would be one too many')
    theirs.release()
    t.equal(server.streams.stats.openStreams, 0)
    exchange(client, server)
    t.match(client.events(), ['streams-available'])
    t.not(client.streams.open('bidi'), null)
    theirs.release()
    exchange(client, server)
    t.equal(client.streams.open('bidi'), null, 'the place was given back once')
    t.end()
  })
}

t.test('a stream that is released before it is over is open until then', (t) => {
  const [client, server] = join()
  const ours = client.streams.open('bidi')!
  ours.finish()
  exchange(client, server)
  const [theirs] = server.accept()
  theirs.retain()
  theirs.read()
  theirs.release()
  t.equal(server.streams.stats.openStreams, 1)
  theirs.finish()
  exchange(client, server)
  t.equal(server.streams.stats.openStreams, 0)
  t.end()
})

t.test('streams of ours are not retained, and after the end nothing is', (t) => {
  const [client, server] = join()
  const ours = client.streams.open('bidi')!
  ours.retain()
  ours.finish()
  exchange(client, server)
  const [theirs] = server.accept()
  theirs.retain()
  theirs.read()
  theirs.finish()
  exchange(client, server)
  ours.read()
  t.equal(client.streams.stats.openStreams, 0)
  t.equal(server.streams.stats.openStreams, 1)
  server.streams.closeAll()
  theirs.release()
  t.equal(server.streams.stats.openStreams, 0)
  t.equal(server.send(), null)
  t.end()
})
