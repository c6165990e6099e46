import t from 'tap'
import { LEVEL_APPLICATION } from '@godwit/quic'
import { TLS_AES_128_GCM_SHA256 } from '@godwit/protection'
import { delay, loss, nullSecret, Prng } from '@godwit/testkit'
import { VERSION_1 } from '../../src/constants.ts'
import { writeShortHeader } from '../../src/packet-header.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import { bytes, connectionIds, forgedPair } from './forger.ts'
import type { ForgedPair } from './forger.ts'

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
    t.end()
  },
)

t.test('a flood of PATH_CHALLENGE frames gets a few answers (CVE-2023-49295)', (t) => {
  const p = forgedPair({ seed: 1 })
  const { server } = p.establish()
  p.runFor(100)
  const before = p.server.endpoint.stats.bytesSent
  for (let i = 0; i < 50; i++) {
    const frames = Array.from({ length: 100 }, (_, j) =>
      bytes(0x1a, bytes('1234'), Uint8Array.of(i, j, 0, 0)),
    )
    p.forge('client', bytes(...frames))
  }
  p.runFor(200)
  const sent = p.server.endpoint.stats.bytesSent - before
  t.ok(sent < 60 * 1200, `${sent} bytes for 5000 challenges`)
  t.equal(server.connection.phase, 'established')
  t.ok(p.establish())
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
  t.end()
})

/** A 1-RTT packet of the client under the keys of a later generation. */
function forgeUpdated(
  p: ForgedPair,
  packetNumber: number,
  updates: number,
  frames: Uint8Array,
): void {
  const memory = p.protection.engine.memory.bytes
  let secret = nullSecret(20, LEVEL_APPLICATION, 'client')
  const hp = p.protection.headerProtectionKey(VERSION_1, TLS_AES_128_GCM_SHA256, secret)
  for (let i = 0; i < updates; i++) {
    secret = p.protection.nextSecret(VERSION_1, TLS_AES_128_GCM_SHA256, secret)
  }
  const key = p.protection.nextPacketKey(VERSION_1, TLS_AES_128_GCM_SHA256, secret, hp)
  const writer = new PacketWriter(memory)
  writer.reset(0, memory.length)
  const { destination } = connectionIds(p.sent, 'client')
  const at = writeShortHeader(writer, destination, false, updates % 2 === 1, packetNumber, 4)
  memory.set(frames, writer.position)
  key.protect(0, at, 4, frames.length, packetNumber)
  p.inject('client', memory.slice(0, writer.position + frames.length + 16))
}

t.test('RFC 9001 §6.2: a key update of the peer is answered with one', (t) => {
  const p = forgedPair({ seed: 20 })
  const { server } = p.establish()
  p.runFor(100)
  t.equal(p.sent.server.at(-1)!.bytes[0] & 0x04, 0)
  const sent = p.sent.server.length
  forgeUpdated(p, 6000, 1, bytes(0x01, 0, 0))
  p.runFor(60)
  t.equal(server.connection.phase, 'established')
  const answers = p.sent.server.slice(sent)
  t.ok(answers.length > 0)
  for (const answer of answers) {
    t.equal(answer.bytes[0] & 0x04, 0x04, 'rfc9001#6.2-1, rfc9001#6.2-2: the Key Phase bit is set')
  }
  // RFC 9001 §6.5: packets of the phase before, late by less than three PTO.
  const before = p.server.endpoint.stats.dropped.notAuthentic
  p.forge('client', bytes(0x01, 0, 0), { packetNumber: 5990 })
  p.runFor(20)
  t.equal(p.server.endpoint.stats.dropped.notAuthentic, before)
  // A PTO is 85 ms at most.
  p.runFor(260)
  p.forge('client', bytes(0x01, 0, 0), { packetNumber: 5991 })
  p.runFor(20)
  t.ok(
    p.server.endpoint.stats.dropped.notAuthentic > before,
    'rfc9001#6.5-4, rfc9001#6.5-5: afterwards the old key is gone',
  )
  t.equal(server.connection.phase, 'established')
  t.end()
})

t.test(
  'RFC 9001 §6.4: old keys on a higher packet number are a KEY_UPDATE_ERROR or dropped',
  (t) => {
    const p = forgedPair({ seed: 20 })
    const { server } = p.establish()
    p.runFor(100)
    forgeUpdated(p, 6000, 1, bytes(0x01, 0, 0))
    p.runFor(30)
    p.forge('client', bytes(0x01, 0, 0), { packetNumber: 7000 })
    p.runFor(30)
    t.ok(server.connection.phase === 'established' || /KEY_UPDATE/.test(String(server.closeError)))
    t.end()
  },
)

t.test(
  'RFC 9001 §6: an update before the handshake is confirmed, from nobody, opens nothing',
  (t) => {
    const p = forgedPair({ seed: 20, toClient: loss(1, new Prng(1)) })
    p.connect()
    p.runFor(15)
    forgeUpdated(p, 6000, 1, bytes(0x01, 0, 0))
    p.runFor(30)
    t.equal(p.server.accepted[0].connection.phase, 'handshaking')
    t.end()
  },
)

t.test('CRYPTO data after the handshake reaches TLS, which decides', (t) => {
  const p = forgedPair({ seed: 21 })
  const { server } = p.establish()
  p.runFor(100)
  p.forge('client', bytes(0x06, 0, 4, Uint8Array.of(24, 0, 0, 0)))
  p.runFor(20)
  t.match(server.closeError, { code: 'ERR_QUIC_CRYPTO', errorCode: 0x10a })
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
  t.end()
})
