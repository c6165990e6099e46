// Makes a checkout ready, and does nothing when it is: `node setup.mjs [--build]`.
// Needs only Node and npm; pnpm comes through npx at the version pinned here.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PNPM = 'pnpm@12.21.0'
const root = fileURLToPath(new URL('../../../', import.meta.url))

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (result.error) throw result.error
  if (result.status !== 0) {
    console.error(`setup: "${command} ${args.join(' ')}" failed`)
    process.exit(result.status ?? 1)
  }
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`godwit needs Node.js 20.19 or newer, this is ${process.versions.node}`)
  process.exit(1)
}

// What an installation depends on: the lockfile and the manifests.
const key = createHash('sha256')
for (const file of ['pnpm-lock.yaml', 'package.json', 'pnpm-workspace.yaml', '.taprc']) {
  key.update(readFileSync(`${root}${file}`))
}
const wanted = key.digest('hex')
const stamp = `${root}node_modules/.cache/godwit-setup`
const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted

if (!installed) {
  run('npx', ['--yes', PNPM, 'install', '--frozen-lockfile'])
  // Without this the first run of tap would use the plugins of its package, not those of .taprc.
  run(process.execPath, ['node_modules/tap/dist/esm/run.mjs', 'build'])
  mkdirSync(`${root}node_modules/.cache`, { recursive: true })
  writeFileSync(stamp, wanted)
}
if (process.argv.includes('--build')) {
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'packages'])
}
