// Key updates of the peer, RFC 9001 §6, over a whole connection. packages/protection tests the keys.

import { TLS_AES_128_GCM_SHA256 } from '@godwit/protection'
import { LEVEL_APPLICATION } from '@godwit/quic'
import { loss, nullSecret, Prng } from '@godwit/testkit'
import t from 'tap'
import { VERSION_1 } from '../../src/constants.ts'
import { writeShortHeader } from '../../src/packet-header.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import { bytes, connectionIds, forgedPair, stillServes } from './forger.ts'
import type { ForgedPair } from './forger.ts'

const SEED = 20
const PING = bytes(0x01)
const CLOSE = bytes(0x1c, 0x02, 0, 0)
const KEY_PHASE_BIT = 0x04

/** Sends a 1-RTT packet of the client under the keys of a later generation. */
function forgeUpdated(
  p: ForgedPair,
  packetNumber: number,
  updates: number,
  frames: Uint8Array,
): void {
  const memory = p.protection.engine.memory.bytes
  let secret = nullSecret(SEED, LEVEL_APPLICATION, 'client')
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

const notAuthentic = (p: ForgedPair): number => p.server.endpoint.stats.dropped.notAuthentic

t.test('RFC 9001 §6.2: a key update of the peer is answered with one', (t) => {
  const p = forgedPair({ seed: SEED })
  const { server } = p.establish()
  p.runFor(100)
  t.equal(p.sent.server.at(-1)!.bytes[0] & KEY_PHASE_BIT, 0)
  p.sim.removeHost(p.client.address)
  const sent = p.sent.server.length
  forgeUpdated(p, 6000, 1, PING)
  p.runFor(60)
  t.equal(server.connection.phase, 'established')
  const answers = p.sent.server.slice(sent)
  t.ok(answers.length > 0)
  for (const answer of answers) {
    t.equal(
      answer.bytes[0] & KEY_PHASE_BIT,
      KEY_PHASE_BIT,
      'rfc9001#6.2-1, rfc9001#6.2-2: the Key Phase bit is set',
    )
  }
  // Packets of the phase before, late by less than three PTO.
  const received = server.connection.stats.packetsReceived
  p.forge('client', PING, { packetNumber: 5990 })
  p.runFor(20)
  t.equal(notAuthentic(p), 0)
  t.equal(server.connection.stats.packetsReceived, received + 1, 'rfc9001#6.1-4, rfc9001#6.5-4')
  // A PTO is 85 ms at most.
  p.runFor(260)
  p.forge('client', CLOSE, { packetNumber: 5991 })
  p.runFor(20)
  t.equal(notAuthentic(p), 1, 'rfc9001#6.5-5: afterwards the old key is gone')
  t.equal(server.connection.phase, 'established')
  p.sim.addHost(p.client)
  stillServes(t, p)
  t.end()
})

t.test('RFC 9001 §5.5: packets under old keys, above one under new keys, are dropped', (t) => {
  const p = forgedPair({ seed: SEED })
  const { server } = p.establish()
  p.runFor(100)
  forgeUpdated(p, 6000, 1, PING)
  p.runFor(11)
  const received = server.connection.stats.packetsReceived
  for (const packetNumber of [6001, 6002, 7000]) p.forge('client', CLOSE, { packetNumber })
  p.runFor(11)
  t.equal(notAuthentic(p), 3, 'rfc9001#5.5-1')
  t.equal(server.connection.stats.packetsReceived, received)
  t.equal(server.connection.phase, 'established')
  // The same numbers, under the key of the phase.
  forgeUpdated(p, 7000, 1, CLOSE)
  p.runFor(11)
  t.equal(server.connection.phase, 'draining')
  stillServes(t, p)
  t.end()
})

t.test(
  'RFC 9001 §6.4: packets under new keys, below one under old keys, are a KEY_UPDATE_ERROR',
  (t) => {
    const p = forgedPair({ seed: SEED })
    const { server } = p.establish()
    p.runFor(100)
    p.forge('client', PING, { packetNumber: 7000 })
    p.runFor(11)
    forgeUpdated(p, 6999, 1, PING)
    p.runFor(11)
    t.match(server.closeError, { code: 'ERR_QUIC_KEY_UPDATE', errorCode: 0x0e }, 'rfc9001#6.4-2')
    stillServes(t, p)
    t.end()
  },
)

t.test(
  'RFC 9001 §6.2: two updates in a row, with nothing heard between them, are an error',
  (t) => {
    const p = forgedPair({ seed: SEED })
    const { server } = p.establish()
    p.runFor(100)
    p.sim.removeHost(p.client.address)
    // One datagram behind the other, before the server has sent anything.
    forgeUpdated(p, 6000, 1, PING)
    forgeUpdated(p, 6001, 2, PING)
    p.runFor(11)
    t.match(server.closeError, { code: 'ERR_QUIC_KEY_UPDATE', errorCode: 0x0e })
    p.sim.addHost(p.client)
    stillServes(t, p)
    t.end()
  },
)

t.test(
  'RFC 9001 §5.7: an update before the handshake is complete waits like any 1-RTT packet',
  (t) => {
    const p = forgedPair({ seed: SEED, toClient: loss(1, new Prng(1)) })
    p.connect()
    p.runFor(15)
    const [{ connection }] = p.server.accepted
    const { dropped } = p.server.endpoint.stats
    forgeUpdated(p, 6000, 1, CLOSE)
    p.runFor(30)
    t.equal(connection.stats.packetsReceived, 1, 'rfc9001#5.7-1')
    t.equal(connection.phase, 'handshaking')
    t.same(p.server.endpoint.stats.dropped, dropped)
    t.end()
  },
)
