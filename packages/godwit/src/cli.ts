// The `godwit` command.

import { readFileSync } from 'node:fs'

import { runWithBatchedSends } from './commands/batched-sends.ts'
import { getCommand } from './commands/get.ts'
import { serveCommand } from './commands/serve.ts'
import { SilenceError } from './commands/silence.ts'
import { UsageError } from './commands/usage-error.ts'

const HELP = `godwit: HTTP/3 for Node.js

  godwit serve [directory]   serve files over HTTP/3
  godwit get URL             fetch a URL over HTTP/3
  godwit --version
  godwit COMMAND --help      options of a command
`

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args
  if (command === 'serve') {
    return runWithBatchedSends(new URL(import.meta.url), args) ?? serveCommand(rest)
  }
  if (command === 'get') return getCommand(rest)
  if (command === '--version' || command === '-v') {
    const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
    process.stdout.write(`${(JSON.parse(manifest) as { version: string }).version}\n`)
    return 0
  }
  if (command === '--help' || command === '-h') {
    process.stdout.write(HELP)
    return 0
  }
  throw new UsageError(command === undefined ? 'no command' : `no command ${command}`)
}

function isUsageError(error: unknown): boolean {
  if (error instanceof UsageError) return true
  const code = (error as NodeJS.ErrnoException | null)?.code
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS_')
}

/** What each command's help says. */
function exitStatus(error: unknown): number {
  if (isUsageError(error)) return 2
  const code = (error as NodeJS.ErrnoException | null)?.code
  return error instanceof SilenceError || code === 'ERR_HTTP3_CONNECT_TIMEOUT' ? 4 : 1
}

/** The message, and under it why: a failed fetch has its reason in `cause`. */
function explain(error: unknown): string {
  const lines: string[] = []
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const inner = at
    const code = (inner as NodeJS.ErrnoException).code
    // Layers that only pass an error on keep its message.
    if (lines.some((line) => line.startsWith(inner.message))) continue
    lines.push(code === undefined ? inner.message : `${inner.message} (${code})`)
  }
  return lines.length === 0 ? String(error) : lines.join('\n  because: ')
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status
  },
  (error: unknown) => {
    process.stderr.write(`godwit: ${explain(error)}\n`)
    process.exitCode = exitStatus(error)
    if (process.exitCode === 2) process.stderr.write(`Try: godwit --help\n`)
  },
)
