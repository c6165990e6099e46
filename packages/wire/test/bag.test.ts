import * as fc from 'fast-check'
import t from 'tap'
import { Bag } from '@godwit/wire'

t.test('a bag holds what a Set holds', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9)), { maxLength: 100 }), (commands) => {
      const members = Array.from({ length: 10 }, (_, n) => ({ n, bagIndex: -1 }))
      const bag = new Bag<(typeof members)[number]>()
      const model = new Set<(typeof members)[number]>()
      for (const [add, n] of commands) {
        const member = members[n]
        if (add) {
          bag.add(member)
          model.add(member)
        } else if (bag.delete(member) !== model.delete(member)) return false
        if (bag.size !== model.size) return false
      }
      const values = bag.values()
      if (values.length !== model.size || !values.every((member) => model.has(member))) return false
      // Its members may go while they are looked at.
      for (const member of values) if (!bag.delete(member)) return false
      return bag.size === 0 && values.length === model.size
    }),
    { seed: 9000, numRuns: 500 },
  )
  t.end()
})
