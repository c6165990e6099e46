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

t.test('what may have happened to a packet are four different things', (t) => {
  const results = [
    UNPROTECT_FAILED,
    UNPROTECT_OK,
    UNPROTECT_KEY_UPDATED,
    UNPROTECT_KEY_UPDATE_ERROR,
  ]
  t.equal(new Set(results).size, 4)
  t.end()
})

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

t.test(
  'RFC 9001 §6.2: a peer that updates is followed, and packets reordered around it open',
  (t) => {
    const [client, server] = sides()
    const old = [0, 1, 2, 3].map((pn) => client.seal(pn))
    t.notOk(client.keys.initiateUpdate(), 'rfc9001#6.1-2: nothing acknowledged yet')
    client.keys.onAckReceived(0)
    t.ok(client.keys.initiateUpdate())
    t.equal(client.keys.keyPhase, 1)
    t.notOk(client.keys.initiateUpdate(), 'one at a time')
    const fresh = [4, 5, 6].map((pn) => client.seal(pn))

    t.equal(server.open(old[0]), UNPROTECT_OK)
    t.equal(server.keys.keyPhase, 0)
    t.equal(server.open(fresh[1]), UNPROTECT_KEY_UPDATED, 'rfc9001#6.3-5, rfc9001#6.4-1')
    t.equal(server.keys.keyPhase, 1, 'rfc9001#6.2-1, rfc9001#6.2-2: it seals with them at once')
    t.ok(server.keys.hasPreviousKey)
    t.equal(server.open(old[2]), UNPROTECT_OK, 'rfc9001#6.1-4: the previous key')
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

t.test('rfc9001#6.1-3: who updates keeps the old keys until the peer uses the new ones', (t) => {
  const [client, server] = sides()
  client.seal(0)
  client.keys.onAckReceived(0)
  t.ok(client.keys.initiateUpdate())
  for (let pn = 0; pn < 3; pn++) {
    t.equal(client.open(server.seal(pn)), UNPROTECT_OK, 'rfc9001#6.1-3')
  }
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

t.test('rfc9001#6.4-2: newer keys under a lower packet number are KEY_UPDATE_ERROR', (t) => {
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
  t.equal(receiver.open(sealWith(fresh, 9, true)), UNPROTECT_KEY_UPDATE_ERROR, 'rfc9001#6.4-2')
  t.equal(receiver.open(sealWith(fresh, 11, true)), UNPROTECT_KEY_UPDATED)
  t.equal(
    receiver.open(sealWith(old, 12, false)),
    UNPROTECT_FAILED,
    'rfc9001#5.5-1: old keys above it',
  )
  t.equal(receiver.open(sealWith(old, 9, false)), UNPROTECT_OK, 'and below it')
  receiver.keys.discardPreviousKey()
  t.equal(receiver.open(sealWith(old, 8, false)), UNPROTECT_FAILED)
  t.end()
})

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
    t.equal(server.keys.failedPackets, ++failed, 'rfc9001#6.6-6')
    t.equal(server.keys.keyPhase, 0, 'rfc9001#5.5-2')
    t.equal(server.open(packet), UNPROTECT_OK)
  }
  t.notOk(server.keys.openLimitReached)
  t.end()
})

t.test(
  'forged packets of the phase before are refused while its key is kept (RFC 9001 §6.5)',
  (t) => {
    const [client, server] = sides()
    const old = client.seal(0)
    client.keys.onAckReceived(0)
    t.ok(client.keys.initiateUpdate())
    t.equal(server.open(client.seal(1)), UNPROTECT_KEY_UPDATED)
    t.ok(server.keys.hasPreviousKey)
    const forged = new Uint8Array(old)
    forged[forged.length - 1] ^= 1
    t.equal(server.open(forged), UNPROTECT_FAILED)
    t.equal(server.keys.failedPackets, 1)
    t.equal(server.open(old), UNPROTECT_OK)
    t.equal(server.keys.failedPackets, 1)
    t.end()
  },
)

t.test('RFC 9001 §6.1: no update is started without a key, or by an ACK of nothing', (t) => {
  const [client] = sides()
  client.keys.onAckReceived(5)
  t.notOk(client.keys.initiateUpdate(), 'no packet was sealed yet')
  client.seal(0)
  client.keys.onAckReceived(0)
  client.keys.dispose()
  t.notOk(client.keys.initiateUpdate(), 'disposed')
  const half = new KeyPhases(protection, VERSION_1, TLS_AES_128_GCM_SHA256)
  half.installSealSecret(provider.randomBytes(32))
  half.protect(0, 9, 4, PAYLOAD_LENGTH, 0)
  half.onAckReceived(0)
  t.notOk(half.initiateUpdate(), 'nothing can be opened yet')
  t.equal(half.keyPhase, 0)
  t.end()
})

/** Keeps every secret and key that it hands out or is given. */
class Recording extends PacketProtection {
  readonly secrets: Uint8Array[] = []
  keysMade = 0

  override headerProtectionKey(
    ...args: Parameters<PacketProtection['headerProtectionKey']>
  ): Uint8Array {
    const key = super.headerProtectionKey(...args)
    this.secrets.push(key)
    return key
  }

  override nextSecret(...args: Parameters<PacketProtection['nextSecret']>): Uint8Array {
    const next = super.nextSecret(...args)
    this.secrets.push(args[2], next)
    return next
  }

  override nextPacketKey(...args: Parameters<PacketProtection['nextPacketKey']>): PacketKey {
    this.keysMade++
    return super.nextPacketKey(...args)
  }
}

t.test('RFC 9001 §6.3: the next key is made before the update that needs it', (t) => {
  const secret = provider.randomBytes(32)
  const recording = new Recording(provider, protection.engine)
  const receiver = new KeyPhases(recording, VERSION_1, TLS_CHACHA20_POLY1305_SHA256)
  receiver.installOpenSecret(secret)
  const sender = new KeyPhases(protection, VERSION_1, TLS_CHACHA20_POLY1305_SHA256)
  sender.installSealSecret(secret)
  const { bytes } = protection.engine.memory
  const made: number[] = []
  for (let pn = 0; pn < 20; pn++) {
    bytes.fill(0, 0, HEADER_LENGTH + PAYLOAD_LENGTH)
    bytes[0] = 0x43
    new DataView(bytes.buffer).setUint32(9, pn)
    sender.protect(0, 9, 4, PAYLOAD_LENGTH, pn)
    receiver.removeHeaderProtection(0, 9)
    t.equal(receiver.unprotect(0, HEADER_LENGTH, PAYLOAD_LENGTH, pn), UNPROTECT_OK)
    made.push(recording.keysMade)
  }
  // One key for each phase, the second with the sixteenth packet, and no third.
  t.strictSame(made, [...new Array<number>(15).fill(1), ...new Array<number>(5).fill(2)])
  t.end()
})

t.test('dispose, and every update, wipes the secrets that are of no use any more', (t) => {
  const recording = new Recording(provider, protection.engine)
  const keys = new KeyPhases(recording, VERSION_1, TLS_CHACHA20_POLY1305_SHA256)
  keys.installSealSecret(provider.randomBytes(32))
  keys.installOpenSecret(provider.randomBytes(32))
  keys.protect(0, 9, 4, PAYLOAD_LENGTH, 0)
  keys.onAckReceived(0)
  t.ok(keys.initiateUpdate())
  const [, , used, next] = recording.secrets
  t.ok(
    used.every((byte) => byte === 0),
    'the secret of the phase before',
  )
  t.notOk(
    next.every((byte) => byte === 0),
    'the secret of this phase',
  )
  keys.dispose()
  t.equal(recording.secrets.length, 4)
  for (const secret of recording.secrets) t.ok(secret.every((byte) => byte === 0))
  t.end()
})

t.test('rfc9001#6.6-1: the confidentiality limit of AES-GCM stops one packet short', (t) => {
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
  t.equal(protectedPackets, 2 ** 23 - 1, 'rfc9001#6.6-1')
  keys.onAckReceived(0)
  t.ok(keys.initiateUpdate())
  t.notOk(keys.sealLimitReached)
  t.equal(keys.sealedPackets, 0)
  t.end()
})

/** Counts the keys that are made. */
function countingProtection(): { protection: PacketProtection; made: () => number } {
  let made = 0
  const counting = new PacketProtection(provider, {
    name: 'counting',
    memory: protection.engine.memory,
    createPacketKey: (...parameters) => {
      made++
      return protection.engine.createPacketKey(...parameters)
    },
  })
  return { protection: counting, made: () => made }
}

t.test('RFC 9001 §6.3: the next key is at hand before a packet asks for it', (t) => {
  const { protection: counting, made } = countingProtection()
  const [seal, open] = [provider.randomBytes(32), provider.randomBytes(32)]
  const peer = new Side(open, seal)
  const keys = new KeyPhases(counting, VERSION_1, TLS_CHACHA20_POLY1305_SHA256)
  keys.installSealSecret(seal)
  keys.installOpenSecret(open)
  t.equal(made(), 2)
  const tryOpen = (packet: Uint8Array): number => {
    protection.engine.memory.bytes.set(packet)
    const packetNumber = keys.removeHeaderProtection(0, 9)
    return keys.unprotect(0, HEADER_LENGTH, PAYLOAD_LENGTH, packetNumber)
  }
  for (let pn = 0; pn < 16; pn++) t.equal(tryOpen(peer.seal(pn)), UNPROTECT_OK)
  t.equal(made(), 3)
  // The Key Phase bit is under header protection that both phases share: who flips it in a packet makes one
  // of the other phase that does not open.
  const flipped = (pn: number): Uint8Array => {
    const packet = peer.seal(pn)
    packet[0] ^= 0x04
    return packet
  }
  for (let pn = 16; pn < 40; pn++) {
    t.equal(tryOpen(flipped(pn)), UNPROTECT_FAILED)
    t.equal(made(), 3, 'rfc9001#6.3-1, rfc9001#6.3-4: nothing is made for it, nor given up')
  }
  t.equal(tryOpen(peer.seal(40)), UNPROTECT_OK)
  peer.keys.onAckReceived(40)
  t.ok(peer.keys.initiateUpdate())
  t.equal(tryOpen(peer.seal(41)), UNPROTECT_KEY_UPDATED)
  // One to seal, and the next to open.
  t.equal(made(), 5, 'rfc9001#9.5-3')
  for (let pn = 42; pn < 60; pn++) t.equal(tryOpen(flipped(pn)), UNPROTECT_FAILED)
  t.equal(made(), 5)
  t.end()
})

t.test('RFC 9001 §6.3: a next key that a forged packet asked for too early is kept', (t) => {
  const { protection: counting, made } = countingProtection()
  const [seal, open] = [provider.randomBytes(32), provider.randomBytes(32)]
  const peer = new Side(open, seal)
  const keys = new KeyPhases(counting, VERSION_1, TLS_CHACHA20_POLY1305_SHA256)
  keys.installSealSecret(seal)
  keys.installOpenSecret(open)
  for (let pn = 0; pn < 30; pn++) {
    const packet = peer.seal(pn)
    packet[0] ^= 0x04
    protection.engine.memory.bytes.set(packet)
    const packetNumber = keys.removeHeaderProtection(0, 9)
    t.equal(keys.unprotect(0, HEADER_LENGTH, PAYLOAD_LENGTH, packetNumber), UNPROTECT_FAILED)
    t.equal(made(), 3, 'rfc9001#6.3-4')
  }
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
