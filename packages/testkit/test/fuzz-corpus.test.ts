// What the byte fuzzer keeps (packages/testkit/fuzz), run once more: inputs that reach far, and those
// that once failed.

import t from 'tap'
import { readCorpus, readRegressions } from '../fuzz/engine/corpus.ts'
import { TARGETS } from '../fuzz/targets/index.ts'

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
