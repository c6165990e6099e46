// What makes field lines a request, a response or a trailer section, RFC 9114 §4.2 to §4.4. The same
// checks hold for what the peer sends (malformed: a stream error) and for what we send (a TypeError).

import {
  isAuthority,
  isFieldName,
  isFieldValue,
  isPath,
  isScheme,
  isToken,
  parseContentLength,
} from './field-syntax.ts'

/** What the framing of a message depends on. Filled by the checks; one record serves many messages. */
export class MessageHead {
  /** Of a request. */
  method: string
  /** Of a response. */
  status: number
  /** -1: not said. */
  contentLength: number

  constructor() {
    this.method = ''
    this.status = 0
    this.contentLength = -1
  }

  reset(): void {
    this.method = ''
    this.status = 0
    this.contentLength = -1
  }
}

/** Null when `fields` are a request's header section, else what is wrong with them. */
export function checkRequestFields(fields: readonly string[], head: MessageHead): string | null {
  head.reset()
  let method: string | null = null
  let scheme: string | null = null
  let authority: string | null = null
  let path: string | null = null
  let host: string | null = null
  let i = 0
  for (; i < fields.length; i += 2) {
    const name = fields[i]
    if (name.charCodeAt(0) !== 0x3a) break
    const value = fields[i + 1]
    switch (name) {
      case ':method':
        if (method !== null) return repeated(name)
        method = value
        break
      case ':scheme':
        if (scheme !== null) return repeated(name)
        scheme = value
        break
      case ':authority':
        if (authority !== null) return repeated(name)
        authority = value
        break
      case ':path':
        if (path !== null) return repeated(name)
        path = value
        break
      default:
        // :protocol (RFC 9220) is one once extended CONNECT is offered in SETTINGS.
        return undefinedPseudo(name, 'a request')
    }
  }
  for (; i < fields.length; i += 2) {
    const name = fields[i]
    const value = fields[i + 1]
    const wrong = checkLine(name, value, head)
    if (wrong !== null) return wrong
    if (name === 'host') {
      // RFC 9110 §7.2: a request with more than one Host field line is invalid.
      if (host !== null) return repeated(name)
      host = value
    } else if (name === 'te' && value !== 'trailers') {
      return `"te" expected "trailers", got ${show(value)}`
    }
  }
  if (method === null) return missing(':method')
  if (!isToken(method)) return invalid(':method', method)
  head.method = method
  if (authority !== null && !isAuthority(authority)) return invalid(':authority', authority)
  if (host !== null && !isAuthority(host)) return invalid('host', host)
  if (authority !== null && host !== null && authority !== host) {
    return `"host" expected the value of ":authority", got ${show(host)}`
  }
  if (method === 'CONNECT') return checkConnect(scheme, authority, path)
  if (scheme === null) return missing(':scheme')
  if (!isScheme(scheme)) return invalid(':scheme', scheme)
  if (path === null) return missing(':path')
  if (scheme === 'https' || scheme === 'http') {
    if (authority === null && host === null) return missing(':authority')
    // RFC 9114 §4.3.1: an asterisk stands for an OPTIONS request without a path.
    if (!isPath(path) && !(path === '*' && method === 'OPTIONS')) return invalid(':path', path)
  } else if (path !== '' && !isFieldValue(path)) {
    return invalid(':path', path)
  }
  return null
}

// RFC 9114 §4.4: ":scheme" and ":path" are omitted, ":authority" has the host and port.
function checkConnect(
  scheme: string | null,
  authority: string | null,
  path: string | null,
): string | null {
  if (scheme !== null) return '":scheme" is not permitted with CONNECT'
  if (path !== null) return '":path" is not permitted with CONNECT'
  if (authority === null) return missing(':authority')
  const colon = authority.lastIndexOf(':')
  if (colon < 1 || parseContentLength(authority.slice(colon + 1)) < 0) {
    return invalid(':authority', authority)
  }
  return null
}

/** Null when `fields` are a response's header section, else what is wrong with them. */
export function checkResponseFields(fields: readonly string[], head: MessageHead): string | null {
  head.reset()
  let i = 0
  for (; i < fields.length; i += 2) {
    const name = fields[i]
    if (name.charCodeAt(0) !== 0x3a) break
    if (name !== ':status') return undefinedPseudo(name, 'a response')
    if (head.status !== 0) return repeated(name)
    const value = fields[i + 1]
    const status = value.length === 3 ? parseContentLength(value) : -1
    // RFC 9114 §4.5: "HTTP/3 does not include support for the 101 (Switching Protocols)
    // informational status code".
    if (status < 100 || status === 101) return invalid(name, value)
    head.status = status
  }
  for (; i < fields.length; i += 2) {
    const name = fields[i]
    const wrong = checkLine(name, fields[i + 1], head)
    if (wrong !== null) return wrong
    // RFC 9114 §4.2: TE is for requests only.
    if (name === 'te') return '"te" is not permitted in a response'
  }
  return head.status === 0 ? missing(':status') : null
}

/** Null when `fields` are a trailer section, else what is wrong with them. */
export function checkTrailerFields(fields: readonly string[]): string | null {
  for (let i = 0; i < fields.length; i += 2) {
    const wrong = checkLine(fields[i], fields[i + 1], null)
    if (wrong !== null) return wrong
  }
  return null
}

function checkLine(name: string, value: string, head: MessageHead | null): string | null {
  if (!isFieldName(name)) {
    if (name.charCodeAt(0) === 0x3a) return `${show(name)} is not permitted here`
    return `${show(name)} is not a field name in lower case`
  }
  if (!isFieldValue(value)) return invalid(name, value)
  switch (name) {
    case 'connection':
    case 'keep-alive':
    case 'proxy-connection':
    case 'transfer-encoding':
    case 'upgrade':
      // RFC 9114 §4.2: "any message containing connection-specific fields MUST be treated as
      // malformed".
      return `"${name}" is connection-specific`
    case 'content-length': {
      if (head === null) return null
      if (head.contentLength >= 0) return repeated(name)
      head.contentLength = parseContentLength(value)
      return head.contentLength < 0 ? invalid(name, value) : null
    }
    default:
      return null
  }
}

function repeated(name: string): string {
  return `"${name}" occurs more than once`
}

function missing(name: string): string {
  return `"${name}" is missing`
}

function invalid(name: string, value: string): string {
  return `"${name}" has an invalid value, ${show(value)}`
}

function undefinedPseudo(name: string, where: string): string {
  return `${show(name)} is not a pseudo-header field of ${where}`
}

// What a peer sent, bounded and escaped: it ends in logs.
function show(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}...` : text)
}
