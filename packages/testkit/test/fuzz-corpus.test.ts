// What the byte fuzzer keeps (packages/testkit/fuzz), run once more: inputs that reach far, and those
// that once failed.

import { readdirSync, statSync } from 'node:fs'
import t from 'tap'
import { readCorpus, readRegressions } from '../fuzz/engine/corpus.ts'
import { TARGETS } from '../fuzz/targets/index.ts'

t.test('the corpora are small, and each has its target', (t) => {
  const folder = new URL('../fuzz/corpus/', import.meta.url)
  let size = 0
  for (const file of readdirSync(folder)) {
    size += statSync(new URL(file, folder)).size
    const [name] = file.split('.')
    t.ok(
      TARGETS.some((target) => target.name === name),
      file,
    )
  }
  t.ok(size < 1_500_000, `${size} bytes`)
  t.end()
})

for (const target of TARGETS) {
  t.test(`${target.name}: ${target.about}`, (t) => {
    const corpus = readCorpus(target.name)
    t.ok(corpus.length > 0, 'there is a corpus')
    for (const input of [...target.seeds(), ...corpus, ...readRegressions(target.name)]) {
      try {
        target.run(input)
      } catch (error) {
        t.fail(`input ${Buffer.from(input).toString('base64')}`, { error })
      }
    }
    t.end()
  })
}
