// `godwit get`: fetches a URL over HTTP/3 into a file or to standard output.

import { createWriteStream, readFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { parseArgs } from 'node:util'

import { fetch, type FetchOptions } from '@godwit/node'
import { Progress } from './progress.ts'
import { UsageError } from './usage-error.ts'

export const GET_HELP = `godwit get URL [options]

Fetches a URL over HTTP/3 and writes the body to standard output or a file.

  -o, --output FILE   write to FILE, which appears only when it is complete
  --cacert FILE       authorities to trust, in PEM (default: those of Node)
  -k, --insecure      do not verify the certificate
  --help              this text

Exit status: 0 done, 1 no connection or a truncated body, 2 wrong arguments, 3 HTTP status of 400 or more
`

/** Resolves to the exit status; rejects with what went wrong. */
export async function getCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      output: { type: 'string', short: 'o' },
      cacert: { type: 'string' },
      insecure: { type: 'boolean', short: 'k', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(GET_HELP)
    return 0
  }
  const [url] = positionals
  if (url === undefined || positionals.length > 1) throw new UsageError('expected one URL')
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
    throw new UsageError(`expected an https: URL, got ${url}`)
  }
  const interrupted = new AbortController()
  const interrupt = (): void => interrupted.abort(new Error('interrupted'))
  process.once('SIGINT', interrupt)
  try {
    const options: FetchOptions = {
      signal: interrupted.signal,
      ...(values.cacert === undefined ? {} : { ca: readFileSync(values.cacert, 'latin1') }),
      ...(values.insecure ? { rejectUnauthorized: false } : {}),
    }
    const response = await fetch(url, options)
    if (response.status >= 400) {
      await response.body?.cancel()
      process.stderr.write(`godwit: ${url}: HTTP status ${response.status}\n`)
      return 3
    }
    await store(response, values.output)
    return 0
  } finally {
    process.off('SIGINT', interrupt)
  }
}

/** Writes the body; a file of the wanted name appears only when all of it is there. */
async function store(response: Response, output: string | undefined): Promise<void> {
  const length = response.headers.get('content-length')
  const progress = new Progress(process.stderr, length === null ? null : Number(length))
  const meter = new Transform({
    transform(chunk: Uint8Array, _encoding, callback) {
      progress.add(chunk.length)
      callback(null, chunk)
    },
  })
  const body =
    response.body === null
      ? Readable.from([])
      : Readable.fromWeb(response.body as NodeReadableStream<Uint8Array>)
  const toFile = output !== undefined && output !== '-'
  if (!toFile) {
    await pipeline(body, meter, process.stdout, { end: false })
    return
  }
  const partial = `${output}.${process.pid}.part`
  try {
    await pipeline(body, meter, createWriteStream(partial))
    await rename(partial, output)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  } finally {
    progress.finish()
  }
}
