// Whole packets: the engine, its twin, the definitions and node:crypto give the same bytes, and refuse the
// same forgeries. (test/simd holds the engine equal to @noble.)

import { Prng } from '@godwit/testkit'
import t from 'tap'
import {
  randomPacketNumber,
  sealReference,
  writePacketNumber,
} from '../../../testkit/src/contracts/crypto-packet-reference.ts'
import type { CipherSuite, PacketEngine, PacketKey } from '../../src/index.ts'
import { createSimdEngine } from '../../src/simd/engine.ts'
import { blockCiphers, keyLengthOf, nativeAes, SUITES, variants } from '../simd/support.ts'
import { aesDefined, aesTwin, chachaDefined, chachaTwin, protect, unprotect } from './packets.ts'
import type { Secrets, Suite } from './packets.ts'

const TAG = 16

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

interface Sides {
  readonly suite: CipherSuite
  readonly secrets: Secrets
  readonly defined: Suite
  readonly twin: Suite
  readonly keys: readonly PacketKey[]
}

const engines: PacketEngine[] = variants.map((variant) =>
  createSimdEngine({
    slotCount: 1,
    slotSize: 4096,
    createBlockCipher: blockCiphers().create,
    variant,
  }),
)

function makeSides(suite: CipherSuite, prng: Prng): Sides {
  const length = keyLengthOf(suite)
  const secrets = { key: prng.bytes(length), iv: prng.bytes(12), hp: prng.bytes(length) }
  const { key, iv, hp } = secrets
  const isChacha = suite === 0x1303
  return {
    suite,
    secrets,
    defined: isChacha ? chachaDefined(secrets) : aesDefined(secrets),
    twin: isChacha ? chachaTwin(secrets) : aesTwin(secrets, nativeAes(key)),
    keys: engines.map((engine) => engine.createPacketKey(suite, key, iv, hp)),
  }
}

interface Packet {
  /** Header, payload and room for the tag. */
  readonly bytes: Uint8Array
  readonly pnOffset: number
  readonly pnLength: number
  readonly packetNumber: number
}

function makePacket(prng: Prng, payloadLength: number, packetNumber: number): Packet {
  const pnLength = Math.max(1 + prng.below(4), 4 - payloadLength)
  const pnOffset = 1 + prng.below(30)
  const header = prng.bytes(pnOffset + pnLength)
  header[0] = (header[0] & 0xfc) | (pnLength - 1)
  writePacketNumber(header, pnLength, packetNumber)
  const bytes = new Uint8Array(header.length + payloadLength + TAG)
  bytes.set(header)
  bytes.set(prng.bytes(payloadLength), header.length)
  return { bytes, pnOffset, pnLength, packetNumber }
}

/** What an engine makes of a packet. */
function sealBy(engine: PacketEngine, key: PacketKey, packet: Packet): Uint8Array {
  const { bytes, base } = engine.memory
  bytes.set(packet.bytes, base)
  const { pnOffset, pnLength, packetNumber } = packet
  const payloadLength = packet.bytes.length - pnOffset - pnLength - TAG
  key.protect(base, base + pnOffset, pnLength, payloadLength, packetNumber)
  return bytes.slice(base, base + packet.bytes.length)
}

/** Whether an engine opens a packet, and what it leaves in the slot. */
function openBy(
  engine: PacketEngine,
  key: PacketKey,
  packet: Uint8Array,
  { pnOffset, packetNumber }: Packet,
): { opened: boolean; left: Uint8Array } {
  const { bytes, base } = engine.memory
  bytes.set(packet, base)
  key.removeHeaderProtection(base, base + pnOffset)
  const headerLength = pnOffset + (bytes[base] & 3) + 1
  const payloadLength = packet.length - headerLength - TAG
  const opened = key.unprotect(base, headerLength, payloadLength, packetNumber)
  return { opened, left: bytes.slice(base, base + packet.length) }
}

function openByTwin(
  suite: Suite,
  packet: Uint8Array,
  { pnOffset, packetNumber }: Packet,
): { opened: boolean; left: Uint8Array } {
  const left = packet.slice()
  return { opened: unprotect(suite, left, pnOffset, packetNumber), left }
}

/** Seals and opens a packet on all sides; returns what differed. */
function compare(sides: Sides, packet: Packet, withDefinition: boolean): string | null {
  const { pnOffset, pnLength, packetNumber } = packet
  const { key, iv, hp } = sides.secrets
  const headerLength = pnOffset + pnLength
  const header = packet.bytes.slice(0, headerLength)
  const payload = packet.bytes.slice(headerLength, -TAG)
  const args = [header, pnLength, payload, packetNumber] as const
  const expected = sealReference(sides.suite, key, iv, hp, ...args)
  const where = `${payload.length} bytes, packet number ${packetNumber}`
  for (const [name, suite] of [
    ['twin', sides.twin],
    ...(withDefinition ? ([['definition', sides.defined]] as const) : []),
  ] as const) {
    const sealed = packet.bytes.slice()
    protect(suite, sealed, pnOffset, pnLength, packetNumber)
    if (hex(sealed) !== hex(expected)) return `${name} sealed ${where}`
    if (name === 'twin' && payload.length % 10 !== 0) continue
    const { opened, left } = openByTwin(suite, sealed, packet)
    if (!opened || hex(left.subarray(0, -TAG)) !== hex(packet.bytes.subarray(0, -TAG))) {
      return `${name} opened ${where}`
    }
  }
  for (const [i, engine] of engines.entries()) {
    if (hex(sealBy(engine, sides.keys[i], packet)) !== hex(expected)) {
      return `${engine.name} sealed ${where}`
    }
    const { opened, left } = openBy(engine, sides.keys[i], expected, packet)
    if (!opened || hex(left.subarray(0, -TAG)) !== hex(packet.bytes.subarray(0, -TAG))) {
      return `${engine.name} opened ${where}`
    }
  }
  return null
}

for (const suite of SUITES) {
  const name = `suite 0x${suite.toString(16)}`

  t.test(`${name}: twin, engine and node:crypto agree at every length 0..2000`, (t) => {
    const prng = new Prng(suite)
    const sides = makeSides(suite, prng)
    for (let length = 0; length <= 2000; length++) {
      const withDefinition = length < 70 || length % 97 === 0
      const packet = makePacket(prng, length, randomPacketNumber(prng))
      const difference = compare(sides, packet, withDefinition)
      if (difference !== null) t.fail(difference)
    }
    t.end()
  })

  t.test(`${name}: packet numbers around 2^32 and up to 2^53 - 1`, (t) => {
    const prng = new Prng(suite + 1)
    const sides = makeSides(suite, prng)
    for (const start of [2 ** 31 - 2, 2 ** 32 - 20, 2 ** 40 - 2, 2 ** 53 - 40]) {
      for (let i = 0; i < 39; i++) {
        const packet = makePacket(prng, i % 5 === 0 ? 20 : 400, start + i)
        const difference = compare(sides, packet, i % 13 === 0)
        if (difference !== null) t.fail(difference)
      }
    }
    t.end()
  })

  for (const length of [3, 40, 700]) {
    t.test(`${name}: no bit of a packet of ${length} bytes can be changed`, (t) => {
      const prng = new Prng(suite + length)
      const sides = makeSides(suite, prng)
      const packet = makePacket(prng, length, 2 ** 33 + 5)
      const sealed = sealBy(engines[0], sides.keys[0], packet)
      // The twin sees every bit of short packets, one in each sixteen bytes of long ones.
      const stride = length > 100 ? 127 : 1
      for (let bit = 0; bit < 8 * sealed.length; bit++) {
        const forged = sealed.slice()
        forged[bit >> 3] ^= 1 << (bit & 7)
        const results = engines.map((engine, i) => openBy(engine, sides.keys[i], forged, packet))
        if (results.some(({ opened }) => opened)) t.fail(`bit ${bit} may be changed`)
        if (bit % stride !== 0) continue
        const twin = openByTwin(sides.twin, forged, packet)
        if (twin.opened) t.fail(`the twin lets bit ${bit} be changed`)
        // What is left is the same, too: clear header, and ciphertext or zeros.
        if (results.some(({ left }) => hex(left) !== hex(twin.left))) {
          t.fail(`bit ${bit}: the twin leaves something else`)
        }
      }
      t.ok(openBy(engines[0], sides.keys[0], sealed, packet).opened)
      t.end()
    })
  }
}
