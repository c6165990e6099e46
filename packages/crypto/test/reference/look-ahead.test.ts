// The engine asks the host for the counter blocks that its twin says, no others, whatever order packets come
// in; and every packet is what node:crypto makes of it.

import * as fc from 'fast-check'
import t from 'tap'
import { sealReference } from '../../../testkit/src/contracts/crypto-packet-reference.ts'
import { createSimdEngine } from '../../src/simd/engine.ts'
import { blockCiphers } from '../simd/support.ts'
import { blocksFor, counterBlocks, ReceiveKeystream, SendKeystream } from './look-ahead.ts'
import type { Request } from './look-ahead.ts'

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i + 1)
const IV = Uint8Array.from({ length: 12 }, (_, i) => 200 + i)
const HP = Uint8Array.from({ length: 16 }, (_, i) => 100 - i)
const PN_OFFSET = 9
const PN_LENGTH = 4
const HEADER = PN_OFFSET + PN_LENGTH
const TAG = 16

const ciphers = blockCiphers()
const engine = createSimdEngine({
  slotCount: 1,
  slotSize: 4096,
  createBlockCipher: ciphers.create,
})
const { bytes, base } = engine.memory

function header(packetNumber: number): Uint8Array {
  const header = new Uint8Array(HEADER).fill(0x5a)
  header[0] = 0x40 | (PN_LENGTH - 1)
  new DataView(header.buffer).setUint32(PN_OFFSET, packetNumber % 2 ** 32)
  return header
}

/** Runs `work`; returns what the host was asked to encrypt, or null. */
function asked(work: () => void): Uint8Array | null {
  const before = ciphers.count.calls
  work()
  if (ciphers.count.calls === before) return null
  if (ciphers.count.calls > before + 1) throw new Error('more than one call for a packet')
  return ciphers.count.last
}

function checkAsked(actual: Uint8Array | null, expected: Request | null, where: string): void {
  if ((actual === null) !== (expected === null)) {
    throw new Error(
      `${where}: ${expected === null ? 'asked for nothing' : 'asked'} by the twin only`,
    )
  }
  if (actual === null || expected === null) return
  if (!Buffer.from(actual).equals(counterBlocks(IV, expected))) {
    throw new Error(`${where}: asked for other blocks than ${JSON.stringify(expected)}`)
  }
}

const lengths = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 4, max: 180 }) },
  { weight: 4, arbitrary: fc.integer({ min: 1100, max: 1400 }) },
  { weight: 1, arbitrary: fc.integer({ min: 160, max: 3500 }) },
)
const starts = fc.constantFrom(0, 1, 2 ** 32 - 20, 2 ** 40)

t.test('sending: in order, with gaps, with short packets between', (t) => {
  const gaps = fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 50 }))
  const packets = fc.array(fc.record({ gap: gaps, length: lengths }), { maxLength: 120 })
  fc.assert(
    fc.property(starts, packets, (start, list) => {
      const key = engine.createPacketKey(0x1301, KEY, IV, HP)
      const twin = new SendKeystream()
      let packetNumber = start
      for (const { gap, length } of list) {
        packetNumber += gap
        const payload = new Uint8Array(length).fill(packetNumber & 255)
        const clear = header(packetNumber)
        bytes.set(clear, base)
        bytes.set(payload, base + HEADER)
        const actual = asked(() =>
          key.protect(base, base + PN_OFFSET, PN_LENGTH, length, packetNumber),
        )
        checkAsked(actual, twin.ask(packetNumber, blocksFor(length)), `packet ${packetNumber}`)
        const args = [clear, PN_LENGTH, payload, packetNumber] as const
        const expected = sealReference(0x1301, KEY, IV, HP, ...args)
        const sealed = bytes.subarray(base, base + HEADER + length + TAG)
        if (!Buffer.from(expected).equals(sealed)) throw new Error(`packet ${packetNumber} differs`)
        packetNumber++
      }
      key.dispose()
    }),
    { seed: 1, numRuns: 60 },
  )
  t.end()
})

t.test('receiving: reordered, lost, duplicated and forged', (t) => {
  const steps = fc.array(
    fc.record({
      // Of the number that would come next.
      offset: fc.oneof(
        { weight: 8, arbitrary: fc.constant(0) },
        { weight: 2, arbitrary: fc.integer({ min: -20, max: 20 }) },
        { weight: 1, arbitrary: fc.constantFrom(-1000, 1000, 2 ** 33) },
      ),
      length: lengths,
      forged: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
    { maxLength: 120 },
  )
  fc.assert(
    fc.property(starts, steps, (start, list) => {
      const key = engine.createPacketKey(0x1301, KEY, IV, HP)
      const twin = new ReceiveKeystream()
      let next = start
      for (const { offset, length, forged } of list) {
        const packetNumber = Math.max(0, next + offset)
        const payload = new Uint8Array(length).fill(packetNumber & 255)
        const clear = header(packetNumber)
        const args = [clear, PN_LENGTH, payload, packetNumber] as const
        bytes.set(sealReference(0x1301, KEY, IV, HP, ...args), base)
        if (forged) bytes[base + HEADER + length] ^= 1
        let opened = false
        const actual = asked(() => {
          key.removeHeaderProtection(base, base + PN_OFFSET)
          opened = key.unprotect(base, HEADER, length, packetNumber)
        })
        checkAsked(actual, twin.ask(packetNumber, blocksFor(length)), `packet ${packetNumber}`)
        // A changed tag of a short packet changes the sample too: then it fails for the header.
        if (opened === forged) throw new Error(`packet ${packetNumber}: opened ${opened}`)
        if (!opened) continue
        twin.accept(packetNumber)
        next = Math.max(next, packetNumber + 1)
        const left = bytes.subarray(base, base + HEADER + length)
        if (!Buffer.concat([clear, payload]).equals(left)) {
          throw new Error(`packet ${packetNumber} differs`)
        }
      }
      key.dispose()
    }),
    { seed: 2, numRuns: 60 },
  )
  t.end()
})
