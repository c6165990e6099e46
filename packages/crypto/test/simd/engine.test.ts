import { Prng } from '@godwit/testkit'
import t from 'tap'
import { createNobleProvider } from '../../src/index.ts'
import type { CipherSuite, PacketEngine, PacketKey } from '../../src/index.ts'
import { CONTEXTS } from '../../src/simd/arena.ts'
import { createSimdEngine } from '../../src/simd/engine.ts'
import { blockCiphers, SUITES, variants } from './support.ts'

interface Keys {
  readonly simd: PacketKey
  readonly reference: PacketKey
}

function makeKeys(
  prng: Prng,
  suite: CipherSuite,
  simd: PacketEngine,
  reference: PacketEngine,
): Keys {
  const length = suite === 0x1301 ? 16 : 32
  const [key, iv, hp] = [prng.bytes(length), prng.bytes(12), prng.bytes(length)]
  return {
    simd: simd.createPacketKey(suite, key, iv, hp),
    reference: reference.createPacketKey(suite, key, iv, hp),
  }
}

/** One packet through the SIMD key and the reference key; fails the test unless all is equal. */
function exchange(
  prng: Prng,
  keys: Keys,
  engines: { simd: PacketEngine; reference: PacketEngine },
  payload: number,
  pn: number,
  pnLength: number,
  forge: boolean,
): void {
  const pnOffset = 1 + prng.below(40)
  const header = pnOffset + pnLength
  const total = header + payload + 16
  const packet = prng.bytes(total + 16)
  packet[0] = (packet[0] & 0xfc) | (pnLength - 1)
  for (let i = 0; i < pnLength; i++)
    packet[pnOffset + i] = Math.floor(pn / 256 ** (pnLength - 1 - i))
  const at = { simd: engines.simd.memory.base, reference: engines.reference.memory.base }
  const result = { simd: new Uint8Array(0), reference: new Uint8Array(0) }
  for (const side of ['simd', 'reference'] as const) {
    engines[side].memory.bytes.set(packet, at[side])
    keys[side].protect(at[side], at[side] + pnOffset, pnLength, payload, pn)
    result[side] = engines[side].memory.bytes.slice(at[side], at[side] + total + 16)
  }
  const where = `payload ${payload}, packet number ${pn}`
  if (!Buffer.from(result.simd).equals(result.reference))
    throw new Error(`protect differs: ${where}`)
  const bytes = engines.simd.memory.bytes
  if (forge) bytes[at.simd + header + prng.below(payload + 16)] ^= 1 << prng.below(8)
  const truncated = keys.simd.removeHeaderProtection(at.simd, at.simd + pnOffset)
  // A changed sample changes the header, and that is enough for a forgery to fail.
  if (!forge && truncated !== pn % 256 ** pnLength)
    throw new Error(`packet number differs: ${where}`)
  const opened = keys.simd.unprotect(at.simd, header, payload, pn)
  if (opened === forge)
    throw new Error(`${forge ? 'a forged packet opened' : 'did not open'}: ${where}`)
  if (
    opened &&
    !Buffer.from(bytes.subarray(at.simd, at.simd + header + payload)).equals(
      packet.subarray(0, header + payload),
    )
  ) {
    throw new Error(`plaintext differs: ${where}`)
  }
}

for (const variant of variants) {
  t.test(`${variant}: every length 0..2000, forged every third time, like the reference`, (t) => {
    const ciphers = blockCiphers()
    const engines = {
      simd: createSimdEngine({
        slotCount: 4,
        slotSize: 4096,
        createBlockCipher: ciphers.create,
        variant,
      }),
      reference: createNobleProvider().createPacketEngine(4, 4096),
    }
    for (const suite of SUITES) {
      const prng = new Prng(suite)
      const keys = makeKeys(prng, suite, engines.simd, engines.reference)
      for (let payload = 0; payload <= 2000; payload++) {
        const pnLength = payload < 4 ? 4 : 1 + prng.below(4)
        exchange(prng, keys, engines, payload, payload * 3, pnLength, payload % 3 === 0)
      }
      t.pass(`suite 0x${suite.toString(16)}`)
    }
    t.end()
  })

  t.test(`${variant}: packet numbers of every length, all ones and all zeros`, (t) => {
    const ciphers = blockCiphers()
    const engines = {
      simd: createSimdEngine({ slotCount: 4, createBlockCipher: ciphers.create, variant }),
      reference: createNobleProvider().createPacketEngine(4),
    }
    for (const suite of SUITES) {
      const prng = new Prng(suite + 1)
      for (let round = 0; round < 50; round++) {
        const keys = makeKeys(prng, suite, engines.simd, engines.reference)
        for (let pnLength = 1; pnLength <= 4; pnLength++) {
          exchange(prng, keys, engines, 3 + round, 256 ** pnLength - 1, pnLength, false)
          exchange(prng, keys, engines, 3 + round, 256 ** pnLength, pnLength, false)
        }
        keys.simd.dispose()
      }
      t.pass(`suite 0x${suite.toString(16)}`)
    }
    t.end()
  })

  t.test(`${variant}: packet numbers in order, with gaps, late, again, and beyond 2^32`, (t) => {
    const ciphers = blockCiphers()
    const engines = {
      simd: createSimdEngine({ slotCount: 4, createBlockCipher: ciphers.create, variant }),
      reference: createNobleProvider().createPacketEngine(4),
    }
    for (const suite of SUITES) {
      const prng = new Prng(suite + 7)
      for (const start of [0, 2 ** 32 - 300, 2 ** 40]) {
        const keys = makeKeys(prng, suite, engines.simd, engines.reference)
        let next = start
        for (let i = 0; i < 600; i++) {
          const late = prng.chance(0.1) ? prng.below(20) : 0
          const pn = Math.max(start, next - late)
          next += prng.chance(0.1) ? 1 + prng.below(12) : 1
          const payload = prng.chance(0.3) ? 20 + prng.below(100) : 1000 + prng.below(400)
          exchange(prng, keys, engines, payload, pn, 4, prng.chance(0.1))
        }
        keys.simd.dispose()
      }
      t.pass(`suite 0x${suite.toString(16)}`)
    }
    t.end()
  })
}

t.test('more keys than contexts: each works whenever it is used', (t) => {
  const ciphers = blockCiphers()
  const engines = {
    simd: createSimdEngine({ slotCount: 4, createBlockCipher: ciphers.create }),
    reference: createNobleProvider().createPacketEngine(4),
  }
  const prng = new Prng(3)
  const all = Array.from({ length: CONTEXTS + 100 }, () =>
    makeKeys(prng, 0x1301, engines.simd, engines.reference),
  )
  for (let round = 0; round < 2; round++) {
    for (const keys of all) exchange(prng, keys, engines, 1200, round, 2, false)
  }
  for (const keys of all) keys.simd.dispose()
  const last = makeKeys(prng, 0x1302, engines.simd, engines.reference)
  exchange(prng, last, engines, 1200, 0, 2, false)
  t.pass('all equal')
  t.end()
})

t.test('keystream is made ahead for packets in order, and never for forged ones', (t) => {
  const ciphers = blockCiphers()
  const engine = createSimdEngine({ slotCount: 4, createBlockCipher: ciphers.create })
  const make = () =>
    engine.createPacketKey(0x1301, new Uint8Array(16), new Uint8Array(12), new Uint8Array(16))
  const at = engine.memory.base
  const sender = make()
  for (let pn = 0; pn < 800; pn++) {
    engine.memory.bytes[at] = 0x43
    sender.protect(at, at + 9, 4, 1200, pn)
  }
  t.ok(ciphers.count.calls < 110, `${ciphers.count.calls} calls for 800 packets in order`)

  const receiver = make()
  const before = ciphers.count.blocks
  for (let pn = 0; pn < 100; pn++) t.notOk(receiver.unprotect(at, 13, 1200, 5000 + pn))
  // The first two the engine made itself.
  t.equal(ciphers.count.blocks - before, 98 * 76, 'one packet of keystream for each forgery')
  t.end()
})
