// What must hold whatever happens: no call leaves packet memory, pools have an end, forgeries change nothing,
// and a discarded key is gone from WebAssembly memory.

import { Prng } from '@godwit/testkit'
import * as fc from 'fast-check'
import t from 'tap'
import { sealReference } from '../../../testkit/src/contracts/crypto-packet-reference.ts'
import type { CipherSuite, PacketKey } from '../../src/index.ts'
import { AesSimdKey } from '../../src/simd/aes-key.ts'
import { Arena, CONTEXTS, RING_PACKETS, RINGS } from '../../src/simd/arena.ts'
import { ChachaSimdKey } from '../../src/simd/chacha-key.ts'
import { createSimdEngine, isSimdAvailable } from '../../src/simd/engine.ts'
import { instantiate } from '../../src/simd/wasm.ts'
import type { SimdExports } from '../../src/simd/wasm.ts'
import { OWN_PACKETS } from '../reference/look-ahead.ts'
import { blockCiphers, keyLengthOf, SUITES, variants } from './support.ts'

const SLOTS = 8192
const HEADER = 13
const PN_OFFSET = 9
const PN_LENGTH = 4
const TAG = 16

function makeArena(wrap: (exports: SimdExports) => SimdExports = (exports) => exports): Arena {
  return new Arena((size) => {
    const instance = instantiate('plain', size)
    return { exports: wrap(instance.exports), bytes: instance.bytes }
  }, SLOTS)
}

function makeKey(arena: Arena, suite: CipherSuite, prng: Prng): PacketKey {
  const length = keyLengthOf(suite)
  const [key, iv, hp] = [prng.bytes(length), prng.bytes(12), prng.bytes(length)]
  return suite === 0x1303
    ? new ChachaSimdKey(arena, key, iv, hp)
    : new AesSimdKey(arena, blockCiphers().create, key, iv, hp)
}

function seal(arena: Arena, key: PacketKey, length: number, packetNumber: number): void {
  arena.slots.fill(0x43, 0, HEADER + length + TAG)
  key.protect(0, PN_OFFSET, PN_LENGTH, length, packetNumber)
}

/** Everything below the packets. */
const belowSlots = (arena: Arena): Uint8Array => arena.bytes.subarray(0, arena.slotBase)

for (const suite of SUITES) {
  t.test(`suite 0x${suite.toString(16)}: nothing of a discarded key is left in memory`, (t) => {
    const arena = makeArena()
    const before = belowSlots(arena).slice()
    const prng = new Prng(suite)
    const sealing = makeKey(arena, suite, prng)
    const opening = makeKey(arena, suite, new Prng(suite))
    // Short ones, in order, ahead of the ring, too long for a ring; opened, and forged.
    for (const [packetNumber, length] of [20, 1200, 1200, 1200, 1200, 300, 3000].entries()) {
      seal(arena, sealing, length, packetNumber)
      if (packetNumber === 4) arena.slots[HEADER + length] ^= 1
      opening.removeHeaderProtection(0, PN_OFFSET)
      t.equal(opening.unprotect(0, HEADER, length, packetNumber), packetNumber !== 4)
    }
    t.notOk(Buffer.from(before).equals(belowSlots(arena)), 'there were secrets')
    opening.dispose()
    sealing.dispose()
    t.ok(Buffer.from(before).equals(belowSlots(arena)), 'and there are none now')
    for (const key of [opening, sealing]) {
      t.throws(() => seal(arena, key, 1200, 9), /disposed/)
      t.throws(() => key.removeHeaderProtection(0, PN_OFFSET), /disposed/)
      t.throws(() => key.unprotect(0, HEADER, 1200, 9), /disposed/)
      key.dispose()
    }
    t.ok(Buffer.from(before).equals(belowSlots(arena)), 'nor after it was tried again')
    t.end()
  })
}

t.test('a context that goes to another key is wiped first', (t) => {
  const arena = makeArena()
  const before = belowSlots(arena).slice()
  const prng = new Prng(1)
  const fill = (suite: CipherSuite): PacketKey[] =>
    Array.from({ length: CONTEXTS }, () => {
      const key = makeKey(arena, suite, prng)
      seal(arena, key, 20, 0)
      return key
    })
  // AES-256 has four round keys more than AES-128; two in a row would give the key away.
  const longer = fill(0x1302)
  const shorter = fill(0x1301)
  for (const key of longer) key.dispose()
  const lastRounds = (index: number): Uint8Array => {
    const at = arena.contexts.address(index) + 2112
    return arena.bytes.subarray(at + 16 * 11, at + 16 * 15)
  }
  const left = Array.from({ length: CONTEXTS }, (_, i) => lastRounds(i)).filter((keys) =>
    keys.some((byte) => byte !== 0),
  )
  t.equal(left.length, 0)
  for (const key of shorter) key.dispose()
  t.ok(Buffer.from(before).equals(belowSlots(arena)))
  t.end()
})

t.test(
  'more keys than rings: packet by packet, no faster and no slower, and all of it wiped',
  (t) => {
    const ciphers = blockCiphers()
    const arena = makeArena()
    const before = belowSlots(arena).slice()
    const prng = new Prng(2)
    const length = 1200
    const keys = Array.from({ length: RINGS + 30 }, () => {
      const [raw, iv, hp] = [prng.bytes(16), prng.bytes(12), prng.bytes(16)]
      return { raw, iv, hp, key: new AesSimdKey(arena, ciphers.create, raw, iv, hp) }
    })
    const rounds = 5
    for (let packetNumber = 0; packetNumber < rounds; packetNumber++) {
      for (const { raw, iv, hp, key } of keys) {
        seal(arena, key, length, packetNumber)
        const header = new Uint8Array(HEADER).fill(0x43)
        const payload = new Uint8Array(length).fill(0x43)
        const args = [header, PN_LENGTH, payload, packetNumber] as const
        const expected = sealReference(0x1301, raw, iv, hp, ...args)
        const sealed = arena.slots.subarray(0, HEADER + length + TAG)
        if (!Buffer.from(expected).equals(sealed)) t.fail(`packet ${packetNumber} differs`)
      }
    }
    const packets = (rounds - OWN_PACKETS) * keys.length
    t.equal(ciphers.count.calls, packets)
    t.equal(ciphers.count.blocks, packets * (length / 16 + 1))
    for (const { key } of keys) key.dispose()
    t.ok(Buffer.from(before).equals(belowSlots(arena)))

    // Who is alone again looks ahead again.
    const alone = new AesSimdKey(arena, ciphers.create, keys[0].raw, keys[0].iv, keys[0].hp)
    const calls = ciphers.count.calls
    for (let packetNumber = 0; packetNumber < 160; packetNumber++) {
      seal(arena, alone, length, packetNumber)
    }
    t.ok(ciphers.count.calls - calls < 16)
    t.end()
  },
)

t.test('a block cipher that fails leaves no counters to be taken for keystream', (t) => {
  let broken = false
  const { create } = blockCiphers()
  const arena = makeArena()
  const raw = new Uint8Array(16).fill(1)
  const key = new AesSimdKey(
    arena,
    (bytes) => {
      const cipher = create(bytes)
      return {
        encrypt: (blocks) => {
          if (broken) throw new Error('out of memory')
          cipher.encrypt(blocks)
        },
      }
    },
    raw,
    raw.slice(4),
    raw,
  )
  let packetNumber = 0
  for (; packetNumber <= OWN_PACKETS; packetNumber++) seal(arena, key, 1200, packetNumber)
  broken = true
  t.throws(() => seal(arena, key, 1200, packetNumber), /out of memory/)
  t.throws(() => seal(arena, key, 1200, packetNumber), /out of memory/, 'it is asked again')
  broken = false
  seal(arena, key, 1200, packetNumber)
  const args = [
    new Uint8Array(HEADER).fill(0x43),
    PN_LENGTH,
    new Uint8Array(1200).fill(0x43),
  ] as const
  const expected = sealReference(0x1301, raw, raw.slice(4), raw, ...args, packetNumber)
  t.ok(Buffer.from(expected).equals(arena.slots.subarray(0, expected.length)))
  t.end()
})

t.test('forgeries with the very number that comes next fill the ring once', (t) => {
  const ciphers = blockCiphers()
  const arena = makeArena()
  const raw = new Uint8Array(16).fill(3)
  const make = (): AesSimdKey => new AesSimdKey(arena, ciphers.create, raw, new Uint8Array(12), raw)
  const [sender, receiver] = [make(), make()]
  for (let packetNumber = 0; packetNumber < 40; packetNumber++) {
    seal(arena, sender, 1200, packetNumber)
    receiver.removeHeaderProtection(0, PN_OFFSET)
    t.ok(receiver.unprotect(0, HEADER, 1200, packetNumber))
  }
  // Longer from one to the next, so that the ring never has what they need.
  const before = ciphers.count.blocks
  let own = 0
  for (let length = 1216; length <= 1504; length += 16) {
    t.notOk(receiver.unprotect(0, HEADER, length, 40))
    own += length / 16 + 1
  }
  t.ok(ciphers.count.blocks - before <= own + RING_PACKETS * 96)
  seal(arena, sender, 1200, 40)
  receiver.removeHeaderProtection(0, PN_OFFSET)
  t.ok(receiver.unprotect(0, HEADER, 1200, 40))
  t.end()
})

/** Any number that a confused caller may pass. */
const anyNumber = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: SLOTS }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: SLOTS - 40, max: SLOTS + 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: -50, max: 0 }) },
  fc.constantFrom(
    Number.NaN,
    Infinity,
    -Infinity,
    2 ** 31,
    2 ** 32,
    2 ** 32 + 100,
    -(2 ** 32),
    0.5,
  ),
  fc.double({ min: 0, max: SLOTS }),
)

t.test(
  'whatever offsets and lengths come, the module only ever gets packets within the slots',
  (t) => {
    let arena: Arena | null = null
    let calls = 0
    const inside = (packet: number, length: number): void => {
      if (arena === null) throw new Error('no arena')
      calls++
      // What WebAssembly makes of the numbers.
      const start = packet | 0
      if (!(start >= arena.slotBase && start + length <= arena.slotBase + SLOTS)) {
        throw new Error(`the module was given ${length} bytes at ${start}`)
      }
    }
    const sampleEnd = (pnOffset: number): number => (pnOffset | 0) + 20
    const sealed = (pnOffset: number, pnLength: number, length: number): number =>
      Math.max(sampleEnd(pnOffset), (pnOffset | 0) + (pnLength | 0) + (length | 0) + TAG)
    arena = makeArena((exports) => ({
      ...exports,
      aesProtect: (context, packet, pnOffset, pnLength, length, ...rest) => {
        inside(packet, sealed(pnOffset, pnLength, length))
        exports.aesProtect(context, packet, pnOffset, pnLength, length, ...rest)
      },
      aesUnmask: (context, packet, pnOffset) => {
        inside(packet, sampleEnd(pnOffset))
        return exports.aesUnmask(context, packet, pnOffset)
      },
      aesUnprotect: (context, packet, headerLength, length, ...rest) => {
        inside(packet, (headerLength | 0) + (length | 0) + TAG)
        return exports.aesUnprotect(context, packet, headerLength, length, ...rest)
      },
      chachaProtect: (context, packet, pnOffset, pnLength, length, ...rest) => {
        inside(packet, sealed(pnOffset, pnLength, length))
        exports.chachaProtect(context, packet, pnOffset, pnLength, length, ...rest)
      },
      chachaUnmask: (context, packet, pnOffset) => {
        inside(packet, sampleEnd(pnOffset))
        return exports.chachaUnmask(context, packet, pnOffset)
      },
      chachaUnprotect: (context, packet, headerLength, length, ...rest) => {
        inside(packet, (headerLength | 0) + (length | 0) + TAG)
        return exports.chachaUnprotect(context, packet, headerLength, length, ...rest)
      },
    }))
    const keys = SUITES.map((suite) => makeKey(arena as Arena, suite, new Prng(suite)))
    const refused = (work: () => unknown): void => {
      try {
        work()
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
      }
    }
    const arguments_ = fc.tuple(anyNumber, anyNumber, anyNumber, anyNumber, anyNumber)
    fc.assert(
      fc.property(fc.constantFrom(...keys), arguments_, (key, [a, b, c, d, e]) => {
        refused(() => key.protect(a, b, c, d, e))
        // Nearly right: what goes wrong by one byte.
        refused(() => key.protect(a, a + b, 1 + (c % 4), d, Math.abs(Math.trunc(e))))
        refused(() => key.removeHeaderProtection(a, b))
        refused(() => key.unprotect(a, b, c, d))
        refused(() => key.unprotect(a, b, c, Math.abs(Math.trunc(d))))
      }),
      { seed: 3, numRuns: 4000 },
    )
    t.ok(calls > 1000, `${calls} calls were let through`)
    t.end()
  },
)

t.test('a packet outside packet memory is refused before anything is touched', (t) => {
  const engine = createSimdEngine({ slotCount: 1, createBlockCipher: blockCiphers().create })
  const { base, bytes } = engine.memory
  for (const suite of SUITES) {
    const length = keyLengthOf(suite)
    const key = engine.createPacketKey(
      suite,
      new Uint8Array(length),
      new Uint8Array(12),
      new Uint8Array(length),
    )
    const before = bytes.slice()
    t.throws(() => key.protect(base - 1, base + 8, 2, 100, 0), RangeError)
    t.throws(() => key.protect(base, base + 9, 2, 2048, 0), RangeError)
    t.throws(() => key.protect(base, base + 9, 2, 2048 - 9 - 2 - TAG + 1, 0), RangeError)
    t.throws(() => key.protect(base, base + 9, 2, -20, 0), RangeError)
    t.throws(() => key.protect(base, base + 9, 5, 100, 0), RangeError)
    t.throws(() => key.protect(base, base + 9, 3, 0, 0), RangeError, 'RFC 9001 §5.4.2')
    t.throws(() => key.protect(base, base + 9, 2, 100, -1), RangeError)
    t.throws(() => key.protect(base, base + 9, 2, 100, 2 ** 53), RangeError)
    t.throws(() => key.unprotect(base + 2040, 9, 100, 0), RangeError)
    t.throws(() => key.unprotect(base, 9, 2048 - 9 - TAG + 1, 0), RangeError)
    t.throws(() => key.unprotect(base, 9, Number.NaN, 0), RangeError)
    t.throws(() => key.unprotect(base, 9, 100, 0.5), RangeError)
    t.throws(() => key.removeHeaderProtection(base + 2040, base + 2047), RangeError)
    t.throws(() => key.removeHeaderProtection(base, base + 2048 - 19), RangeError)
    t.ok(Buffer.from(before).equals(bytes))
    // The last byte is in reach.
    key.protect(base, base + 9, 2, 2048 - 9 - 2 - TAG, 0)
    key.removeHeaderProtection(base, base + 2048 - 20)
  }
  t.end()
})

t.test('the builds of the module that this engine runs', (t) => {
  t.ok(isSimdAvailable())
  for (const variant of variants) {
    const { name } = createSimdEngine({
      slotCount: 1,
      createBlockCipher: blockCiphers().create,
      variant,
    })
    t.equal(name, variant === 'plain' ? 'simd' : 'simd-relaxed')
  }
  t.end()
})
