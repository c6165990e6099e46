// A client obeys Retry, RFC 9000 §8.1.2 and §17.2.5, whatever the network loses afterwards.

import { chain, delay, dropList } from '@godwit/testkit'
import type { NetworkNode, SimConnection } from '@godwit/testkit'
import t from 'tap'
import type { Test } from 'tap'
import { PACKET_INITIAL, VERSION_1 } from '../../src/constants.ts'
import { bytes, editParameters, forgedPair, sealInitial } from './forger.ts'
import type { ForgedPair } from './forger.ts'
import { cryptoBytes, packetsOf, packetsOfType } from './packets.ts'

const NOTHING: readonly number[] = []
const RETRY_SOURCE = 'retrysrc'
const TOKEN = 'the token of an address'

const hex = (text: string): string => Buffer.from(text).toString('hex')

/** A Retry packet that answers a client's Initial. `first`: its first byte. */
function retryFor(
  p: ForgedPair,
  initial: Uint8Array,
  { source = RETRY_SOURCE as string | Uint8Array, token = TOKEN, first = 0xf0 } = {},
): Uint8Array {
  const head = bytes(
    Uint8Array.of(first, 0, 0, 0, 1, 8),
    initial.slice(15, 23),
    source.length,
    source,
    token,
  )
  return bytes(head, p.protection.retryIntegrityTag(VERSION_1, initial.slice(6, 14), head))
}

interface Retried extends Omit<ForgedPair, 'client'> {
  readonly client: SimConnection
}

interface RetriedOptions {
  readonly seed: number
  readonly clientHelloSize?: number
  /** Indices of the datagrams lost among those that the client sends with a token. */
  readonly lostToServer?: readonly number[]
  /** The same of those that the server sends, Retry packets not counted. */
  readonly lostToClient?: readonly number[]
  /** Retry packets that are lost. */
  readonly lostRetries?: number
}

/**
 * A client whose datagrams without a token are answered by Retry on the way, as the server would answer
 * them; the server itself sees what comes with a token.
 */
function retried(options: RetriedOptions): Retried {
  const { seed, clientHelloSize = 280, lostToServer = NOTHING, lostToClient = NOTHING } = options
  let original = new Uint8Array(0)
  let retriesToLose = options.lostRetries ?? 0
  let toServer = 0
  let toClient = 0
  const door: NetworkNode = {
    push: (now, datagram, emit) => {
      const [{ type, token }] = packetsOf(datagram)
      if (type === PACKET_INITIAL && token === '') {
        original = datagram.bytes.slice(6, 14)
        if (retriesToLose-- > 0) return
        p.inject('server', retryFor(p, datagram.bytes))
      } else if (!lostToServer.includes(toServer++)) {
        emit(now, datagram)
      }
    },
  }
  const back: NetworkNode = {
    push: (now, datagram, emit) => {
      const isRetry = (datagram.bytes[0] & 0xf0) === 0xf0
      if (isRetry || !lostToClient.includes(toClient++)) emit(now, datagram)
    },
  }
  const p = forgedPair({
    seed,
    toServer: chain(door, delay(10)),
    toClient: chain(back, delay(10)),
    clientNull: { clientHelloSize },
    serverNull: {
      rewriteParameters: (encoded) =>
        editParameters({ 0x00: original, 0x10: bytes(RETRY_SOURCE) })(encoded),
    },
  })
  return { ...p, client: p.connect() }
}

/** What RFC 9000 §17.2.5 asks of every Initial packet that a client sends after a Retry. */
function checkInitials(t: Test, p: Retried, clientHelloSize: number): void {
  const initials = packetsOfType(p.sent.client, PACKET_INITIAL)
  const before = initials.filter(({ token }) => token === '')
  const after = initials.slice(before.length)
  t.ok(before.length > 0 && after.length > 0)
  t.ok(
    after.every(({ token }) => token === hex(TOKEN)),
    'rfc9000#8.1.2-1: the token is in every Initial packet',
  )
  t.ok(
    initials.every(({ scid }) => scid === initials[0].scid),
    'rfc9000#17.2.5.2-5: the Source Connection ID stays',
  )
  const ofServer = packetsOf(p.sent.server.findLast(({ bytes }) => (bytes[0] & 0xf0) < 0xf0)!)
  const heard = after.findIndex(({ dcid }) => dcid !== hex(RETRY_SOURCE))
  t.ok(
    heard !== 0 &&
      (heard < 0 || after.slice(heard).every(({ dcid }) => dcid === after[heard].dcid)),
    'rfc9000#17.2.5.1-3: the Destination Connection ID is that of the Retry until the server is heard',
  )
  t.ok(ofServer.length > 0)
  t.ok(
    initials.every(({ packetNumber }, i) => i === 0 || packetNumber > initials[i - 1].packetNumber),
    'rfc9000#17.2.5.3-4: packet numbers go on',
  )
  const hello = cryptoBytes(before)
  t.equal(hello.size, clientHelloSize)
  // Throws if a byte is another one.
  t.equal(cryptoBytes(initials).size, clientHelloSize, 'rfc9000#17.2.5.3-1: the same ClientHello')
  t.equal(cryptoBytes(after).size, clientHelloSize, 'the whole of it')
}

for (const clientHelloSize of [280, 1500]) {
  for (const [direction, count] of [
    ['client', 5],
    ['server', 5],
  ] as const) {
    for (let lost = 0; lost < count; lost++) {
      const title = `RFC 9000 §17.2.5.3: a ClientHello of ${clientHelloSize} bytes after Retry, with datagram ${lost} of the ${direction} lost`
      t.test(title, (t) => {
        const p = retried({
          seed: 1 + lost,
          clientHelloSize,
          ...(direction === 'client' ? { lostToServer: [lost] } : { lostToClient: [lost] }),
        })
        const done = (): boolean => p.client.has('handshake-confirmed')
        t.ok(p.run(done, 9000), 'the handshake completes')
        // A probe timeout without an RTT sample is 999 ms.
        t.ok(p.sim.now < 1500, `after one probe timeout at most: ${p.sim.now} ms`)
        checkInitials(t, p, clientHelloSize)
        t.end()
      })
    }
  }
}

t.test('RFC 9000 §17.2.5: a Retry that is lost is asked for again, with new numbers', (t) => {
  const p = retried({ seed: 20, lostRetries: 2 })
  t.ok(p.run(() => p.client.has('handshake-confirmed'), 9000))
  checkInitials(t, p, 280)
  t.end()
})

t.test('RFC 9000 §17.2.5: the first three datagrams after a Retry are lost', (t) => {
  const p = retried({ seed: 21, clientHelloSize: 1500, lostToServer: [0, 1, 2] })
  t.ok(p.run(() => p.client.has('handshake-confirmed'), 9000))
  checkInitials(t, p, 1500)
  const after = packetsOfType(p.sent.client, PACKET_INITIAL).filter(({ token }) => token !== '')
  t.ok(after.length > 3, 'so that more than the first carry the token')
  t.end()
})

t.test('RFC 9000 §17.2.5.2: a Retry that cannot be true is discarded, and one is obeyed', (t) => {
  const p = forgedPair({ seed: 30, toServer: delay(30) })
  const client = p.connect()
  p.runFor(1)
  const [{ bytes: initial }] = p.sent.client
  const original = initial.slice(6, 14)
  const good = retryFor(p, initial)
  const changed = (at: number): Uint8Array => {
    const packet = good.slice()
    packet[at] ^= 1
    return packet
  }
  const elsewhere = initial.slice()
  elsewhere[6] ^= 1
  let dropped = 0
  for (const [packet, id] of [
    [changed(good.length - 1), 'rfc9000#17.2.5.2-3: of the tag the last byte'],
    [changed(good.length - 17), 'rfc9000#17.2.5.2-3: of the token'],
    [changed(17), 'rfc9000#17.2.5.2-3: of the Source Connection ID'],
    [retryFor(p, elsewhere), 'rfc9000#17.2.5.2-3: the answer to another packet'],
    [retryFor(p, initial, { token: '' }), 'rfc9000#17.2.5.2-4'],
    [retryFor(p, initial, { source: original }), 'rfc9000#17.2.5.1-2'],
  ] as const) {
    p.inject('server', packet)
    p.runFor(11)
    // The handshake itself has not begun yet: it takes 40 ms, and there is no other packet to be dropped.
    t.equal(p.client.endpoint.stats.dropped.unexpectedType, ++dropped, id)
    t.equal(p.sent.client.length, 1, 'and is not answered')
    if (dropped === 2) p.sim.removeHost(p.server.address)
  }
  p.inject('server', good)
  p.runFor(11)
  t.equal(p.client.endpoint.stats.dropped.unexpectedType, dropped)
  t.equal(p.sent.client.length, 2, 'at once')
  const [second] = packetsOf(p.sent.client[1])
  t.match(second, { token: hex(TOKEN), dcid: hex(RETRY_SOURCE), packetNumber: 1 })
  t.equal(p.sent.client[1].bytes.length, 1200)
  p.inject('server', retryFor(p, initial, { source: 'another!', token: 'another token' }))
  p.runFor(11)
  t.equal(
    p.client.endpoint.stats.dropped.unexpectedType,
    dropped + 1,
    'rfc9000#17.2.5.2-1, rfc9000#17.2.5.2-2',
  )
  t.equal(p.sent.client.length, 2, 'rfc9000#7.2-4')
  t.equal(client.connection.phase, 'handshaking')
  t.end()
})

t.test('RFC 9000 §17.2.5.2: no Retry is obeyed after a packet of the server', (t) => {
  const p = forgedPair({ seed: 31 })
  const client = p.connect()
  p.runFor(1)
  const [{ bytes: initial }] = p.sent.client
  p.sim.removeHost(p.server.address)
  const [dcid, scid] = [initial.slice(6, 14), initial.slice(15, 23)]
  p.inject(
    'server',
    sealInitial(p.protection, scid, bytes('serverid'), bytes(0x01), 0, {
      side: 'server',
      keysFrom: dcid,
    }),
  )
  p.runFor(11)
  const sent = p.sent.client.length
  t.equal(client.connection.stats.packetsReceived, 1)
  p.inject('server', retryFor(p, initial))
  p.runFor(11)
  t.equal(p.client.endpoint.stats.dropped.unexpectedType, 1, 'rfc9000#17.2.5.2-2')
  t.equal(p.sent.client.length, sent)
  t.end()
})

t.test('RFC 9000 §17.2.5: the unused bits of a Retry mean nothing', (t) => {
  for (let bits = 0; bits < 16; bits++) {
    const p = forgedPair({ seed: 32 })
    p.connect()
    p.runFor(1)
    p.sim.removeHost(p.server.address)
    p.inject('server', retryFor(p, p.sent.client[0].bytes, { first: 0xf0 | bits }))
    p.runFor(11)
    t.equal(packetsOf(p.sent.client[1])[0].token, hex(TOKEN), 'rfc9000#17.2.5-1')
  }
  t.end()
})

t.test('RFC 9000 §7.3: a Retry that the server does not know of fails the handshake', (t) => {
  const p = forgedPair({ seed: 13, toServer: chain(dropList([0]), delay(10)) })
  const client = p.connect()
  p.runFor(1)
  p.inject('server', retryFor(p, p.sent.client[0].bytes))
  p.runFor(100)
  t.match(client.closeError, { code: 'ERR_QUIC_TRANSPORT_PARAMETER' })
  t.end()
})
