// A handler that serves the files of a folder.

import { open, realpath, stat, type FileHandle } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { PassThrough, type Writable } from 'node:stream'

import type { Http3ServerRequest, Http3ServerResponse } from '@godwit/node'
import { lookup } from 'mrmime'
import { entityTag, evaluate, rangeApplies } from './conditional.ts'
import { contentRange, parseRange, type ByteRange } from './range.ts'
import { resolvePath } from './resolve-path.ts'

/** Answers a request with a file. Never rejects. */
export type StaticHandler = (
  request: Http3ServerRequest,
  response: Http3ServerResponse,
) => Promise<void>

const INDEX = 'index.html'

/**
 * Serves the files below `directory`: index.html for a folder, types by extension, ranges, entity
 * tags. Rejects when the folder does not exist.
 */
export async function createStaticHandler(directory: string): Promise<StaticHandler> {
  const root = await realpath(directory)
  if (!(await stat(root)).isDirectory()) throw new Error(`${directory} is not a folder`)
  return async (request, response) => {
    try {
      await answer(root, request, response)
    } catch (error) {
      if (response.destroyed) return // the client went away
      process.emitWarning(error instanceof Error ? error : String(error))
      if (response.headersSent) response.destroy()
      else plain(response, 500)
    }
  }
}

async function answer(
  root: string,
  request: Http3ServerRequest,
  response: Http3ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return plain(response, 405)
  }
  const [path, query] = split(request.url)
  let file = await resolvePath(root, path)
  if (file === null) return plain(response, 404)
  if ((await stat(file)).isDirectory()) {
    if (!path.endsWith('/')) {
      // Relative links of the page need the slash. Leading slashes must not make it another host.
      const target = `/${path.replace(/^\/+/, '')}/${query}`
      response.setHeader('location', target)
      return plain(response, 308)
    }
    file = await resolvePath(root, join(path, INDEX))
    if (file === null) return plain(response, 404)
  } else if (path.endsWith('/')) {
    return plain(response, 404)
  }
  const handle = await openReadable(file)
  if (handle === null) return plain(response, 404)
  try {
    await sendFile(handle, file, request, response)
  } finally {
    await handle.close()
  }
}

/** Null when the file went away, or may not be read, or is no file. */
async function openReadable(file: string): Promise<FileHandle | null> {
  try {
    const handle = await open(file, 'r')
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
    return null
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENXIO' || code === 'EISDIR') return null
    throw error
  }
}

async function sendFile(
  handle: FileHandle,
  file: string,
  request: Http3ServerRequest,
  response: Http3ServerResponse,
): Promise<void> {
  const stats = await handle.stat()
  const etag = entityTag(stats)
  const type = contentType(file)
  response.setHeader('etag', etag)
  response.setHeader('last-modified', stats.mtime.toUTCString())
  response.setHeader('accept-ranges', 'bytes')
  response.setHeader('x-content-type-options', 'nosniff')
  const decision = evaluate(request.headers, etag, stats.mtime)
  if (decision === 304) {
    response.writeHead(304).end()
    return
  }
  if (decision === 412) return plain(response, 412)
  const header = request.headers['range']
  const asked = request.method === 'GET' && typeof header === 'string'
  const ranges =
    asked && rangeApplies(request.headers, etag, stats.mtime)
      ? parseRange(header, stats.size)
      : null
  if (ranges !== null && ranges.length === 0) {
    response.setHeader('content-range', `bytes */${stats.size}`)
    return plain(response, 416)
  }
  if (ranges !== null && ranges.length > 1) {
    return sendRanges(handle, ranges, stats.size, type, response)
  }
  const range = ranges?.[0]
  const { start, end } = range ?? { start: 0, end: stats.size - 1 }
  if (range !== undefined) response.setHeader('content-range', contentRange(range, stats.size))
  response.setHeader('content-type', type)
  response.setHeader('content-length', end - start + 1)
  response.writeHead(range === undefined ? 200 : 206)
  if (request.method === 'HEAD' || end < start) response.end()
  else await pipeline(bytesOf(handle, { start, end }), response)
}

/** multipart/byteranges, RFC 9110 §14.6. */
async function sendRanges(
  handle: FileHandle,
  ranges: readonly ByteRange[],
  size: number,
  type: string,
  response: Http3ServerResponse,
): Promise<void> {
  const boundary = randomBytes(12).toString('hex')
  response.setHeader('content-type', `multipart/byteranges; boundary=${boundary}`)
  response.writeHead(206)
  const parts = new PassThrough()
  const sent = pipeline(parts, response)
  for (const range of ranges) {
    const head = `content-type: ${type}\r\ncontent-range: ${contentRange(range, size)}`
    parts.write(`\r\n--${boundary}\r\n${head}\r\n\r\n`)
    await pipeline(bytesOf(handle, range), parts as Writable, { end: false })
  }
  parts.end(`\r\n--${boundary}--\r\n`)
  await sent
}

function bytesOf(handle: FileHandle, { start, end }: ByteRange): NodeJS.ReadableStream {
  return handle.createReadStream({ start, end, autoClose: false, highWaterMark: 256 * 1024 })
}

function contentType(file: string): string {
  const type = lookup(file) ?? 'application/octet-stream'
  return /^text\/|[/+](?:json|javascript|xml)$/.test(type) ? `${type}; charset=utf-8` : type
}

const TEXTS: Readonly<Record<number, string>> = {
  308: 'Moved',
  404: 'Not found',
  405: 'Method not allowed',
  412: 'Precondition failed',
  416: 'Range not satisfiable',
  500: 'Internal server error',
}

function plain(response: Http3ServerResponse, status: number): void {
  response.statusCode = status
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end(`${TEXTS[status] ?? status}\n`)
}

function split(url: string): [path: string, query: string] {
  const at = url.search(/[?#]/)
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at)]
}
