// Rules of RFC 9000 and 9001 that no other scenario shows, one after another.

import { ByteReader } from '@godwit/wire'
import t from 'tap'
import { TLS_AES_128_GCM_SHA256 } from '@godwit/protection'
import { LEVEL_APPLICATION, LEVEL_HANDSHAKE } from '@godwit/quic'
import { CLIENT_ADDRESS, delay, nullSecret, SERVER_ADDRESS } from '@godwit/testkit'
import { VERSION_1 } from '../../src/constants.ts'
import { writeShortHeader } from '../../src/packet-header.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import { bytes, connectionIds, forgedPair, sealInitial } from './forger.ts'
import type { ForgedPair, Side } from './forger.ts'

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

/** NEW_CONNECTION_ID frames of a side's datagrams, found by their look: the null engine hides nothing. */
function issuedIds(p: ForgedPair, side: Side): { id: Uint8Array; token: Uint8Array }[] {
  const found = new Map<number, { id: Uint8Array; token: Uint8Array }>()
  for (const { bytes } of p.sent[side]) {
    for (let at = 0; at + 28 <= bytes.length; at++) {
      if (bytes[at] !== 0x18 || bytes[at + 1] !== found.size + 1) continue
      if (bytes[at + 2] !== 0 || bytes[at + 3] !== 8) continue
      found.set(bytes[at + 1], {
        id: bytes.slice(at + 4, at + 12),
        token: bytes.slice(at + 12, at + 28),
      })
    }
  }
  return [...found.values()]
}

/** A 1-RTT packet of the client to any connection ID. */
function sealTo(p: ForgedPair, seed: number, id: Uint8Array, packetNumber: number): Uint8Array {
  const memory = p.protection.engine.memory.bytes
  const writer = new PacketWriter(memory)
  writer.reset(0, memory.length)
  const at = writeShortHeader(writer, id, false, false, packetNumber, 4)
  const secret = nullSecret(seed, LEVEL_APPLICATION, 'client')
  const frames = bytes(0x01, 0, 0, 0)
  memory.set(frames, writer.position)
  p.protection
    .packetKey(VERSION_1, TLS_AES_128_GCM_SHA256, secret)
    .protect(0, at, 4, frames.length, packetNumber)
  return memory.slice(0, writer.position + frames.length + 16)
}

t.test('rfc9000#5.1.1-2: packets to every connection ID that was issued are taken', (t) => {
  const p = forgedPair({ seed: 1 })
  const { server } = p.establish()
  p.runFor(100)
  const ids = issuedIds(p, 'server')
  t.equal(ids.length, 3, 'rfc9000#9.5-7: spare IDs for paths to come')
  const first = connectionIds(p.sent, 'server').source
  t.equal(
    new Set([hex(first), ...ids.map(({ id }) => hex(id))]).size,
    4,
    'rfc9000#5.1-2: each ID once',
  )
  t.equal(
    new Set(ids.map(({ token }) => hex(token))).size,
    3,
    'rfc9000#10.3.2-5: each with its own token',
  )
  ids.forEach(({ id }, i) => {
    t.equal(id.length, first.length)
    const before = server.connection.stats.packetsReceived
    p.inject('client', sealTo(p, 1, id, 7000 + i))
    p.runFor(11)
    t.equal(server.connection.stats.packetsReceived, before + 1)
  })
  t.end()
})

t.test('RFC 9000 §17.2.1: the unused bits of Version Negotiation mean nothing', (t) => {
  for (const first of [0x80, 0xbf, 0xc0, 0xff]) {
    const p = forgedPair({ seed: 2, toServer: delay(100) })
    const client = p.connect()
    p.runFor(1)
    const [{ bytes: initial }] = p.sent.client
    const ids = [8, ...initial.slice(15, 23), 8, ...initial.slice(6, 14)]
    p.inject('server', Uint8Array.from([first, 0, 0, 0, 0, ...ids, 0, 0, 0, 2]))
    p.runFor(20)
    const expected = { code: 'ERR_QUIC_VERSION_NEGOTIATION', versions: [2] }
    t.match(client.closeError, expected, 'rfc8999#6-1, rfc9000#17.2.1-1')
  }
  t.end()
})

t.test('RFC 8999 §6: Version Negotiation with a truncated version is ignored', (t) => {
  const p = forgedPair({ seed: 2, toServer: delay(30) })
  const client = p.connect()
  p.runFor(1)
  const [{ bytes: initial }] = p.sent.client
  const ids = [8, ...initial.slice(15, 23), 8, ...initial.slice(6, 14)]
  for (const versions of [[], [0], [0, 0, 0], [0, 0, 0, 2, 0]]) {
    p.inject('server', Uint8Array.from([0xc0, 0, 0, 0, 0, ...ids, ...versions]))
  }
  p.runFor(15)
  t.equal(p.client.endpoint.stats.dropped.unexpectedType, 4, 'rfc8999#6-2')
  p.runFor(200)
  t.equal(client.connection.phase, 'established')
  t.end()
})

t.test('RFC 9000 §18.2: the transport parameters that each side sends', (t) => {
  const encoded: Partial<Record<Side, Uint8Array>> = {}
  const note = (side: Side) => ({
    rewriteParameters: (parameters: Uint8Array) => (encoded[side] = parameters.slice()),
  })
  const p = forgedPair({ seed: 3, clientNull: note('client'), serverNull: note('server') })
  p.establish()
  for (const side of ['client', 'server'] as const) {
    const parameters = encoded[side]!
    const values = new Map<number, Uint8Array>()
    const reader = new ByteReader(parameters)
    while (reader.remaining > 0) {
      const id = reader.varint()
      t.notOk(values.has(id), `${side}: 0x${id.toString(16)} comes once (rfc9000#7.4-2)`)
      values.set(id, reader.copy(reader.varint()))
    }
    t.ok(reader.ok)
    t.same(values.get(0xff04de1b), [0x43, 0xe8], 'min_ack_delay of a millisecond')
    t.ok(values.get(0x0e)![0] >= 2, 'rfc9000#18.2-8: active_connection_id_limit')
    const value = (id: number): number => new ByteReader(values.get(id)!).varint()
    t.ok(value(0x09) >= 3, 'rfc9114#6.2-1: three unidirectional streams at least')
    t.ok(value(0x07) >= 1024, 'rfc9114#6.2-2: and what the first bytes of each need')
    if (side === 'server') {
      t.ok(value(0x08) >= 100, 'rfc9114#6.1-2: a hundred requests at a time')
      t.ok(value(0x06) > 0, 'rfc9114#6.1-1: which may say something')
    }
    for (const id of [0x00, 0x02, 0x0d, 0x10]) {
      if (side === 'client')
        t.notOk(values.has(id), 'for servers (rfc9000#18.2-1, rfc9000#18.2-10)')
    }
  }
  t.end()
})

t.test('RFC 9000 §4.6: MAX_STREAMS that does not raise the limit is ignored', (t) => {
  const p = forgedPair({ seed: 4 })
  const { server } = p.establish()
  p.forge('client', bytes(0x12, 1, 0x13, 0))
  p.runFor(11)
  for (let i = 0; i < 10; i++) {
    t.ok(server.connection.openStream('bidi'), 'rfc9000#4.6-4, rfc9000#19.11-2')
    t.ok(server.connection.openStream('uni'))
  }
  t.equal(server.connection.phase, 'established', 'rfc9000#13.3-5')
  t.end()
})

t.test('RFC 9000 §10.2.1: what a closing endpoint answers is no amplification', (t) => {
  const p = forgedPair({ seed: 5 })
  const { server } = p.establish()
  p.runFor(100)
  server.connection.close(1, 'x'.repeat(200))
  p.runFor(5)
  const start = p.sent.server.length
  let received = 0
  for (let i = 0; i < 50; i++) {
    const packet = sealTo(p, 5, connectionIds(p.sent, 'server').source, 8000 + i)
    received += packet.length
    p.inject('client', packet)
    p.runFor(1)
  }
  p.runFor(11)
  const sent = p.sent.server.slice(start).reduce((sum, { bytes }) => sum + bytes.length, 0)
  t.ok(sent > 0 && sent <= 3 * received, `rfc9000#10.2.1-5: ${sent} bytes for ${received}`)
  const before = p.server.endpoint.stats.bytesSent
  for (let i = 0; i < 100; i++) {
    p.sim.inject({ address: '10.0.0.99', port: 1 }, SERVER_ADDRESS, {
      bytes: sealTo(p, 5, connectionIds(p.sent, 'server').source, 9000 + i),
      ecn: 0,
    })
  }
  p.runFor(20)
  t.equal(
    p.server.endpoint.stats.bytesSent,
    before,
    'rfc9000#10.2.1-7: nothing for another address',
  )
  t.end()
})

t.test('RFC 9000 §13.1: a packet that does not open is not acknowledged (rfc9000#13.1-1)', (t) => {
  for (const broken of [true, false]) {
    const p = forgedPair({ seed: 6 })
    const { client } = p.establish()
    p.runFor(100)
    const packet = sealTo(p, 6, connectionIds(p.sent, 'server').source, 9000)
    if (broken) packet[packet.length - 1] ^= 1
    p.inject('client', packet)
    client.send('uni', p.prng.bytes(3000))
    p.runFor(500)
    // An acknowledgement of what the client never sent would make it close.
    if (broken) t.equal(client.connection.phase, 'established')
    else t.match(client.closeError, { code: 'ERR_QUIC_PROTOCOL_VIOLATION', frameType: 0x02 })
  }
  t.end()
})

t.test('RFC 9000 §17.4: the spin bit is not sent, and ignored', (t) => {
  const p = forgedPair({ seed: 8 })
  const { client, server } = p.establish()
  client.send('bidi', p.prng.bytes(50_000))
  p.runFor(500)
  for (const side of ['client', 'server'] as const) {
    for (const { bytes: sent } of p.sent[side]) {
      if ((sent[0] & 0x80) === 0) t.equal(sent[0] & 0x20, 0, 'rfc9000#17.4-2')
    }
  }
  const before = server.connection.stats.packetsReceived
  p.forge('client', bytes(0x01), { firstByteBits: 0x20 })
  p.runFor(11)
  t.equal(server.connection.stats.packetsReceived, before + 1, 'rfc9000#17.4-5')
  t.equal(server.connection.phase, 'established')
  t.end()
})

t.test('rfc9000#19.3-1: an ACK frame with ECN counts acknowledges as well', (t) => {
  const p = forgedPair({ seed: 9, toClient: delay(10) })
  const { client } = p.establish()
  p.runFor(100)
  p.forge('server', bytes(0x03, 0, 0, 0, 0, 0, 0, 0))
  p.runFor(11)
  t.equal(client.connection.phase, 'established')
  p.forge('server', bytes(0x03, 1_000_000, 0, 0, 0, 0, 0, 0))
  p.runFor(11)
  t.match(client.closeError, { code: 'ERR_QUIC_PROTOCOL_VIOLATION' }, 'and is read like it')
  t.end()
})

// The client drops it, and so does the server, which
// rejects 0-RTT, has no keys either. TLS refuses data at this level (server-alerts.test.ts).
t.test('rfc9000#5.2-2: frames of an Initial packet before an error are not taken for good', (t) => {
  const p = forgedPair({ seed: 12 })
  p.connect()
  p.runFor(1)
  const [{ bytes: initial }] = p.sent.client
  const packet = new Uint8Array(1200)
  const frames = new Uint8Array(1100)
  frames.set(bytes(0x01, 0x3f))
  const scid = initial.slice(15, 23)
  packet.set(sealInitial(p.protection, initial.slice(6, 14), scid, frames, 1))
  p.runFor(12)
  p.inject('client', packet)
  p.runFor(20)
  t.match(p.server.accepted[0].closeError, { code: 'ERR_QUIC_FRAME_ENCODING', frameType: 0x3f })
  t.end()
})

t.test('RFC 9001 §4.9: packets of discarded keys open no more', (t) => {
  const p = forgedPair({ seed: 13 })
  const { server } = p.establish()
  p.runFor(100)
  const { dropped } = p.server.endpoint.stats
  const before = dropped.noKeys
  p.forge('client', bytes(0x01), { level: LEVEL_HANDSHAKE })
  p.runFor(11)
  t.equal(p.server.endpoint.stats.dropped.noKeys, before + 1, 'rfc9001#4.9.2-1: Handshake')
  const ids = connectionIds(p.sent, 'client')
  const original = p.sent.client[0].bytes.slice(6, 14)
  const options = { keysFrom: original, size: 1200 }
  p.inject(
    'client',
    sealInitial(p.protection, ids.destination, ids.source, bytes(0x01), 99, options),
  )
  p.runFor(11)
  t.equal(p.server.endpoint.stats.dropped.noKeys, before + 2, 'rfc9001#4.9.1-1: Initial')
  t.equal(server.connection.phase, 'established')
  t.same(server.connection.path, CLIENT_ADDRESS)
  t.end()
})

t.test('RFC 9000 §17.2: connection IDs of other versions may be longer than ours', (t) => {
  for (const [dcidLength, scidLength] of [
    [21, 0],
    [0, 21],
    [255, 255],
  ]) {
    const p = forgedPair({ seed: 14 })
    const packet = new Uint8Array(1200)
    const [dcid, scid] = [p.prng.bytes(dcidLength), p.prng.bytes(scidLength)]
    packet.set(
      bytes(
        Uint8Array.of(0xc0, 0xba, 0xba, 0xba, 0xba, dcidLength),
        dcid,
        Uint8Array.of(scidLength),
        scid,
      ),
    )
    p.inject('client', packet)
    p.runFor(11)
    const [{ bytes: answer }] = p.sent.server
    const ids = bytes(Uint8Array.of(scidLength), scid, Uint8Array.of(dcidLength), dcid)
    t.same(answer.slice(5, 5 + ids.length), ids, 'rfc9000#17.2-7')
    t.same(answer.slice(5 + ids.length, 9 + ids.length), Uint8Array.of(0, 0, 0, 1))
  }
  t.end()
})

t.test('RFC 9000 §10.2: closing and draining take three probe timeouts', (t) => {
  const p = forgedPair({ seed: 15 })
  const { client, server } = p.establish()
  p.runFor(500)
  // At least smoothed_rtt, a millisecond of variation, and max_ack_delay.
  const pto = (side: typeof client): number => side.connection.stats.smoothedRtt + 1 + 25
  const least = 3 * Math.min(pto(client), pto(server))
  server.connection.close(1, '')
  p.runFor(11)
  t.equal(server.connection.phase, 'closing')
  t.equal(client.connection.phase, 'draining')
  p.runFor(least - 12)
  t.equal(server.connection.phase, 'closing', 'rfc9000#10.2-3')
  t.equal(client.connection.phase, 'draining')
  t.equal(p.server.endpoint.connectionCount, 1)
  p.runFor(3 * least)
  t.equal(server.connection.phase, 'drained')
  t.equal(client.connection.phase, 'drained')
  t.end()
})
