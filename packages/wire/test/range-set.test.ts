import * as fc from 'fast-check'
import t from 'tap'
import { RangeSet } from '@godwit/wire'

const SEED = 9000

/** The ranges of `set`, after checking that they are sorted, disjoint and not adjacent. */
function rangesOf(set: RangeSet): [number, number][] {
  const ranges: [number, number][] = []
  for (let i = 0; i < set.length; i++) {
    const start = set.start(i)
    const end = set.end(i)
    if (!(start < end)) throw new Error(`empty range ${start}..${end}`)
    if (i > 0 && !(start > set.end(i - 1))) throw new Error(`range ${i} touches the one before`)
    ranges.push([start, end])
  }
  return ranges
}

/** The same for a plain Set: the slow twin. */
function rangesOfModel(model: Set<number>): [number, number][] {
  const ranges: [number, number][] = []
  for (const value of [...model].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === value) last[1]++
    else ranges.push([value, value + 1])
  }
  return ranges
}

const operation = fc.record({
  kind: fc.constantFrom('add', 'add', 'add', 'delete', 'dropFirst', 'clear'),
  start: fc.nat(60),
  length: fc.oneof(fc.nat(4), fc.nat(30)),
})

function runAgainstModel(
  maxRanges: number,
  operations: readonly { kind: string; start: number; length: number }[],
): void {
  const set = new RangeSet(maxRanges)
  const model = new Set<number>()
  const forget = (): void => {
    const ranges = rangesOfModel(model)
    for (const [start, end] of ranges.slice(0, Math.max(0, ranges.length - maxRanges))) {
      for (let i = start; i < end; i++) model.delete(i)
    }
  }
  for (const { kind, start, length } of operations) {
    const end = start + length
    const before = model.size
    switch (kind) {
      case 'add': {
        for (let i = start; i < end; i++) model.add(i)
        const added = model.size - before
        const forgotten = rangesOfModel(model).length > maxRanges
        forget()
        const got = set.add(start, end)
        // What is forgotten at once was not added, if it is the new range itself.
        const kept = length === 0 || model.has(start)
        const expected = forgotten && !kept ? 0 : added
        if (got !== expected) throw new Error(`add returned ${got}, expected ${expected}`)
        break
      }
      case 'delete': {
        // Splitting may exceed the bound: then the lowest range goes as well.
        for (let i = start; i < end; i++) model.delete(i)
        const removed = before - model.size
        forget()
        const got = set.delete(start, end)
        if (got !== removed) throw new Error(`delete returned ${got}, expected ${removed}`)
        break
      }
      case 'dropFirst': {
        const first = rangesOfModel(model)[0]
        if (first !== undefined) for (let i = first[0]; i < first[1]; i++) model.delete(i)
        set.dropFirst()
        break
      }
      default:
        model.clear()
        set.clear()
    }
    const ranges = rangesOf(set)
    const expected = rangesOfModel(model)
    if (JSON.stringify(ranges) !== JSON.stringify(expected)) {
      throw new Error(
        `${kind} ${start}..${end}: ${JSON.stringify(ranges)}, not ${JSON.stringify(expected)}`,
      )
    }
    for (let value = 0; value < 95; value++) {
      if (set.has(value) !== model.has(value)) throw new Error(`has(${value})`)
    }
    if (set.min !== (expected[0]?.[0] ?? -1)) throw new Error('min')
    if (set.max !== (expected.at(-1)?.[1] ?? 0) - 1) throw new Error('max')
  }
}

t.test('a range set is a set of integers (against a plain Set)', (t) => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      runAgainstModel(Infinity, operations)
    }),
    { seed: SEED, numRuns: 1500 },
  )
  t.end()
})

t.test('a bounded range set forgets its lowest ranges (against a plain Set)', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(operation, { maxLength: 40 }),
      (maxRanges, operations) => {
        runAgainstModel(maxRanges, operations)
      },
    ),
    { seed: SEED, numRuns: 1500 },
  )
  t.end()
})

t.test('hasRange says whether all integers of a range are there', (t) => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 12 }),
      fc.nat(60),
      fc.nat(20),
      (operations, start, length) => {
        const set = new RangeSet()
        for (const op of operations) {
          if (op.kind === 'delete') set.delete(op.start, op.start + op.length)
          else set.add(op.start, op.start + op.length)
        }
        let all = true
        for (let i = start; i < start + length; i++) if (!set.has(i)) all = false
        return set.hasRange(start, start + length) === all
      },
    ),
    { seed: SEED, numRuns: 1500 },
  )
  t.end()
})

t.test('integers near 2^53 are exact', (t) => {
  const set = new RangeSet()
  const top = Number.MAX_SAFE_INTEGER
  t.equal(set.add(top - 3, top - 1), 2)
  t.equal(set.add(top - 1, top), 1)
  t.equal(set.length, 1)
  t.equal(set.max, top - 1)
  t.notOk(set.has(top))
  t.equal(set.min, top - 3)
  t.end()
})

t.test('an empty set', (t) => {
  const set = new RangeSet()
  t.equal(set.length, 0)
  t.equal(set.min, -1)
  t.equal(set.max, -1)
  t.notOk(set.has(0))
  t.ok(set.hasRange(5, 5))
  t.notOk(set.hasRange(0, 1))
  t.equal(set.delete(0, 100), 0)
  set.dropFirst()
  t.equal(set.length, 0)
  t.end()
})

t.test('the first range that ends above a value is found, or the length', (t) => {
  const set = new RangeSet()
  t.equal(set.firstEndingAbove(0), 0)
  for (let i = 0; i < 50; i++) set.add(10 * i + 5, 10 * i + 8)
  for (let value = 0; value < 520; value++) {
    let expected = 0
    while (expected < set.length && set.end(expected) <= value) expected++
    t.equal(set.firstEndingAbove(value), expected)
  }
  t.end()
})
