// Connections and streams come and go by the thousand: what has left a table must die young, and not
// wait in the old generation for a full collection, as what was in a Map does (number-map.ts).

import v8 from 'node:v8'
import vm from 'node:vm'
import t from 'tap'
import { Bag, NumberMap, Ring } from '@godwit/wire'
import { ConnectionIdTable } from '../../src/endpoint/connection-id-table.ts'
import { KeyTable } from '../../src/endpoint/key-table.ts'

v8.setFlagsFromString('--expose-gc')
const collect = vm.runInNewContext('gc') as (options?: { type: 'minor' }) => void

interface Entry {
  readonly id: Uint8Array
  readonly bulk: number[]
  bagIndex: number
}

const ENTRIES = 20_000
/** How many are there at a time. */
const ALIVE = 8
/** Eight bytes for each number of `bulk`. */
const ENTRY_SIZE = 32 * 8

function oldGeneration(): number {
  let size = 0
  for (const { space_name: name, space_used_size: used } of v8.getHeapSpaceStatistics()) {
    if (name === 'old_space' || name === 'large_object_space') size += used
  }
  return size
}

/** Bytes that are promoted for each entry that is added, and removed when eight more have come. */
function promoted(add: (n: number, entry: Entry) => void, remove: (entry: Entry) => void): number {
  const alive: Entry[] = []
  collect()
  const before = oldGeneration()
  for (let n = 0; n < ENTRIES; n++) {
    const id = Uint8Array.of(n, n >> 8, n >> 16, 0, n * 7, n * 5, n * 3, n)
    const entry: Entry = { id, bulk: new Array<number>(32).fill(0.5), bagIndex: -1 }
    add(n, entry)
    if (n >= ALIVE) remove(alive[n % ALIVE])
    alive[n % ALIVE] = entry
    if (n % 100 === 99) collect({ type: 'minor' })
  }
  collect({ type: 'minor' })
  collect({ type: 'minor' })
  return (oldGeneration() - before) / ENTRIES
}

t.test('what has left a table dies young', (t) => {
  const numbers = new NumberMap<Entry>()
  const numberOf = ({ id }: Entry): number => (id[0] | (id[1] << 8) | (id[2] << 16)) * 4
  const bag = new Bag<Entry>()
  const ring = new Ring<Entry>()
  const keys = new KeyTable<Entry>((length) => new Uint8Array(length).fill(77))
  const ids = new ConnectionIdTable<Entry>()
  const tables: Record<string, number> = {
    NumberMap: promoted(
      (n, entry) => numbers.set(n * 4, entry),
      (entry) => numbers.delete(numberOf(entry)),
    ),
    Bag: promoted(
      (_, entry) => bag.add(entry),
      (entry) => bag.delete(entry),
    ),
    Ring: promoted(
      (_, entry) => ring.push(entry),
      () => ring.shift(),
    ),
    KeyTable: promoted(
      (_, entry) => keys.set(entry.id, entry),
      (entry) => keys.delete(entry.id, entry),
    ),
    ConnectionIdTable: promoted(
      (_, entry) => ids.set(entry.id, entry),
      (entry) => ids.delete(entry.id),
    ),
  }
  for (const [name, bytes] of Object.entries(tables)) {
    t.ok(
      bytes < ENTRY_SIZE / 4,
      `${name}: ${bytes.toFixed(1)} bytes of ${ENTRY_SIZE} were promoted`,
    )
  }
  for (const { size } of [numbers, bag, keys, ids]) t.equal(size, ALIVE)
  t.end()
})
