// Field sections (flat: name, value, name, value…) as the objects that Node's users know, by the
// rules of node:http's message.headers.

/** Header fields by lower-case name; `set-cookie` is an array. No prototype. */
export type IncomingHeaders = Record<string, string | string[] | undefined>

/** Values of these are not joined: the first one counts, as node:http documents. */
const SINGLE = new Set([
  'age',
  'authorization',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'from',
  'host',
  'if-modified-since',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'referer',
  'retry-after',
  'server',
  'user-agent',
])

/** Fields of HTTP/1.1 connections, which HTTP/3 forbids (RFC 9114 §4.2). */
const CONNECTION_FIELDS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** True for a field that belongs to an HTTP/1.1 connection and is left out of HTTP/3 messages. */
export function isConnectionField(name: string): boolean {
  return CONNECTION_FIELDS.has(name)
}

/** The regular fields; those that start with ':' are left out. */
export function headersOf(fields: readonly string[]): IncomingHeaders {
  const headers: IncomingHeaders = Object.create(null) as IncomingHeaders
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    if (name.charCodeAt(0) === 0x3a) continue
    const earlier = headers[name]
    if (name === 'set-cookie') {
      if (Array.isArray(earlier)) earlier.push(value)
      else headers[name] = [value]
    } else if (earlier === undefined) {
      headers[name] = value
    } else if (!SINGLE.has(name)) {
      // RFC 9114 §4.2.1: crumbs of a cookie are joined as one.
      headers[name] = `${String(earlier)}${name === 'cookie' ? '; ' : ', '}${value}`
    }
  }
  return headers
}

/** The regular fields as they came, flat. */
export function rawHeadersOf(fields: readonly string[]): string[] {
  const raw: string[] = []
  for (let at = 0; at < fields.length; at += 2) {
    if ((fields[at] as string).charCodeAt(0) === 0x3a) continue
    raw.push(fields[at] as string, fields[at + 1] as string)
  }
  return raw
}

/** The value of the first field of that name, or undefined. */
export function fieldValue(fields: readonly string[], name: string): string | undefined {
  for (let at = 0; at < fields.length; at += 2) if (fields[at] === name) return fields[at + 1]
  return undefined
}
