import t from 'tap'
import * as fc from 'fast-check'
import { createNullEngine, pair, Prng } from '@godwit/testkit'
import { ConnectionIdTable } from '../../src/endpoint/connection-id-table.ts'
import { KeyTable } from '../../src/endpoint/key-table.ts'
import { ResetTokens } from '../../src/endpoint/reset-tokens.ts'
import { TimerHeap } from '../../src/endpoint/timer-heap.ts'
import { ResetLimiter, statelessResetPacket } from '../../src/stateless-reset.ts'

t.test('the table of connection IDs behaves like a map', (t) => {
  // Few distinct IDs, so that keys meet again; the low word decides the bucket.
  const idOf = (n: number): Uint8Array => Uint8Array.of(0, 0, 0, n >> 3, 9, 9, 9, (n & 7) * 2)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 63 })), { maxLength: 300 }),
      (commands) => {
        const table = new ConnectionIdTable<{ n: number }>()
        const model = new Map<number, { n: number }>()
        for (const [add, n] of commands) {
          if (add) {
            const value = { n }
            table.set(idOf(n), value)
            model.set(n, value)
          } else {
            table.delete(idOf(n))
            model.delete(n)
          }
          if (table.size !== model.size) return false
        }
        for (let n = 0; n < 64; n++) {
          const bytes = Uint8Array.of(255, ...idOf(n))
          if (table.get(bytes, 1) !== (model.get(n) ?? null)) return false
        }
        return true
      },
    ),
    { seed: 1, numRuns: 300 },
  )
  const table = new ConnectionIdTable<object>()
  t.throws(() => table.set(new Uint8Array(7), {}), { name: 'RangeError', message: /"id"/ })
  t.end()
})

t.test('the table holds ten thousand IDs and forgets them', (t) => {
  const table = new ConnectionIdTable<{ i: number }>()
  const prng = new Prng(1)
  const ids = Array.from({ length: 10_000 }, () => prng.bytes(8))
  ids.forEach((id, i) => table.set(id, { i }))
  t.equal(table.size, 10_000)
  t.ok(ids.every((id, i) => table.get(id, 0)?.i === i))
  for (const id of ids) table.delete(id)
  t.equal(table.size, 0)
  t.end()
})

t.test('the table of keys that others chose behaves like a map', (t) => {
  // Few keys of all lengths, so that they meet again. Without factors every key has one home.
  const prng = new Prng(9)
  const keys = Array.from({ length: 60 }, (_, n) => prng.bytes(n % 21))
  keys.push(new Uint8Array(8), new Uint8Array(9), new Uint8Array(20))
  const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('hex')
  const sources = [
    (n: number): Uint8Array => prng.bytes(n),
    (n: number): Uint8Array => new Uint8Array(n),
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...sources),
      fc.array(fc.tuple(fc.nat(2), fc.nat(keys.length - 1)), { maxLength: 300 }),
      (randomBytes, commands) => {
        const table = new KeyTable<{ n: number }>(randomBytes)
        const model = new Map<string, { n: number }>()
        for (const [what, n] of commands) {
          const key = keys[n]
          const value = { n }
          if (what > 0) {
            table.set(key, value)
            model.set(nameOf(key), value)
          } else {
            const other = {} as { n: number }
            table.delete(key, other)
            table.delete(key, model.get(nameOf(key)) ?? other)
            model.delete(nameOf(key))
          }
          if (table.size !== model.size) return false
        }
        return keys.every((key) => {
          const bytes = Uint8Array.of(255, ...key, 7)
          return table.get(bytes, 1, key.length) === (model.get(nameOf(key)) ?? null)
        })
      },
    ),
    { seed: 1, numRuns: 500 },
  )
  const table = new KeyTable<object>((n) => prng.bytes(n))
  t.throws(() => table.set(new Uint8Array(21), {}), { name: 'RangeError', message: /"key"/ })
  t.equal(table.get(new Uint8Array(30), 0, 21), null)
  t.end()
})

t.test('the timer heap finds the earliest deadline, however deadlines move', (t) => {
  const deadlines = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.constant(Infinity))
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.integer({ min: 0, max: 20 }), deadlines, fc.integer({ min: 0, max: 5 })),
        {
          maxLength: 200,
        },
      ),
      (commands) => {
        const heap = new TimerHeap<{ heapIndex: number; heapDeadline: number; deadline: number }>()
        const members = Array.from({ length: 21 }, () => ({
          heapIndex: -1,
          heapDeadline: Infinity,
          deadline: Infinity,
        }))
        const alive = new Set(members)
        for (const [index, deadline, what] of commands) {
          const member = members[index]
          if (what === 0) {
            heap.remove(member)
            alive.delete(member)
            continue
          }
          alive.add(member)
          member.deadline = deadline
          heap.update(member)
          if (what > 3) continue
          const expected = Math.min(Infinity, ...[...alive].map((m) => m.deadline))
          if (heap.next() !== expected) return false
        }
        let last = -1
        for (let m = heap.expired(2000); m !== null; m = heap.expired(2000)) {
          if (m.deadline < last) return false
          last = m.deadline
          heap.remove(m)
        }
        return heap.next() === Infinity && heap.length === 0
      },
    ),
    { seed: 3, numRuns: 500 },
  )
  t.end()
})

t.test('RFC 9000 §10.3.1: reset tokens are found at the end of a datagram, and only there', (t) => {
  const { protection } = pair()
  const prng = new Prng(2)
  const random = (n: number): Uint8Array => prng.bytes(n)
  const tokens = new ResetTokens<object>(protection, new Uint8Array(32).fill(1), random)
  const [a, b] = [{}, {}]
  const token = prng.bytes(16)
  t.equal(tokens.find(prng.bytes(40), 40), null)
  const keyOfA = tokens.add(token, a)
  const datagram = prng.bytes(60)
  datagram.set(token, 30)
  t.equal(tokens.find(datagram, 46), a)
  t.equal(tokens.find(datagram, 45), null)
  const keyOfB = tokens.add(token, b)
  tokens.delete(keyOfA, a)
  t.equal(tokens.find(datagram, 46), b, 'the newer owner keeps it')
  tokens.delete(keyOfB, b)
  t.equal(tokens.size, 0)
  t.end()
})

t.test('RFC 9000 §10.3.3: a reset is shorter than its trigger, or is not sent', (t) => {
  const prng = new Prng(3)
  const random = (n: number): Uint8Array => prng.bytes(n)
  const token = new Uint8Array(16).fill(5)
  t.equal(statelessResetPacket(token, 21, random), null)
  for (const size of [22, 30, 43, 44, 1500]) {
    const packet = statelessResetPacket(token, size, random)!
    t.ok(packet.length < size && packet.length >= 21 && packet.length <= 43)
    t.equal(packet[0] & 0xc0, 0x40, 'looks like a short header')
    t.same(packet.slice(-16), token)
  }
  const ones = statelessResetPacket(token, 44, (n) => new Uint8Array(n).fill(0xff))!
  t.same(
    ones.slice(0, -16),
    Uint8Array.of(0x7f, ...new Uint8Array(ones.length - 17).fill(0xff)),
    'rfc9000#10.3-3: what is before the token is random',
  )
  const limiter = new ResetLimiter()
  let passed = 0
  for (let now = 0; now < 2000; now++) for (let i = 0; i < 10; i++) if (limiter.take(now)) passed++
  t.ok(passed >= 290 && passed <= 301, `${passed} in two seconds after a full bucket`)
  t.end()
})

t.test('the null engine tells corruption from good packets', (t) => {
  const engine = createNullEngine(2)
  const { bytes } = engine.memory
  const key = engine.createPacketKey(
    0x1301,
    new Uint8Array(16),
    new Uint8Array(12),
    new Uint8Array(16),
  )
  const other = engine.createPacketKey(
    0x1301,
    new Uint8Array(16).fill(1),
    new Uint8Array(12),
    new Uint8Array(16),
  )
  const prng = new Prng(4)
  for (let i = 0; i < 500; i++) {
    bytes.set(prng.bytes(100), 0)
    key.protect(0, 10, 2, 60, i)
    t.equal(other.unprotect(0, 12, 60, i), false)
    t.equal(key.unprotect(0, 12, 60, i + 1), false)
    t.equal(key.unprotect(0, 12, 60, i), true)
    bytes[prng.below(88)] ^= 1 << prng.below(8)
    t.equal(key.unprotect(0, 12, 60, i), false)
  }
  t.end()
})
