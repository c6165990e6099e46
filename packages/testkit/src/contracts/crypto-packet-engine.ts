// The contract of a PacketEngine: RFC 9001 and RFC 9369 appendix A byte for byte, Wycheproof, and
// random packets against node:crypto, in packet memory that must not change anywhere else.

import type { Test } from 'tap'
import {
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  type CipherSuite,
  type CryptoProvider,
} from '@godwit/crypto'
import { Prng } from '../prng.ts'
import {
  maskReference,
  nameOf,
  randomPacketNumber,
  sealReference,
  writePacketNumber,
} from './crypto-packet-reference.ts'
import { appendixA, wycheproofPackets } from './crypto-packet-vectors.ts'
import { bytesToHex, showsSecret } from './crypto-vectors.ts'

const SUITES: readonly CipherSuite[] = [
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
]
const TAG = 16
const SLOTS = 4

/** Runs the whole contract as subtests of `t`. */
export function packetEngineContract(t: Test, makeProvider: () => CryptoProvider): void {
  const provider = makeProvider()
  memory(t, provider)
  appendixA(t, provider)
  wycheproofPackets(t, provider)
  randomPackets(t, provider)
  forgeries(t, provider)
  edges(t, provider)
}

function memory(t: Test, provider: CryptoProvider): void {
  t.test('packet memory holds the slots asked for', (t) => {
    const { memory } = provider.createPacketEngine(3)
    t.equal(memory.slotCount, 3)
    t.ok(memory.slotSize >= 2048)
    t.ok(memory.bytes.length >= memory.base + 3 * memory.slotSize)
    t.ok(provider.createPacketEngine(1, 9000).memory.slotSize >= 9000)
    t.throws(() => provider.createPacketEngine(0), RangeError)
    t.throws(() => provider.createPacketEngine(1.5), RangeError)
    t.throws(() => provider.createPacketEngine(1, -1), RangeError)
    t.end()
  })
}

function randomPackets(t: Test, provider: CryptoProvider): void {
  for (const suite of SUITES) {
    t.test(
      `random packets of ${nameOf(suite)} equal node:crypto's, and nothing else changes`,
      (t) => {
        const prng = new Prng(suite)
        const engine = provider.createPacketEngine(SLOTS, 2048)
        const { bytes, base, slotSize } = engine.memory
        const lengths = [333, 511, 512, 513, 1000, 1024, 1200, 1232, 1349, 1350, 1472, 1900]
        for (let i = 0; i <= 300; i++) lengths.push(i)
        const failures: string[] = []
        for (const payloadLength of lengths) {
          const keyLength = suite === TLS_AES_128_GCM_SHA256 ? 16 : 32
          const raw = prng.bytes(keyLength)
          const iv = prng.bytes(12)
          const hp = prng.bytes(keyLength)
          const sealKey = engine.createPacketKey(suite, raw, iv, hp)
          const openKey = engine.createPacketKey(suite, raw, iv, hp)
          const pnLength = Math.max(1 + prng.below(4), 4 - payloadLength)
          const packetNumber = randomPacketNumber(prng)
          const header = prng.bytes(pnLength + 1 + prng.below(50))
          header[0] = (header[0] & 0xfc) | (pnLength - 1)
          writePacketNumber(header, pnLength, packetNumber)
          const payload = prng.bytes(payloadLength)
          const expected = sealReference(
            suite,
            raw,
            iv,
            hp,
            header,
            pnLength,
            payload,
            packetNumber,
          )

          bytes.fill(0xa5)
          const slot = base + prng.below(SLOTS) * slotSize
          const offset = slot + prng.below(slotSize - expected.length - TAG)
          const pnOffset = offset + header.length - pnLength
          bytes.set(header, offset)
          bytes.set(payload, offset + header.length)
          sealKey.protect(offset, pnOffset, pnLength, payloadLength, packetNumber)
          const where = `${payloadLength} bytes, packet number ${packetNumber}`
          if (Buffer.compare(bytes.subarray(offset, offset + expected.length), expected) !== 0) {
            failures.push(`sealed differently: ${where}`)
          }
          const truncated = openKey.removeHeaderProtection(offset, pnOffset)
          if (truncated !== packetNumber % 256 ** pnLength) failures.push(`number: ${where}`)
          if (Buffer.compare(bytes.subarray(offset, offset + header.length), header) !== 0) {
            failures.push(`header: ${where}`)
          }
          if (!openKey.unprotect(offset, header.length, payloadLength, packetNumber)) {
            failures.push(`not opened: ${where}`)
          }
          const start = offset + header.length
          if (Buffer.compare(bytes.subarray(start, start + payloadLength), payload) !== 0) {
            failures.push(`payload: ${where}`)
          }
          for (let i = 0; i < bytes.length; i++) {
            const inside = i >= offset && i < offset + expected.length
            if (!inside && bytes[i] !== 0xa5) failures.push(`wrote at ${i - offset}: ${where}`)
          }
          sealKey.dispose()
          openKey.dispose()
        }
        t.same(failures.slice(0, 10), [])
        t.end()
      },
    )

    t.test(`a key of ${nameOf(suite)} serves any order of packet numbers`, (t) => {
      const prng = new Prng(suite + 1)
      const engine = provider.createPacketEngine(1)
      const { bytes, base } = engine.memory
      const keyLength = suite === TLS_AES_128_GCM_SHA256 ? 16 : 32
      const raw = prng.bytes(keyLength)
      const iv = prng.bytes(12)
      const hp = prng.bytes(keyLength)
      const sealKey = engine.createPacketKey(suite, raw, iv, hp)
      const openKey = engine.createPacketKey(suite, raw, iv, hp)
      // Sealed in order with gaps; opened shuffled, some lost, some twice.
      const packets: { packetNumber: number; packet: Uint8Array; payload: Uint8Array }[] = []
      let packetNumber = 0xffffffff - 60
      for (let i = 0; i < 120; i++) {
        packetNumber += prng.below(10) === 0 ? 1 + prng.below(20) : 1
        const payload = prng.bytes(3 + prng.below(prng.below(3) === 0 ? 30 : 1300))
        const header = prng.bytes(13)
        header[0] = 0x43
        writePacketNumber(header, 4, packetNumber)
        const expected = sealReference(suite, raw, iv, hp, header, 4, payload, packetNumber)
        bytes.set(header, base)
        bytes.set(payload, base + 13)
        sealKey.protect(base, base + 9, 4, payload.length, packetNumber)
        const packet = bytes.slice(base, base + expected.length)
        if (Buffer.compare(packet, expected) !== 0) t.fail(`packet ${packetNumber}`)
        packets.push({ packetNumber, packet, payload })
      }
      for (let i = 0; i < 300; i++) {
        const near = Math.min(
          packets.length - 1,
          Math.max(0, Math.floor(i / 2.5) + prng.below(9) - 4),
        )
        const { packet, payload, packetNumber } = packets[near]
        bytes.set(packet, base)
        const forged = prng.below(5) === 0
        if (forged) bytes[base + 13 + prng.below(payload.length + TAG)] ^= 1 << prng.below(8)
        // A flipped bit of the sample changes the number, which must fail as well.
        const truncated = openKey.removeHeaderProtection(base, base + 9)
        const pnLength = (bytes[base] & 3) + 1
        const number = forged && truncated !== packetNumber % 256 ** 4 ? truncated : packetNumber
        const headerLength = 9 + pnLength
        const opened = openKey.unprotect(
          base,
          headerLength,
          packet.length - TAG - headerLength,
          number,
        )
        if (opened === forged) t.fail(`packet ${packetNumber} opened: ${opened}`)
        if (!opened) continue
        const got = bytes.subarray(base + 13, base + 13 + payload.length)
        if (Buffer.compare(got, payload) !== 0) t.fail(`payload of ${packetNumber}`)
      }
      t.end()
    })
  }
}

function forgeries(t: Test, provider: CryptoProvider): void {
  for (const suite of SUITES) {
    t.test(
      `${nameOf(suite)}: every flipped bit and wrong number is refused (RFC 9001 §5.3)`,
      (t) => {
        const prng = new Prng(suite + 2)
        const engine = provider.createPacketEngine(1)
        const { bytes, base } = engine.memory
        const keyLength = suite === TLS_AES_128_GCM_SHA256 ? 16 : 32
        const raw = prng.bytes(keyLength)
        const iv = prng.bytes(12)
        const hp = prng.bytes(keyLength)
        const key = engine.createPacketKey(suite, raw, iv, hp)
        const header = prng.bytes(12)
        header[0] = 0x41
        writePacketNumber(header, 2, 777)
        const payload = prng.bytes(45)
        const packet = sealReference(suite, raw, iv, hp, header, 2, payload, 777)
        const open = (number: number | null): boolean => {
          const truncated = key.removeHeaderProtection(base, base + 10)
          const headerLength = 10 + (bytes[base] & 3) + 1
          const payloadLength = packet.length - TAG - headerLength
          return key.unprotect(base, headerLength, payloadLength, number ?? truncated)
        }
        bytes.set(packet, base)
        t.ok(open(null), 'as it is')
        for (const number of [776, 778, 0, 777 + 2 ** 32, 777 + 2 ** 40, 2 ** 53 - 1]) {
          bytes.set(packet, base)
          t.notOk(open(number), `number ${number}`)
        }
        let opened = 0
        for (let bit = 0; bit < 8 * packet.length; bit++) {
          bytes.set(packet, base)
          bytes[base + (bit >> 3)] ^= 1 << (bit & 7)
          if (open(null)) opened++
        }
        t.equal(opened, 0)
        // With the header right, so that the AEAD alone is asked.
        for (let bit = 8 * 12; bit < 8 * packet.length; bit++) {
          bytes.set(packet, base)
          bytes.set(header, base)
          bytes[base + (bit >> 3)] ^= 1 << (bit & 7)
          if (key.unprotect(base, 12, 45, 777)) opened++
        }
        t.equal(opened, 0)
        bytes.set(packet, base)
        bytes.set(header, base)
        t.notOk(key.unprotect(base, 11, 46, 777), 'header shorter')
        bytes.set(packet, base)
        bytes.set(header, base)
        t.notOk(key.unprotect(base, 12, 44, 777), 'truncated')
        const other = engine.createPacketKey(suite, prng.bytes(keyLength), iv, hp)
        bytes.set(packet, base)
        bytes.set(header, base)
        t.notOk(other.unprotect(base, 12, 45, 777), 'another key')
        t.end()
      },
    )
  }
}

function edges(t: Test, provider: CryptoProvider): void {
  for (const suite of SUITES) {
    const keyLength = suite === TLS_AES_128_GCM_SHA256 ? 16 : 32

    t.test(
      `${nameOf(suite)}: the sample may end with the packet, and the packet with the slot`,
      (t) => {
        const prng = new Prng(suite + 3)
        const engine = provider.createPacketEngine(2)
        const { bytes, base, slotSize } = engine.memory
        const raw = prng.bytes(keyLength)
        const key = engine.createPacketKey(suite, raw, raw.subarray(0, 12), raw)
        for (let payloadLength = 0; payloadLength < 4; payloadLength++) {
          const pnLength = 4 - payloadLength
          const header = prng.bytes(1 + pnLength)
          header[0] = 0x40 | (pnLength - 1)
          writePacketNumber(header, pnLength, 9)
          const payload = prng.bytes(payloadLength)
          const expected = sealReference(
            suite,
            raw,
            raw.subarray(0, 12),
            raw,
            header,
            pnLength,
            payload,
            9,
          )
          t.equal(expected.length, 21)
          const offset = base + 2 * slotSize - TAG - expected.length
          bytes.set(header, offset)
          bytes.set(payload, offset + header.length)
          key.protect(offset, offset + 1, pnLength, payloadLength, 9)
          t.equal(
            bytesToHex(bytes.subarray(offset, offset + expected.length)),
            bytesToHex(expected),
          )
          t.equal(key.removeHeaderProtection(offset, offset + 1), 9)
          t.ok(key.unprotect(offset, header.length, payloadLength, 9))
        }
        t.end()
      },
    )

    t.test(`${nameOf(suite)}: any sample can be unmasked, whoever chose it`, (t) => {
      // The sample is the peer's: for ChaCha20 it holds the block counter, up to 2^32-1.
      const prng = new Prng(suite + 4)
      const engine = provider.createPacketEngine(1)
      const { bytes, base } = engine.memory
      const hp = prng.bytes(keyLength)
      const key = engine.createPacketKey(suite, hp, hp.subarray(0, 12), hp)
      const samples: Uint8Array[] = [
        new Uint8Array(16).fill(0xff),
        new Uint8Array(16),
        Uint8Array.of(255, 255, 255, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
        Uint8Array.of(254, 255, 255, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
        Uint8Array.of(0, 0, 0, 128, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
      ]
      for (let i = 0; i < 100; i++) samples.push(prng.bytes(16))
      for (const sample of samples) {
        for (const firstByte of [0x00, 0x80]) {
          const mask = maskReference(suite, hp, sample)
          bytes.fill(0, base, base + 64)
          bytes[base] = firstByte
          bytes.set(sample, base + 5)
          const number = key.removeHeaderProtection(base, base + 1)
          const first = firstByte ^ (mask[0] & (firstByte === 0 ? 0x1f : 0x0f))
          let expected = 0
          for (let i = 0; i <= (first & 3); i++) expected = expected * 256 + mask[1 + i]
          if (bytes[base] !== first || number !== expected) t.fail(bytesToHex(sample))
        }
      }
      t.end()
    })

    t.test(`${nameOf(suite)}: keys copy, hide and wipe what they are given`, (t) => {
      const prng = new Prng(suite + 5)
      const engine = provider.createPacketEngine(1)
      const { bytes, base } = engine.memory
      const raw = prng.bytes(keyLength)
      const iv = prng.bytes(12)
      const hp = prng.bytes(keyLength)
      const given = [new Uint8Array(raw), new Uint8Array(iv), new Uint8Array(hp)] as const
      const key = engine.createPacketKey(suite, ...given)
      const before = new Uint8Array(raw)
      t.same(given[0], before, 'arguments stay as they are')
      for (const array of given) array.fill(0)
      const header = Uint8Array.of(0x41, 1, 2, 0, 5)
      const payload = prng.bytes(30)
      bytes.set(header, base)
      bytes.set(payload, base + 5)
      key.protect(base, base + 3, 2, 30, 5)
      const expected = sealReference(suite, raw, iv, hp, header, 2, payload, 5)
      t.equal(bytesToHex(bytes.subarray(base, base + expected.length)), bytesToHex(expected))
      for (const secret of [raw, iv, hp]) {
        t.notOk(showsSecret(key, secret))
      }
      key.dispose()
      key.dispose()
      t.throws(() => key.protect(base, base + 3, 2, 30, 6), Error, 'no use after dispose')
      t.throws(() => key.unprotect(base, 5, 30, 6), Error)
      t.throws(() => key.removeHeaderProtection(base, base + 3), Error)
      t.end()
    })

    t.test(`${nameOf(suite)}: misuse is a RangeError`, (t) => {
      const engine = provider.createPacketEngine(1)
      const { bytes, base } = engine.memory
      const raw = new Uint8Array(keyLength)
      const iv = new Uint8Array(12)
      const key = engine.createPacketKey(suite, raw, iv, raw)
      const end = bytes.length
      for (const bad of [
        new Uint8Array(0),
        new Uint8Array(15),
        new Uint8Array(24),
        new Uint8Array(33),
      ]) {
        t.throws(() => engine.createPacketKey(suite, bad, iv, raw), RangeError)
        t.throws(() => engine.createPacketKey(suite, raw, iv, bad), RangeError)
        t.throws(() => engine.createPacketKey(suite, raw, bad, raw), RangeError)
      }
      // RFC 9001 §5.4.2: too short to sample.
      t.throws(() => key.protect(base, base + 1, 1, 2, 0), RangeError)
      t.throws(() => key.protect(base, base + 1, 0, 20, 0), RangeError)
      t.throws(() => key.protect(base, base + 1, 5, 20, 0), RangeError)
      for (const number of [-1, 2 ** 53, 0.5, Number.NaN]) {
        t.throws(() => key.protect(base, base + 1, 2, 20, number), RangeError)
        t.throws(() => key.unprotect(base, 3, 20, number), RangeError)
      }
      t.throws(() => key.protect(-1, 0, 2, 20, 0), RangeError)
      t.throws(() => key.protect(end - 30, end - 29, 2, 20, 0), RangeError)
      t.throws(() => key.unprotect(end - 30, 3, 20, 0), RangeError)
      t.throws(() => key.removeHeaderProtection(end - 20, end - 19), RangeError)
      t.end()
    })
  }
}
