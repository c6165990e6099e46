// What statuses and methods permit a response to have, RFC 9110.

import { STATUS_CODES } from 'node:http'

import { Http3HostError } from '../errors.ts'
import type { HeaderValue } from '../outgoing-headers.ts'

/** As node:http2: a final status is not informational. */
export function finalStatus(given: number): number {
  const status = Math.trunc(given)
  if (status >= 200 && status <= 999) return status
  throw new Http3HostError(
    'ERR_HTTP_INVALID_STATUS_CODE',
    status >= 100 && status < 200
      ? `Informational status codes cannot be used: ${given}`
      : `Invalid status code: ${String(given)}`,
  )
}

/** RFC 9110 §9.3.2, §15.3.5, §15.3.6, §15.4.5: the response has no content whatever is written. */
export function dropsContent(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 205 || status === 304
}

/**
 * RFC 9110 §8.6: no content-length in a 204, nor in a 2xx to CONNECT. Those of 205 and 304 are those of
 * content that is dropped here.
 */
export function forbidsLength(method: string, status: number): boolean {
  if (status === 204 || status === 205 || status === 304) return true
  return method === 'CONNECT' && status < 300
}

/** The content-length that was set; -1: none. */
export function lengthOf(value: HeaderValue | undefined): number {
  if (value === undefined) return -1
  const text = String(value).trim()
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new TypeError(`"content-length" expected a number of bytes, got ${text}`)
}

// Those with the usual words, by status.
const STATUS_LINES: string[] = new Array<string>(1000).fill('')

/** The first line of the message, as node:http keeps it. */
export function statusLine(status: number, message: string): string {
  if (message !== STATUS_CODES[status]) return `HTTP/3 ${status} ${message}`
  return (STATUS_LINES[status] ||= `HTTP/3 ${status} ${message}`)
}
