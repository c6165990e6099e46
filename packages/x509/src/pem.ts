// PEM, RFC 7468: blocks of base64 between `-----BEGIN label-----` and `-----END label-----`. Text
// between blocks is passed over (RFC 7468 §5.2 calls it explanatory); inside a block all is strict.

import { decodeBase64, encodeBase64 } from './base64.ts'
import { X509Error } from './errors.ts'
import { MAX_PEM_LENGTH } from './limits.ts'

/** One block of a PEM text. */
export interface PemBlock {
  /** 'CERTIFICATE', 'PRIVATE KEY', … */
  readonly label: string
  /** RFC 1421 headers (`Proc-Type: 4,ENCRYPTED`), one line each; modern files have none. */
  readonly headers: readonly string[]
  readonly der: Uint8Array
}

const BEGIN = /^-----BEGIN ([\x21-\x2c\x2e-\x7e]+(?:[ -][\x21-\x2c\x2e-\x7e]+)*)-----[ \t]*$/
const HEADER = /^[A-Za-z][A-Za-z0-9-]*:/

/**
 * All blocks of a text, in order; none is no error. Throws {@link X509Error}
 * `ERR_X509_MALFORMED_PEM` with the line, or `ERR_X509_LIMIT` above 8 Mi characters.
 */
export function parsePem(text: string): PemBlock[] {
  if (text.length > MAX_PEM_LENGTH) {
    throw new X509Error('ERR_X509_LIMIT', `PEM text of more than ${MAX_PEM_LENGTH} characters`)
  }
  const lines = text.split(/\r\n|\n|\r/)
  const blocks: PemBlock[] = []
  let at = 0
  while (at < lines.length) {
    // A byte order mark may stand before the first line.
    const line = at === 0 ? lines[at].replace(/^\ufeff/, '') : lines[at]
    at += 1
    if (!/^-----(?:BEGIN|END)/.test(line)) continue
    const label = BEGIN.exec(line)?.[1]
    if (label === undefined) throw pemError(at, 'not a BEGIN line with a label')
    const begin = at
    const end = `-----END ${label}-----`
    const headers: string[] = []
    let base64 = ''
    let inHeaders = HEADER.test(lines[at] ?? '')
    for (;;) {
      if (at === lines.length) throw pemError(begin, `this ${label} has no END line`)
      const body = lines[at].trim()
      at += 1
      if (body.startsWith('-----')) {
        if (body !== end) throw pemError(at, `expected ${end}`)
        break
      }
      if (inHeaders) {
        if (body === '') inHeaders = false
        else headers.push(body)
      } else if (body !== '') base64 += body.replace(/[ \t]/g, '')
    }
    const der = decodeBase64(base64)
    if (der === null) throw pemError(begin, `this ${label} is not base64`)
    if (der.length === 0) throw pemError(begin, `this ${label} is empty`)
    blocks.push({ label, headers, der })
  }
  return blocks
}

/**
 * DER of the certificates of a PEM text, in order; blocks with other labels are passed over.
 * Throws {@link X509Error} like `parsePem`, and `ERR_X509_NO_CERTIFICATE` when there is none.
 */
export function parsePemCertificates(text: string): Uint8Array[] {
  const certificates: Uint8Array[] = []
  const others: string[] = []
  for (const { label, der } of parsePem(text)) {
    if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE') certificates.push(der)
    else others.push(label)
  }
  if (certificates.length > 0) return certificates
  const found = others.length === 0 ? 'nothing in PEM' : `only ${others.join(', ')}`
  throw new X509Error('ERR_X509_NO_CERTIFICATE', `expected a PEM CERTIFICATE, found ${found}`)
}

/** One block with lines of 64 characters and an end of line after the last. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function pemError(line: number, message: string): X509Error {
  return new X509Error('ERR_X509_MALFORMED_PEM', `PEM line ${line}: ${message}`)
}
