import t from 'tap'
import { MemoryBudget } from '../src/memory-budget.ts'

t.test('what is refused as the budget fills up, in order', (t) => {
  const memory = new MemoryBudget(1000)
  memory.connections = 4
  const state = (held: number): string => {
    memory.held = held
    return [
      memory.isOverShare(126) ? 'over its share' : '',
      memory.isOverShare(125) ? 'at its share' : '',
      memory.isCrowded ? 'crowded' : '',
      memory.isExceeded ? 'exceeded' : '',
    ]
      .filter((word) => word !== '')
      .join(', ')
  }
  t.equal(state(0), '')
  t.equal(state(500), '')
  t.equal(state(501), 'over its share')
  t.equal(state(750), 'over its share')
  t.equal(state(751), 'over its share, crowded')
  t.equal(state(1000), 'over its share, crowded')
  t.equal(state(1001), 'over its share, crowded, exceeded')
  t.end()
})

t.test('windows grow while there is room, and what they promise is one sum', (t) => {
  const memory = new MemoryBudget(1000)
  t.ok(memory.reserve(600))
  t.notOk(memory.reserve(401))
  t.ok(memory.reserve(400))
  memory.release(600)
  t.ok(memory.reserve(600))
  memory.release(1000)
  memory.held = 501
  t.notOk(memory.reserve(1), 'not while memory is tight')
  t.equal(memory.promised, 0)
  t.end()
})

t.test('without a limit nothing is refused', (t) => {
  const memory = new MemoryBudget(Infinity)
  memory.connections = 1
  memory.held = 2 ** 50
  t.notOk(memory.isOverShare(2 ** 50))
  t.notOk(memory.isCrowded)
  t.notOk(memory.isExceeded)
  t.ok(memory.reserve(2 ** 50))
  t.end()
})
