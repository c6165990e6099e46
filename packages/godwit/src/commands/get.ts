// `godwit get`: fetches a URL over HTTP/3 into a file or to standard output.

import { createWriteStream, readFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { parseArgs } from 'node:util'

import { fetch, type FetchOptions } from '@godwit/node'
import { GET_CONNECT_TIMEOUT, GET_LONGEST_TIMEOUT, GET_SILENCE_TIMEOUT } from '../limits.ts'
import { Progress } from './progress.ts'
import { Silence } from './silence.ts'
import { UsageError } from './usage-error.ts'

export const GET_HELP: string = `godwit get URL [options]

Fetches a URL over HTTP/3 and writes the body to standard output or a file.

  -o, --output FILE   write to FILE, which appears only when it is complete
  --cacert FILE       authorities to trust, in PEM (default: those of Node)
  -k, --insecure      do not verify the certificate
  --connect-timeout S seconds until there is a connection (default ${GET_CONNECT_TIMEOUT}; 0: any time)
  --timeout S         seconds in which nothing comes: before the response, and between pieces of
                      its body (default ${GET_SILENCE_TIMEOUT}; 0: any time)
  --help              this text

Exit status: 0 done, 1 no connection or a truncated body, 2 wrong arguments, 3 HTTP status of 400 or
more, 4 a timeout
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
      'connect-timeout': { type: 'string' },
      timeout: { type: 'string' },
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
  const connectTimeout = seconds('connect-timeout', values['connect-timeout'], GET_CONNECT_TIMEOUT)
  const timeout = seconds('timeout', values.timeout, GET_SILENCE_TIMEOUT)
  const controller = new AbortController()
  const { signal } = controller
  const interrupt = (): void => controller.abort(new Error('interrupted'))
  process.once('SIGINT', interrupt)
  const giveUp = (error: Error): void => controller.abort(error)
  // `fetch` does not tell when it is connected: the response may take both times together.
  const responseTimeout = connectTimeout === 0 || timeout === 0 ? 0 : connectTimeout + timeout
  let silence = new Silence(responseTimeout, 'no response within', giveUp)
  try {
    const options: FetchOptions = {
      signal,
      connectTimeout: (connectTimeout === 0 ? GET_LONGEST_TIMEOUT : connectTimeout) * 1000,
      ...(values.cacert === undefined ? {} : { ca: readFileSync(values.cacert, 'latin1') }),
      ...(values.insecure ? { rejectUnauthorized: false } : {}),
    }
    const response = await fetch(url, options)
    silence.end()
    silence = new Silence(timeout, 'nothing came for', giveUp)
    if (response.status >= 400) {
      await response.body?.cancel()
      process.stderr.write(`godwit: ${url}: HTTP status ${response.status}\n`)
      return 3
    }
    await store(response, values.output, signal, silence)
    return 0
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    silence.end()
    process.off('SIGINT', interrupt)
  }
}

/** The value of an option in seconds. */
function seconds(name: string, value: string | undefined, absent: number): number {
  if (value === undefined) return absent
  if (!/^\d+(?:\.\d+)?$/.test(value) || Number(value) > GET_LONGEST_TIMEOUT) {
    throw new UsageError(`--${name} expected seconds up to ${GET_LONGEST_TIMEOUT}, got ${value}`)
  }
  return Number(value)
}

/** Writes the body; a file of the wanted name appears only when all of it is there. */
async function store(
  response: Response,
  output: string | undefined,
  signal: AbortSignal,
  silence: Silence,
): Promise<void> {
  const length = response.headers.get('content-length')
  const progress = new Progress(process.stderr, length === null ? null : Number(length))
  const meter = new Transform({
    transform(chunk: Uint8Array, _encoding, callback) {
      silence.heard()
      progress.add(chunk.length)
      callback(null, chunk)
    },
  })
  // What stays in the meter waits for whoever reads our output.
  silence.isWaiting = () => meter.readableLength === 0
  const body =
    response.body === null
      ? Readable.from([])
      : Readable.fromWeb(response.body as NodeReadableStream<Uint8Array>)
  const toFile = output !== undefined && output !== '-'
  if (!toFile) {
    await pipeline(body, meter, process.stdout, { end: false, signal })
    return
  }
  const partial = `${output}.${process.pid}.part`
  try {
    await pipeline(body, meter, createWriteStream(partial), { signal })
    await rename(partial, output)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  } finally {
    progress.finish()
  }
}
