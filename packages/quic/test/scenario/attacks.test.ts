import t from 'tap'
import { delay } from '@godwit/testkit'
import { PACKET_ONE_RTT } from '../../src/constants.ts'
import { MAX_PENDING_PATH_RESPONSES } from '../../src/limits.ts'
import { bytes, forgedPair, stillServes } from './forger.ts'
import { packetsOfType } from './packets.ts'

t.test(
  'RFC 9000 §8.2.2: PATH_CHALLENGE is answered with its data in a datagram of 1200 bytes (rfc9000#8.2.2-1, rfc9000#19.17-1, rfc9000#8.2.1-7, rfc9000#8.2.2-2)',
  (t) => {
    const p = forgedPair({ seed: 1 })
    p.establish()
    p.runFor(100)
    const before = p.sent.server.length
    p.forge('client', bytes(0x1a, 'pathdata'))
    p.runFor(15)
    const answers = p.sent.server
      .slice(before)
      .filter(({ bytes }) => Buffer.from(bytes).includes('pathdata'))
    t.equal(answers.length, 1, 'rfc9000#8.2.2-7: once')
    t.equal(answers[0]?.bytes.length, 1200, 'rfc9000#8.2.2-5')
    stillServes(t, p)
    t.end()
  },
)

t.test('a flood of PATH_CHALLENGE frames gets a few answers (CVE-2023-49295)', (t) => {
  const p = forgedPair({ seed: 1 })
  const { server } = p.establish()
  p.runFor(100)
  const before = p.sent.server.length
  for (let i = 0; i < 50; i++) {
    const frames = Array.from({ length: 100 }, (_, j) =>
      bytes(0x1a, bytes('1234'), Uint8Array.of(i, j, 0, 0)),
    )
    p.forge('client', bytes(...frames))
  }
  p.runFor(200)
  const answers = packetsOfType(p.sent.server.slice(before), PACKET_ONE_RTT).flatMap(({ frames }) =>
    frames.filter(({ type }) => type === 0x1b),
  )
  // All of them came before anything could be sent.
  t.equal(answers.length, MAX_PENDING_PATH_RESPONSES, 'for 5000 challenges')
  t.equal(server.connection.phase, 'established')
  stillServes(t, p)
  t.end()
})

t.test('connection IDs that are retired without end close the connection (CVE-2024-22189)', (t) => {
  const p = forgedPair({ seed: 2, toServer: delay(10) })
  const { server } = p.establish()
  p.runFor(100)
  // The client withholds every acknowledgement from now on.
  p.sim.removeHost(p.client.address)
  for (let n = 4; n < 100; n++) {
    p.forge(
      'client',
      bytes(0x18, n, n, Uint8Array.of(8), `id${n}______`.slice(0, 8), '0123456789abcdef'),
    )
  }
  p.runFor(50)
  const expected = { code: 'ERR_QUIC_CONNECTION_ID_LIMIT', frameType: 0x18 }
  t.match(server.closeError, expected, 'rfc9000#5.1.2-5')
  p.sim.addHost(p.client)
  stillServes(t, p)
  t.end()
})

t.test('RFC 9000 §5.1.2: connection IDs that are replaced in turn go on working', (t) => {
  const p = forgedPair({ seed: 3 })
  const { server } = p.establish()
  p.runFor(100)
  const first = p.sent.server.at(-1)!.bytes.slice(1, 9)
  // As if the client had asked the server to change to its second ID.
  const ids = p.sent.client.flatMap(({ bytes }) => newConnectionIds(bytes))
  const second = ids.find(({ sequence }) => sequence === 1)!
  p.forge('client', bytes(0x18, 1, 1, Uint8Array.of(8), second.id, second.token))
  p.runFor(100)
  server.send('bidi', p.prng.bytes(100))
  p.runFor(50)
  t.not(
    Buffer.from(p.sent.server.at(-1)!.bytes.slice(1, 9)).toString('hex'),
    Buffer.from(first).toString('hex'),
  )
  t.same(p.sent.server.at(-1)!.bytes.slice(1, 9), second.id)
  t.equal(server.connection.phase, 'established')
  stillServes(t, p)
  t.end()
})

/** NEW_CONNECTION_ID frames in a datagram of the null engine, found by their look. */
function newConnectionIds(
  datagram: Uint8Array,
): { sequence: number; id: Uint8Array; token: Uint8Array }[] {
  const found = []
  for (let at = 0; at + 28 <= datagram.length; at++) {
    if (datagram[at] !== 0x18 || datagram[at + 1] > 3 || datagram[at + 2] !== 0) continue
    if (datagram[at + 3] !== 8) continue
    const id = datagram.slice(at + 4, at + 12)
    found.push({ sequence: datagram[at + 1], id, token: datagram.slice(at + 12, at + 28) })
  }
  return found
}

t.test('RFC 9000 §21.4: acknowledging a number that was left out closes the connection', (t) => {
  const p = forgedPair({ seed: 4 })
  const { client, server } = p.establish()
  // The server sends enough packets to have left a number out.
  server.send('bidi', p.prng.bytes(300_000))
  p.run(() => client.streams.get(1)?.ended === true)
  p.runFor(200)
  t.ok(server.connection.stats.packetsSent > 200)
  // An optimistic receiver acknowledges everything up to the last number, the first 150 included.
  p.forge('client', bytes(0x02, 150, 0, 0, 149))
  p.runFor(50)
  t.match(server.closeError, {
    code: 'ERR_QUIC_PROTOCOL_VIOLATION',
    frameType: 0x02,
    remote: false,
  })
  stillServes(t, p)
  t.end()
})

t.test('CRYPTO data after the handshake reaches TLS, which decides', (t) => {
  const p = forgedPair({ seed: 21 })
  const { server } = p.establish()
  p.runFor(100)
  p.forge('client', bytes(0x06, 0, 4, Uint8Array.of(24, 0, 0, 0)))
  p.runFor(20)
  t.match(server.closeError, { code: 'ERR_QUIC_CRYPTO', errorCode: 0x10a })
  stillServes(t, p)
  t.end()
})

t.test('CRYPTO data in shreds is bounded', (t) => {
  const p = forgedPair({ seed: 22 })
  const { server } = p.establish()
  p.runFor(100)
  for (let i = 1; i < 60; i++) {
    const frames = Array.from({ length: 200 }, (_, j) => bytes(0x06, 2 * (i * 200 + j) + 1, 1, 'x'))
    p.forge('client', bytes(...frames))
  }
  p.runFor(20)
  t.match(server.closeError, { code: 'ERR_QUIC_CRYPTO_BUFFER_EXCEEDED' })
  stillServes(t, p)
  t.end()
})
