// Each twin equals its definition, and each definition the examples of its standard; what the engine keeps in
// WebAssembly memory is what its twin computes.

import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import t from 'tap'
import { Arena } from '../../src/simd/arena.ts'
import { instantiate } from '../../src/simd/wasm.ts'
import { nativeAes, variants } from '../simd/support.ts'
import * as aes from './aes.ts'
import * as chacha from './chacha20-poly1305.ts'
import * as fused from './fused-chacha20-poly1305.ts'
import { ghash, ghashDefined, multiply, powersOf, tablesOf } from './ghash.ts'
import { aesMask, chachaMask } from './header-protection.ts'
import { counterBlocks } from './look-ahead.ts'
import { load } from './registers.ts'
import * as vector from './vector-permute-aes.ts'

const hex = (bytes: ArrayLike<number>): string =>
  Buffer.from(Uint8Array.from(bytes)).toString('hex')
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const upTo = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: length })
const SEED = 9001

t.test('GHASH: the definition gives test case 2 of the GCM specification', (t) => {
  const h = load(unhex('66e94bd4ef8a2c3b884cfa59ca342b2e'))
  const text = unhex('0388dace60b6a392f328c2b971b2fe78')
  t.equal(hex(ghashDefined(h, new Uint8Array(0), text)), 'f38cbb1ad69223dcc3457ae5b6b0f885')
  // One is x^0, the leftmost bit (SP 800-38D §6.3).
  t.same(multiply(load([0x80]), h), h)
  t.end()
})

t.test('GHASH by look-ups of bytes equals GHASH bit by bit', (t) => {
  fc.assert(
    fc.property(bytes(16), upTo(60), upTo(300), (key, aad, text) => {
      const h = load(key)
      const tables = powersOf(h).map(tablesOf)
      return hex(ghash(tables, aad, text)) === hex(ghashDefined(h, aad, text))
    }),
    { seed: SEED, numRuns: 60 },
  )
  t.end()
})

t.test('AES: the definition gives the examples of FIPS 197 appendix C', (t) => {
  const block = unhex('00112233445566778899aabbccddeeff')
  const of = (key: string): string => hex(aes.encryptBlock(aes.expandKey(unhex(key)), block))
  t.equal(of('000102030405060708090a0b0c0d0e0f'), '69c4e0d86a7b0430d8cdb78070b4c55a')
  t.equal(
    of('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'),
    '8ea2b7ca516745bfeafc49904b496089',
  )
  t.end()
})

t.test('AES by vector permutation: the field of nibble pairs is the field of AES', (t) => {
  const { IN_LOW, IN_HIGH } = vector.TABLES
  const rename = (x: number): number => IN_LOW[x & 15] ^ IN_HIGH[x >> 4]
  // Both factors carry an a, the product shall have one.
  const one = rename(1)
  let wrong = 0
  for (let x = 0; x < 256; x++) {
    for (let y = 0; y < 256; y++) {
      const product = vector.multiplyTower(rename(x), rename(y))
      if (product !== vector.multiplyTower(one, rename(aes.multiply(x, y)))) wrong++
    }
  }
  t.equal(wrong, 0)
  t.equal(new Set(Array.from({ length: 256 }, (_, x) => rename(x))).size, 256)
  t.end()
})

t.test('AES by vector permutation: the tables of assembly/aes.ts are those derived here', (t) => {
  const source = readFileSync(new URL('../../assembly/aes.ts', import.meta.url), 'utf8')
  const quoted = /function (\w+)\(\): v128 \{ return i64x2\((0x[0-9a-f]+), (0x[0-9a-f]+)\); \}/g
  const found: Record<string, number[]> = {}
  for (const [, name, low, high] of source.matchAll(quoted)) {
    const table = Buffer.alloc(16)
    table.writeBigUInt64LE(BigInt(low), 0)
    table.writeBigUInt64LE(BigInt(high), 8)
    found[name] = [...table]
  }
  t.same(found, vector.TABLES)
  t.end()
})

t.test('AES by vector permutation equals AES, and node:crypto', (t) => {
  fc.assert(
    fc.property(fc.oneof(bytes(16), bytes(32)), bytes(16), (key, block) => {
      const twin = hex(vector.encryptBlock(vector.expandKey(key), load(block)))
      return (
        twin === hex(aes.encryptBlock(aes.expandKey(key), block)) &&
        twin === hex(nativeAes(key)(block))
      )
    }),
    { seed: SEED, numRuns: 200 },
  )
  t.end()
})

const RFC_8439_KEY = unhex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')

t.test(
  'ChaCha20-Poly1305: the definition gives the examples of RFC 8439 §2.3.2, §2.5.2, §2.8.2',
  (t) => {
    const block = chacha.block(RFC_8439_KEY, 1, unhex('000000090000004a00000000'))
    t.equal(
      hex(block),
      '10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e' +
        'd2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e',
    )
    const macKey = unhex('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b')
    const message = new TextEncoder().encode('Cryptographic Forum Research Group')
    t.equal(hex(chacha.poly1305(macKey, message)), 'a8061dc1305136c6c22b8baf0c0127a9')

    const key = RFC_8439_KEY.map((byte) => byte + 0x80)
    const nonce = unhex('070000004041424344454647')
    const aad = unhex('50515253c0c1c2c3c4c5c6c7')
    const text = new TextEncoder().encode(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    )
    const ciphertext = chacha.crypt(key, nonce, text)
    t.equal(hex(ciphertext.subarray(0, 16)), 'd31a8d34648e60db7b86afbc53ef7ec2')
    t.equal(hex(chacha.tag(key, nonce, aad, ciphertext)), '1ae10b594f09e26a7e902ecbd0600691')
    t.end()
  },
)

t.test('ChaCha20 in rows equals ChaCha20', (t) => {
  fc.assert(
    fc.property(bytes(32), fc.nat(0xffffffff), bytes(12), (key, counter, nonce) => {
      const state = chacha.initialState(key, counter, nonce)
      return hex(fused.rowBlock(state)) === hex(chacha.blockOf(state))
    }),
    { seed: SEED },
  )
  t.end()
})

t.test('Poly1305 in radix 2^32 equals Poly1305, and no sum leaves 64 bits', (t) => {
  const check = (key: Uint8Array, message: Uint8Array): boolean => {
    const mac = new fused.Accumulator(key)
    for (let at = 0; at < message.length; at += 16) mac.absorb(message.subarray(at, at + 16))
    return hex(mac.tag()) === hex(chacha.poly1305(key, message))
  }
  fc.assert(
    fc.property(bytes(32), fc.array(bytes(16), { maxLength: 20 }), (key, blocks) =>
      check(key, Uint8Array.from(blocks.flatMap((block) => [...block]))),
    ),
    { seed: SEED },
  )
  // The largest r and the largest blocks, and those that bring h close to the prime.
  const largest = new Uint8Array(32).fill(0xff)
  t.ok(check(largest, new Uint8Array(16 * 500).fill(0xff)))
  t.ok(check(Uint8Array.of(1, ...new Uint8Array(31)), new Uint8Array(16 * 5).fill(0xff)))
  for (const last of [0xf9, 0xfa, 0xfb, 0xfc, 0xff]) {
    const twice = Uint8Array.of(2, ...new Uint8Array(31))
    t.ok(check(twice, Uint8Array.of(last, ...new Uint8Array(15).fill(0xff))))
  }
  t.end()
})

t.test('ChaCha20-Poly1305, woven, equals RFC 8439 at every length', (t) => {
  const key = RFC_8439_KEY
  const nonce = key.slice(0, 12)
  for (let length = 0; length <= 1100; length += length < 520 ? 1 : 37) {
    const aad = key.subarray(0, length % 33)
    const text = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255)
    const ciphertext = chacha.crypt(key, nonce, text)
    const tag = chacha.tag(key, nonce, aad, ciphertext)
    const data = text.slice()
    const sealed = fused.seal(key, nonce, aad, data)
    if (hex(data) !== hex(ciphertext) || hex(sealed) !== hex(tag)) t.fail(`sealed ${length} bytes`)
    if (!fused.open(key, nonce, aad, data, tag) || hex(data) !== hex(text)) {
      t.fail(`opened ${length} bytes`)
    }
  }
  t.end()
})

t.test('header protection: the masks of RFC 9001 §A.2 and §A.5', (t) => {
  const hp = unhex('9f50449e04a0e810283a1e9933adedd2')
  const sample = unhex('d1b1c98dd7689fb8ec11d242b123dc9b')
  const aesKeys = aes.expandKey(hp)
  const vectorKeys = vector.expandKey(hp)
  const byDefinition = aesMask((block) => aes.encryptBlock(aesKeys, block))
  const byTwin = aesMask((block) => vector.encryptBlock(vectorKeys, load(block)))
  t.equal(hex(byDefinition(sample)).slice(0, 10), '437b9aec36')
  t.equal(hex(byTwin(sample)).slice(0, 10), '437b9aec36')

  const chachaHp = unhex('25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4')
  const chachaSample = unhex('5e5cd55c41f69080575d7999c25a5bfb')
  t.equal(hex(chachaMask(chachaHp, chacha.blockOf)(chachaSample)).slice(0, 10), 'aefefe7d03')
  t.equal(hex(chachaMask(chachaHp, fused.rowBlock)(chachaSample)).slice(0, 10), 'aefefe7d03')
  t.end()
})

// assembly/layout.ts.
const ROUND_KEYS = 2112
const HP_ROUND_KEYS = 2368
const POWERS = 2048

for (const variant of variants) {
  t.test(`${variant}: a key's context holds what the twins compute`, (t) => {
    const arena = new Arena((size) => instantiate(variant, size), 4096)
    const context = arena.contexts.address(0)
    const memory = (at: number, length: number): string =>
      hex(arena.bytes.subarray(context + at, context + at + length))
    for (const length of [16, 32]) {
      const key = RFC_8439_KEY.slice(0, length)
      const hp = key.map((byte) => byte ^ 0x5c)
      arena.bytes.set(key, arena.keyInput)
      arena.bytes.set(hp, arena.keyInput + 64)
      const at = arena.keyInput
      arena.exports.aesInit(context, at, length, at + 128, at + 64)

      const roundKeys = vector.expandKey(key)
      t.equal(memory(ROUND_KEYS, 16 * roundKeys.length), hex(roundKeys.flat()))
      t.equal(memory(HP_ROUND_KEYS, 16 * roundKeys.length), hex(vector.expandKey(hp).flat()))
      const powers = powersOf(vector.encryptBlock(roundKeys, load([])))
      t.equal(memory(POWERS, 64), hex(powers.flat()))
      // The highest byte position comes first; in each, the powers; in each, high nibbles, then low ones.
      const tables = powers.map(tablesOf)
      const registers = Array.from({ length: 16 }, (_, i) =>
        tables.flatMap(({ high, low }) => [...high[15 - i], ...low[15 - i]]),
      )
      t.equal(memory(0, 2048), hex(registers.flat()))
    }
    t.end()
  })

  t.test(
    `${variant}: counter blocks are those of SP 800-38D §7.1, also where 32 bits carry`,
    (t) => {
      const arena = new Arena((size) => instantiate(variant, size), 4096)
      const iv = RFC_8439_KEY.slice(7, 19)
      const context = arena.contexts.address(0)
      arena.bytes.set(iv, arena.keyInput)
      arena.exports.aesInit(context, arena.keyInput + 64, 16, arena.keyInput, arena.keyInput + 64)
      const target = arena.rings.address(0)
      for (const packetNumber of [0, 1, 255, 2 ** 32 - 3, 2 ** 32, 2 ** 40 + 77, 2 ** 53 - 8]) {
        for (const [packets, blocks] of [
          [1, 255],
          [8, 96],
          [5, 12],
        ]) {
          const high = Math.floor(packetNumber / 2 ** 32)
          arena.exports.counters(target, context, high, packetNumber | 0, blocks, packets)
          const made = hex(arena.bytes.subarray(target, target + 16 * packets * blocks))
          t.equal(made, hex(counterBlocks(iv, { packetNumber, packets, blocks })))
        }
      }
      t.end()
    },
  )
}
