// The objects that handlers see are made with work linear in what the peer sent: reads of field lines
// and characters looked at are counted, for a section and for one of four times its size.

import t from 'tap'
import { countSteps } from '@godwit/testkit'
import { headersOf, rawHeadersOf } from '../src/fields.ts'

const LINES: Readonly<Record<string, (i: number) => [string, string]>> = {
  'crumbs of a cookie': () => ['cookie', 'a=b'],
  'one field that is joined': () => ['x-a', 'b'],
  'set-cookie': () => ['set-cookie', 'a=b'],
  'one field that counts once': () => ['content-type', 'text/plain'],
  'many fields': (i) => [`x-${i}`, 'b'],
  'pseudo-header fields': (i) => [`:${i}`, 'b'],
}

/** What `work` costs over a section of `count` lines. */
function cost(line: (i: number) => [string, string], count: number, work: (f: string[]) => void) {
  let reads = 0
  const fields = new Proxy(Array.from({ length: count }, (_, i) => line(i)).flat(), {
    get(target, key) {
      reads++
      return Reflect.get(target, key) as unknown
    },
  })
  return countSteps(() => work(fields)) + reads
}

for (const [name, work] of Object.entries({ headersOf, rawHeadersOf })) {
  t.test(`${name} is linear in the number of lines`, async (t) => {
    for (const [what, line] of Object.entries(LINES)) {
      const small = cost(line, 500, work)
      const large = cost(line, 2000, work)
      t.ok(small >= 1000, `${what}: each line is looked at, ${small}`)
      t.ok(large <= 4 * small + 20, `${what}: ${small} steps, four times as much is ${large}`)
      t.ok(large <= 2000 * 10, `${what}: a few steps for each line, ${large}`)
    }
  })
}
