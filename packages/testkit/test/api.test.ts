import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

t.test('what each package exports is what its api.d.ts says', (t) => {
  const script = fileURLToPath(new URL('../scripts/api.mjs', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  t.equal(stderr, '', 'after `npm run build`, `node packages/testkit/scripts/api.mjs` writes them')
  t.equal(status, 0)
  t.end()
})
