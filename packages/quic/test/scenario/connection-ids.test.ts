// Connection IDs and reset tokens as peers see them, RFC 9000 §5.1 and §10.3.

import { CLIENT_ADDRESS, Prng } from '@godwit/testkit'
import { Endpoint } from '@godwit/quic'
import t from 'tap'
import { ConnectionEntry } from '../../src/endpoint/connection-entry.ts'
import { ConnectionIdTable } from '../../src/endpoint/connection-id-table.ts'
import { ResetTokens } from '../../src/endpoint/reset-tokens.ts'
import { LOCAL_CONNECTION_ID_LENGTH } from '../../src/limits.ts'
import { bytes, connectionIds, forgedPair } from './forger.ts'
import type { ForgedPair, Side } from './forger.ts'
import { framesOf, FURTHER, mover, PING } from './mover.ts'
import { packetsOf } from './packets.ts'

const FRAME_NEW_CONNECTION_ID = 0x18
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

/** An owner of entries whose random bytes are those of `randomBytes`. */
function owner(
  p: ForgedPair,
  randomBytes: (length: number) => Uint8Array,
): ConstructorParameters<typeof ConnectionEntry>[0] {
  const { protection } = p
  return {
    protection,
    randomBytes,
    statelessResetKey: new Uint8Array(32).fill(7),
    routes: new ConnectionIdTable(),
    resetTokens: new ResetTokens(protection, new Uint8Array(32), randomBytes),
    wake: () => {},
  }
}

t.test('RFC 9000 §5.1: a connection ID is nothing but random bytes, new for every ID', (t) => {
  const drawn: Uint8Array[] = []
  const prng = new Prng(1)
  const entry = new ConnectionEntry(
    owner(forgedPair(), (length) => {
      drawn.push(prng.bytes(length))
      return drawn.at(-1)!
    }),
  )
  const before = drawn.length
  for (let i = 0; i < 100; i++) {
    const id = entry.issue()
    t.same(id, drawn[before + i], 'rfc9000#5.1-1, rfc9000#10.3.2-4')
    t.equal(id.length, LOCAL_CONNECTION_ID_LENGTH, 'rfc9000#10.3.2-2')
  }
  t.equal(drawn.length, before + 100)
  t.end()
})

t.test('RFC 9000 §10.3.2: an ID that a connection has is not given to another', (t) => {
  let draws = 0
  // The same number three times over, as a broken source might.
  const source = (length: number): Uint8Array => new Uint8Array(length).fill(draws++ / 3)
  const shared = owner(forgedPair(), source)
  draws = 0
  const ids = Array.from({ length: 10 }, () => hex(new ConnectionEntry(shared).issue()))
  t.equal(new Set(ids).size, 10, 'rfc9000#10.3.2-3')
  t.end()
})

t.test('RFC 9000 §10.3.2: a reset token follows from a secret of the endpoint and the ID', (t) => {
  const p = forgedPair()
  const { protection } = p
  const tokens = new Set<string>()
  for (let key = 0; key < 20; key++) {
    for (let id = 0; id < 20; id++) {
      const secret = new Uint8Array(32)
      secret[key] = 1
      const connectionId = new Uint8Array(8)
      connectionId[id % 8] = 1 + (id >> 3)
      tokens.add(hex(protection.statelessResetToken(secret, connectionId)))
    }
  }
  t.equal(tokens.size, 400, 'rfc9000#10.3.2-1: every byte of both counts')
  t.throws(
    () =>
      new Endpoint({
        protection,
        randomBytes: (length) => new Uint8Array(length),
        statelessResetKey: new Uint8Array(31),
      }),
    { name: 'RangeError' },
    'a secret of 256 bits at least',
  )
  t.end()
})

t.test('RFC 9000 §10.3.1: reset tokens are compared by a keyed hash, one a datagram', (t) => {
  const { protection } = forgedPair()
  const hashed: string[] = []
  const spy = Object.create(protection) as typeof protection
  spy.statelessResetToken = (key, id) => {
    hashed.push(`${hex(key)} ${hex(id)}`)
    return protection.statelessResetToken(key, id)
  }
  const prng = new Prng(2)
  const key = prng.bytes(32)
  const tokens = new ResetTokens<object>(spy, key, (length) => prng.bytes(length))
  const token = prng.bytes(16)
  const connection = {}
  const stored = tokens.add(token, connection)
  t.same(stored, protection.statelessResetToken(key, token), 'only the hash is kept')
  t.notSame(stored, token)
  for (let i = 1; i < 50; i++) tokens.add(prng.bytes(16), {})
  // As much work for a token that begins like a true one as for any other.
  for (let same = 0; same <= 16; same++) {
    const datagram = prng.bytes(40)
    datagram.set(token.subarray(0, same), 24)
    hashed.length = 0
    t.equal(tokens.find(datagram, 40), same === 16 ? connection : null)
    t.same(hashed, [`${hex(key)} ${hex(datagram.subarray(24))}`], 'rfc9000#10.3.1-4')
  }
  t.end()
})

t.test('RFC 9000 §5.1.2: an ID is good until the peer retires it', (t) => {
  const p = mover({ seed: 4 })
  // What the server answers goes to nobody.
  p.sim.rebind(CLIENT_ADDRESS, FURTHER)
  const { connection } = p.serverSide
  const [second, third] = p.spareIds
  const received = (destination: Uint8Array): boolean => {
    const before = connection.stats.packetsReceived
    p.from(CLIENT_ADDRESS, PING, { destination })
    return connection.stats.packetsReceived === before + 1
  }
  t.ok(received(second))
  t.ok(received(third))
  // The first spare ID has the sequence number 1; RETIRE_CONNECTION_ID.
  p.from(CLIENT_ADDRESS, bytes(0x19, 1))
  const before = p.server.endpoint.stats.dropped.unknownConnection
  t.notOk(received(second), 'it is retired')
  t.equal(p.server.endpoint.stats.dropped.unknownConnection, before + 1)
  t.ok(received(third), 'rfc9000#5.1.2-2: others are not')
  t.ok(received(connectionIds(p.sent, 'client').destination))
  t.end()
})

t.test('RFC 9000 §5.1.2: we never ask a peer to retire an ID', (t) => {
  const p = mover({ seed: 5 })
  p.sim.rebind(CLIENT_ADDRESS, FURTHER)
  for (let n = 1; n < 20; n++) {
    p.from(CLIENT_ADDRESS, bytes(0x19, n))
    p.from(CLIENT_ADDRESS, PING)
  }
  for (const side of ['client', 'server'] as Side[]) {
    const frames = p.sent[side]
      .flatMap(packetsOf)
      .flatMap((packet) => packet.frames)
      .filter(({ type }) => type === FRAME_NEW_CONNECTION_ID)
    t.ok(frames.length >= 3)
    t.ok(
      frames.every(({ retirePriorTo }) => retirePriorTo === 0),
      'rfc9000#5.1.2-8',
    )
  }
  t.equal(framesOf(p.sentTo(CLIENT_ADDRESS), FRAME_NEW_CONNECTION_ID).length, 19)
  t.equal(p.serverSide.connection.phase, 'established')
  t.end()
})
