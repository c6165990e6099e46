import * as fc from 'fast-check'
import t from 'tap'
import { NumberMap } from '@godwit/wire'

const SEED = 9000

t.test('a number map does what a Map does', (t) => {
  // Few keys, so that they are met again; of four kinds, as stream IDs; some past 32 bits.
  const key = fc.oneof(
    fc.nat(40),
    fc.nat(40).map((n) => n * 4),
    fc.nat(8).map((n) => n * 2 ** 32 + 4),
    fc.nat(8).map((n) => Number.MAX_SAFE_INTEGER - n),
  )
  const operation = fc.record({
    kind: fc.constantFrom('set', 'set', 'set', 'delete', 'delete', 'get', 'clear'),
    key,
    rare: fc.nat(20),
  })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const map = new NumberMap<{ n: number }>()
      const model = new Map<number, { n: number }>()
      for (const [n, { kind, key, rare }] of operations.entries()) {
        if (kind === 'set') {
          const value = { n }
          map.set(key, value)
          model.set(key, value)
        } else if (kind === 'delete') {
          if (map.delete(key) !== model.delete(key)) return false
        } else if (kind === 'clear' && rare === 0) {
          map.clear()
          model.clear()
        }
        if (map.size !== model.size || map.get(key) !== model.get(key)) return false
      }
      const expected = [...model].sort(([a], [b]) => a - b).map(([, value]) => value)
      const values = map.values()
      return values.length === expected.length && values.every((value, i) => value === expected[i])
    }),
    { seed: SEED, numRuns: 1500 },
  )
  t.end()
})

t.test('its values may be deleted while they are looked at', (t) => {
  const map = new NumberMap<{ key: number }>()
  for (let key = 0; key < 100; key++) map.set(key, { key })
  let seen = 0
  for (const { key } of map.values()) {
    t.equal(key, seen++)
    map.delete(key)
  }
  t.equal(map.size, 0)
  t.same(map.values(), [])
  t.end()
})
