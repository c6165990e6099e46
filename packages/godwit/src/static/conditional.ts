// Conditional requests, RFC 9110 §13.

import type { Stats } from 'node:fs'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** A strong entity tag: another size or modification time is another content. */
export function entityTag(stats: Stats): string {
  return `"${stats.size.toString(16)}-${Math.floor(stats.mtimeMs * 1000).toString(16)}"`
}

/** What the preconditions of a request decide, in the order of RFC 9110 §13.2.2. */
export function evaluate(headers: Headers, etag: string, modified: Date): 200 | 304 | 412 {
  const seconds = Math.floor(modified.getTime() / 1000)
  const ifMatch = text(headers['if-match'])
  const ifUnmodified = dateOf(headers['if-unmodified-since'])
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, etag, false)) return 412
  } else if (ifUnmodified !== null && seconds > ifUnmodified) {
    return 412
  }
  const ifNoneMatch = text(headers['if-none-match'])
  if (ifNoneMatch !== undefined) return lists(ifNoneMatch, etag, true) ? 304 : 200
  const ifModified = dateOf(headers['if-modified-since'])
  return ifModified !== null && seconds <= ifModified ? 304 : 200
}

/** Whether If-Range lets a Range apply, RFC 9110 §13.1.5. */
export function rangeApplies(headers: Headers, etag: string, modified: Date): boolean {
  const ifRange = text(headers['if-range'])
  if (ifRange === undefined) return true
  if (ifRange.startsWith('"')) return ifRange === etag
  return dateOf(ifRange) === Math.floor(modified.getTime() / 1000)
}

/** Whether a list of entity tags has `etag`; the weak comparison is for If-None-Match. */
function lists(list: string, etag: string, weak: boolean): boolean {
  return list.split(',').some((item) => {
    const tag = item.trim()
    return tag === '*' || tag === etag || (weak && tag === `W/${etag}`)
  })
}

function dateOf(value: string | string[] | undefined): number | null {
  const time = Date.parse(text(value) ?? '')
  return Number.isNaN(time) ? null : Math.floor(time / 1000)
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
