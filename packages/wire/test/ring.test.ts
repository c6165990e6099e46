import * as fc from 'fast-check'
import t from 'tap'
import { Ring } from '@godwit/wire'

const SEED = 9000

t.test('a ring is a queue with two ends (against a plain array)', (t) => {
  const operation = fc.record({
    kind: fc.constantFrom('push', 'push', 'push', 'unshift', 'shift', 'shift', 'clear'),
    times: fc.nat(12),
  })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const ring = new Ring<number>()
      const model: number[] = []
      let next = 0
      for (const { kind, times } of operations) {
        if (kind === 'clear') {
          if (times > 0) continue
          ring.clear()
          model.length = 0
        }
        for (let i = 0; i < times; i++) {
          if (kind === 'push') {
            ring.push(next)
            model.push(next++)
          } else if (kind === 'unshift') {
            ring.unshift(next)
            model.unshift(next++)
          } else if (ring.shift() !== model.shift()) return false
        }
        if (ring.length !== model.length) return false
        for (let i = -1; i <= model.length; i++) if (ring.at(i) !== model[i]) return false
      }
      return true
    }),
    { seed: SEED, numRuns: 1500 },
  )
  t.end()
})

t.test('an empty ring gives undefined', (t) => {
  const ring = new Ring<string>()
  t.equal(ring.shift(), undefined)
  t.equal(ring.at(0), undefined)
  t.equal(ring.length, 0)
  t.end()
})
