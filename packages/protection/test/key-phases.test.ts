import t from 'tap'
import { createNobleProvider } from '@godwit/crypto'
import {
  KeyPhases,
  PacketProtection,
  TLS_AES_128_GCM_SHA256,
  TLS_CHACHA20_POLY1305_SHA256,
  UNPROTECT_FAILED,
  UNPROTECT_KEY_UPDATE_ERROR,
  UNPROTECT_KEY_UPDATED,
  UNPROTECT_OK,
  VERSION_1,
  type PacketEngine,
  type PacketKey,
} from '@godwit/protection'
import { Prng, seededRandomBytes } from '@godwit/testkit'

const provider = createNobleProvider(seededRandomBytes(1))
const protection = new PacketProtection(provider, provider.createPacketEngine(1))
const HEADER_LENGTH = 13
const PAYLOAD_LENGTH = 20

/** One side of a connection: seals packets into arrays and opens such arrays. */
class Side {
  readonly keys: KeyPhases = new KeyPhases(protection, VERSION_1, TLS_CHACHA20_POLY1305_SHA256)

  constructor(sealSecret: Uint8Array, openSecret: Uint8Array) {
    this.keys.installSealSecret(sealSecret)
    this.keys.installOpenSecret(openSecret)
  }

  seal(packetNumber: number): Uint8Array {
    const { bytes } = protection.engine.memory
    bytes.fill(0, 0, HEADER_LENGTH + PAYLOAD_LENGTH)
    bytes[0] = 0x43
    new DataView(bytes.buffer).setUint32(9, packetNumber)
    this.keys.protect(0, 9, 4, PAYLOAD_LENGTH, packetNumber)
    return bytes.slice(0, HEADER_LENGTH + PAYLOAD_LENGTH + 16)
  }

  open(packet: Uint8Array): number {
    const { bytes } = protection.engine.memory
    bytes.set(packet)
    const packetNumber = this.keys.removeHeaderProtection(0, 9)
    return this.keys.unprotect(0, HEADER_LENGTH, PAYLOAD_LENGTH, packetNumber)
  }
}

function sides(): readonly [Side, Side] {
  const a = provider.randomBytes(32)
  const b = provider.randomBytes(32)
  return [new Side(a, b), new Side(b, a)]
}

t.test('RFC 9001 §6: phase 0 both ways, before any update', (t) => {
  const [client, server] = sides()
  t.equal(client.keys.keyPhase, 0)
  t.equal(server.open(client.seal(0)), UNPROTECT_OK)
  t.equal(client.open(server.seal(7)), UNPROTECT_OK)
  t.equal(client.keys.sealedPackets, 1)
  t.end()
})

t.test('seal and open keys come separately, as the handshake gives them (RFC 9001 §4.1)', (t) => {
  const keys = new KeyPhases(protection, VERSION_1, TLS_AES_128_GCM_SHA256)
  t.notOk(keys.canSeal)
  t.notOk(keys.canOpen)
  t.equal(keys.unprotect(0, 13, 20, 0), UNPROTECT_FAILED)
  t.throws(() => keys.protect(0, 9, 4, 20, 0), /no 1-RTT keys/)
  t.throws(() => keys.removeHeaderProtection(0, 9), /no 1-RTT keys/)
  const secret = provider.randomBytes(32)
  keys.installSealSecret(secret)
  t.ok(keys.canSeal)
  t.notOk(keys.canOpen)
  keys.installOpenSecret(secret)
  t.ok(keys.canOpen)
  t.throws(() => keys.installSealSecret(secret.subarray(1)), RangeError)
  t.end()
})

// rfc9001#6.1-2, rfc9001#6.2-1, rfc9001#6.2-2, rfc9001#6.3-5, rfc9001#6.4-1
t.test(
  'RFC 9001 §6.2: a peer that updates is followed, and packets reordered around it open',
  (t) => {
    const [client, server] = sides()
    const old = [0, 1, 2, 3].map((pn) => client.seal(pn))
    t.notOk(client.keys.initiateUpdate(), 'nothing acknowledged yet (RFC 9001 §6.1)')
    client.keys.onAckReceived(0)
    t.ok(client.keys.initiateUpdate())
    t.equal(client.keys.keyPhase, 1)
    t.notOk(client.keys.initiateUpdate(), 'one at a time')
    const fresh = [4, 5, 6].map((pn) => client.seal(pn))

    t.equal(server.open(old[0]), UNPROTECT_OK)
    t.equal(server.keys.keyPhase, 0)
    t.equal(server.open(fresh[1]), UNPROTECT_KEY_UPDATED)
    t.equal(server.keys.keyPhase, 1, 'it seals with the new keys at once')
    t.ok(server.keys.hasPreviousKey)
    t.equal(server.open(old[2]), UNPROTECT_OK, 'the previous key')
    t.equal(server.open(fresh[0]), UNPROTECT_OK, 'below the first of the phase')
    t.equal(server.open(fresh[2]), UNPROTECT_OK)
    server.keys.discardPreviousKey()
    t.notOk(server.keys.hasPreviousKey)
    t.equal(server.open(old[3]), UNPROTECT_FAILED, 'three PTO later (RFC 9001 §6.5)')

    t.equal(client.open(server.seal(0)), UNPROTECT_KEY_UPDATED)
    t.equal(client.keys.keyPhase, 1, 'the initiator does not update again')
    t.equal(client.open(server.seal(1)), UNPROTECT_OK)
    t.notOk(client.keys.initiateUpdate())
    client.keys.onAckReceived(3)
    t.notOk(client.keys.initiateUpdate(), 'an acknowledgement of the old phase is none')
    client.keys.onAckReceived(4)
    t.ok(client.keys.initiateUpdate())
    t.end()
  },
)

// rfc9001#6.1-3
t.test('RFC 9001 §6.1: who updates keeps the old keys until the peer uses the new ones', (t) => {
  const [client, server] = sides()
  client.seal(0)
  client.keys.onAckReceived(0)
  t.ok(client.keys.initiateUpdate())
  for (let pn = 0; pn < 3; pn++) t.equal(client.open(server.seal(pn)), UNPROTECT_OK)
  t.equal(server.open(client.seal(1)), UNPROTECT_KEY_UPDATED)
  t.equal(client.open(server.seal(3)), UNPROTECT_KEY_UPDATED)
  t.end()
})

t.test('RFC 9001 §6.1: many updates in a row, from both sides, keep in step', (t) => {
  const [client, server] = sides()
  let clientNumber = 0
  let serverNumber = 0
  for (let round = 0; round < 20; round++) {
    const [first, second] = round % 3 === 0 ? [server, client] : [client, server]
    if (round > 0) {
      client.keys.onAckReceived(clientNumber - 1)
      server.keys.onAckReceived(serverNumber - 1)
      t.ok(first.keys.initiateUpdate(), `round ${round}`)
    }
    const expected = round === 0 ? UNPROTECT_OK : UNPROTECT_KEY_UPDATED
    const next = (side: Side): number => (side === client ? clientNumber++ : serverNumber++)
    t.equal(second.open(first.seal(next(first))), expected)
    t.equal(first.open(second.seal(next(second))), expected)
    t.equal(client.keys.keyPhase, round & 1)
    t.equal(server.keys.keyPhase, round & 1)
  }
  t.end()
})

t.test('RFC 9001 §6.2: both sides may update at the same moment', (t) => {
  const [client, server] = sides()
  t.equal(server.open(client.seal(0)), UNPROTECT_OK)
  t.equal(client.open(server.seal(0)), UNPROTECT_OK)
  client.keys.onAckReceived(0)
  server.keys.onAckReceived(0)
  t.ok(client.keys.initiateUpdate())
  t.ok(server.keys.initiateUpdate())
  // The server has sealed nothing yet in the phase that it has started.
  t.equal(server.open(client.seal(1)), UNPROTECT_KEY_UPDATED)
  t.equal(client.open(server.seal(1)), UNPROTECT_KEY_UPDATED)
  t.equal(client.keys.keyPhase, 1)
  t.equal(server.keys.keyPhase, 1)
  t.end()
})

t.test('RFC 9001 §6.2: a second update that nothing can have confirmed is an error', (t) => {
  const secret = provider.randomBytes(32)
  const suite = TLS_CHACHA20_POLY1305_SHA256
  const hp = protection.headerProtectionKey(VERSION_1, suite, secret)
  const secret1 = protection.nextSecret(VERSION_1, suite, secret)
  const secret2 = protection.nextSecret(VERSION_1, suite, secret1)
  const key1 = protection.nextPacketKey(VERSION_1, suite, secret1, hp)
  const key2 = protection.nextPacketKey(VERSION_1, suite, secret2, hp)

  const silent = new Side(provider.randomBytes(32), secret)
  t.equal(silent.open(sealWith(key1, 1, true)), UNPROTECT_KEY_UPDATED)
  t.equal(silent.open(sealWith(key2, 2, false)), UNPROTECT_KEY_UPDATE_ERROR)

  const answering = new Side(provider.randomBytes(32), secret)
  t.equal(answering.open(sealWith(key1, 1, true)), UNPROTECT_KEY_UPDATED)
  answering.seal(0)
  t.equal(answering.open(sealWith(key2, 2, false)), UNPROTECT_KEY_UPDATED)
  t.end()
})

function sealWith(key: PacketKey, packetNumber: number, phase: boolean): Uint8Array {
  const { bytes } = protection.engine.memory
  bytes.fill(0, 0, HEADER_LENGTH + PAYLOAD_LENGTH)
  bytes[0] = phase ? 0x47 : 0x43
  new DataView(bytes.buffer).setUint32(9, packetNumber)
  key.protect(0, 9, 4, PAYLOAD_LENGTH, packetNumber)
  return bytes.slice(0, HEADER_LENGTH + PAYLOAD_LENGTH + 16)
}

// rfc9001#6.4-2
t.test('RFC 9001 §6.4: newer keys under a lower packet number are KEY_UPDATE_ERROR', (t) => {
  const secret = provider.randomBytes(32)
  const suite = TLS_CHACHA20_POLY1305_SHA256
  const receiver = new Side(provider.randomBytes(32), secret)
  const hp = protection.headerProtectionKey(VERSION_1, suite, secret)
  const old = protection.packetKey(VERSION_1, suite, secret)
  const fresh = protection.nextPacketKey(
    VERSION_1,
    suite,
    protection.nextSecret(VERSION_1, suite, secret),
    hp,
  )
  t.equal(receiver.open(sealWith(old, 10, false)), UNPROTECT_OK)
  t.equal(receiver.open(sealWith(fresh, 9, true)), UNPROTECT_KEY_UPDATE_ERROR)
  t.equal(receiver.open(sealWith(fresh, 11, true)), UNPROTECT_KEY_UPDATED)
  t.equal(receiver.open(sealWith(old, 12, false)), UNPROTECT_FAILED, 'old keys, higher number')
  t.end()
})

// rfc9001#5.5-2, rfc9001#6.6-6
t.test('forged packets of either phase change nothing but the count (RFC 9001 §6.6)', (t) => {
  const [client, server] = sides()
  const prng = new Prng(7)
  let failed = 0
  for (let i = 0; i < 500; i++) {
    const packet = client.seal(i)
    const forged = new Uint8Array(packet)
    forged[prng.below(forged.length)] ^= 1 << prng.below(8)
    const { bytes } = protection.engine.memory
    bytes.set(forged)
    const packetNumber = server.keys.removeHeaderProtection(0, 9)
    const headerLength = 9 + (bytes[0] & 3) + 1
    const length = packet.length - 16 - headerLength
    t.equal(server.keys.unprotect(0, headerLength, length, packetNumber), UNPROTECT_FAILED)
    t.equal(server.keys.failedPackets, ++failed)
    t.equal(server.keys.keyPhase, 0)
    t.equal(server.open(packet), UNPROTECT_OK)
  }
  t.notOk(server.keys.openLimitReached)
  t.end()
})

// rfc9001#6.6-1
t.test('RFC 9001 §6.6: the confidentiality limit of AES-GCM stops one packet short', (t) => {
  let protectedPackets = 0
  const nullKey: PacketKey = {
    protect: () => {
      protectedPackets++
    },
    removeHeaderProtection: () => 0,
    unprotect: () => false,
    dispose: () => undefined,
  }
  const engine: PacketEngine = {
    name: 'null',
    memory: protection.engine.memory,
    createPacketKey: () => nullKey,
  }
  const keys = new KeyPhases(
    new PacketProtection(provider, engine),
    VERSION_1,
    TLS_AES_128_GCM_SHA256,
  )
  keys.installSealSecret(new Uint8Array(32))
  keys.installOpenSecret(new Uint8Array(32))
  while (!keys.updateDue) keys.protect(0, 9, 4, 20, keys.sealedPackets)
  t.equal(protectedPackets, 2 ** 22)
  while (!keys.sealLimitReached) keys.protect(0, 9, 4, 20, keys.sealedPackets)
  t.equal(protectedPackets, 2 ** 23 - 1)
  keys.onAckReceived(0)
  t.ok(keys.initiateUpdate())
  t.notOk(keys.sealLimitReached)
  t.equal(keys.sealedPackets, 0)
  t.end()
})

t.test('installed secrets are copies; dispose forgets everything', (t) => {
  const a = provider.randomBytes(32)
  const b = provider.randomBytes(32)
  const client = new Side(a, b)
  const server = new Side(b, a)
  a.fill(0)
  b.fill(0)
  client.seal(0)
  client.keys.onAckReceived(0)
  client.keys.initiateUpdate()
  t.equal(server.open(client.seal(1)), UNPROTECT_KEY_UPDATED, 'the next keys do not miss them')
  t.equal(client.open(server.seal(0)), UNPROTECT_KEY_UPDATED)
  server.keys.dispose()
  server.keys.dispose()
  t.notOk(server.keys.canSeal)
  t.notOk(server.keys.canOpen)
  t.equal(server.keys.unprotect(0, 13, 20, 5), UNPROTECT_FAILED)
  t.end()
})
