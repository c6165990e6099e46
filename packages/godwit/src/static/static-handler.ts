// A handler that serves the files of a folder.

import type { FileHandle } from 'node:fs/promises'
import { realpath, stat } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'

import type { Http3ServerRequest, Http3ServerResponse } from '@godwit/node'
import { lookup } from 'mrmime'
import { RETRY_AFTER } from '../limits.ts'
import { entityTag, evaluate, rangeApplies } from './conditional.ts'
import { bodyLength, Recipient, sendParts, type BodyPart } from './file-body.ts'
import { openFile } from './open-file.ts'
import { contentRange, parseRange, type ByteRange } from './range.ts'
import { parseTarget } from './request-target.ts'
import { resolvePath } from './resolve-path.ts'
import { errorCode, Warnings } from './warnings.ts'

/** Answers a request with a file, sooner or later, or cuts it off. Throws nothing. */
export type StaticHandler = (request: Http3ServerRequest, response: Http3ServerResponse) => void

const INDEX = 'index.html'

/** This process, or this machine, has no file descriptor left: it will when others are answered. */
const NO_DESCRIPTORS = new Set(['EMFILE', 'ENFILE'])

/**
 * Serves the files below `directory`: index.html for a folder, types by extension, ranges, entity
 * tags. Rejects when the folder does not exist.
 */
export async function createStaticHandler(directory: string): Promise<StaticHandler> {
  const root = await realpath(directory)
  if (!(await stat(root)).isDirectory()) throw new Error(`${directory} is not a folder`)
  const warnings = new Warnings(
    (text) => process.emitWarning(text),
    () => performance.now(),
  )
  return (request, response) => {
    const recipient = new Recipient(response)
    answer(root, request, response, recipient).catch((error: unknown) => {
      if (!recipient.gone) fail(error, response, warnings)
    })
  }
}

/** Tells the client that its request failed, in whatever state its response is. */
function fail(error: unknown, response: Http3ServerResponse, warnings: Warnings): void {
  warnings.add(error)
  try {
    if (response.headersSent) {
      response.destroy()
    } else if (NO_DESCRIPTORS.has(errorCode(error))) {
      response.setHeader('retry-after', RETRY_AFTER)
      plain(response, 503)
    } else {
      plain(response, 500)
    }
  } catch (second) {
    warnings.add(second)
    response.destroy()
  }
}

async function answer(
  root: string,
  request: Http3ServerRequest,
  response: Http3ServerResponse,
  recipient: Recipient,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    plain(response, 405)
    return
  }
  const { path, query } = parseTarget(request.url)
  let file = await resolvePath(root, path)
  if (file !== null && (await isFolder(file))) {
    if (!path.endsWith('/')) {
      // Relative links of the page need the slash. Leading slashes must not make it another host.
      response.setHeader('location', `/${path.replace(/^\/+/, '')}/${query}`)
      plain(response, 308)
      return
    }
    file = await resolvePath(root, path + INDEX)
  } else if (path.endsWith('/')) {
    file = null
  }
  const handle = file === null ? null : await openFile(file)
  if (file === null || handle === null) {
    plain(response, 404)
    return
  }
  try {
    await sendFile(handle, contentType(file), request, response, recipient)
  } finally {
    await handle.close()
  }
}

/** False as well for what has gone meanwhile, or is behind a folder that may not be searched. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

async function sendFile(
  handle: FileHandle,
  type: string,
  request: Http3ServerRequest,
  response: Http3ServerResponse,
  recipient: Recipient,
): Promise<void> {
  const stats = await handle.stat()
  const { size } = stats
  if (recipient.gone) return
  const etag = entityTag(stats)
  response.setHeader('etag', etag)
  response.setHeader('last-modified', stats.mtime.toUTCString())
  response.setHeader('accept-ranges', 'bytes')
  response.setHeader('x-content-type-options', 'nosniff')
  const decision = evaluate(request.headers, etag, stats.mtime)
  if (decision === 304) {
    response.writeHead(304).end()
    return
  }
  if (decision === 412) {
    plain(response, 412)
    return
  }
  const header = request.headers['range']
  const asked = request.method === 'GET' && typeof header === 'string'
  const applies = asked && rangeApplies(request.headers, etag, stats.mtime)
  const ranges = applies ? parseRange(header, size) : null
  if (ranges !== null && ranges.length === 0) {
    response.setHeader('content-range', `bytes */${size}`)
    plain(response, 416)
    return
  }
  let parts: readonly BodyPart[] = ranges ?? [{ start: 0, end: size - 1 }]
  if (ranges !== null && ranges.length > 1) {
    const boundary = randomBytes(12).toString('hex')
    parts = multipart(ranges, size, type, boundary)
    response.setHeader('content-type', `multipart/byteranges; boundary=${boundary}`)
  } else {
    response.setHeader('content-type', type)
    const [range] = ranges ?? []
    if (range !== undefined) response.setHeader('content-range', contentRange(range, size))
  }
  response.setHeader('content-length', bodyLength(parts))
  response.writeHead(ranges === null ? 200 : 206)
  if (request.method === 'HEAD' || (await sendParts(handle, parts, recipient))) response.end()
}

/** multipart/byteranges, RFC 9110 §14.6. */
function multipart(
  ranges: readonly ByteRange[],
  size: number,
  type: string,
  boundary: string,
): readonly BodyPart[] {
  const parts: BodyPart[] = []
  for (const range of ranges) {
    const head = `content-type: ${type}\r\ncontent-range: ${contentRange(range, size)}`
    parts.push(`\r\n--${boundary}\r\n${head}\r\n\r\n`, range)
  }
  parts.push(`\r\n--${boundary}--\r\n`)
  return parts
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
  503: 'Service unavailable',
}

function plain(response: Http3ServerResponse, status: number): void {
  response.statusCode = status
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end(`${TEXTS[status] ?? status}\n`)
}
