// Parts of HTTP/3 that decode: frame headers, SETTINGS, and what makes field lines a message.

import { encodeFieldSection, FieldSectionDecoder, QpackError } from '@godwit/qpack'
import { Http3Error } from '../../../http3/src/errors.ts'
import {
  isAuthority,
  isFieldName,
  isFieldValue,
  isPath,
  isScheme,
  isToken,
  parseContentLength,
} from '../../../http3/src/field-syntax.ts'
import { FrameHeaderReader } from '../../../http3/src/frame-header.ts'
import {
  checkRequestFields,
  checkResponseFields,
  checkTrailerFields,
  MessageHead,
} from '../../../http3/src/message-fields.ts'
import { decodeSettings, encodeSettingsFrame } from '../../../http3/src/settings.ts'
import { fieldValue, headersOf, rawHeadersOf } from '../../../node/src/fields.ts'
import { varintAt } from '../engine/outlines.ts'
import { Script } from '../engine/script.ts'
import { attempt, must, mustMatch } from '../engine/target.ts'
import type { Target } from '../engine/target.ts'

/** Type and length of every header of a stream of headers that comes in pieces. */
function readHeaders(bytes: Uint8Array, sizes: Uint8Array): number[] {
  const reader = new FrameHeaderReader()
  const found: number[] = []
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : 1 + (sizes[i % sizes.length] & 7)
    const end = Math.min(bytes.length, at + size)
    while (at < end) {
      const next = reader.read(bytes, at, end)
      must(next > at && next <= end, 'no step forward')
      at = next
      if (!reader.complete) continue
      found.push(reader.type, reader.length)
      reader.reset()
      must(!reader.started, 'in a header after its end')
    }
  }
  return found
}

export const http3FrameHeader: Target = {
  name: 'http3-frame-header',
  about: 'FrameHeaderReader: in pieces as in one, and as varints read at once',
  maxLength: 64,
  steps: { base: 100, perByte: 40 },
  seeds: () => [Uint8Array.of(1, 2, 0, 5, 1, 0x40, 0x80, 0x80, 0, 1, 0, 0xc0, 0, 0, 0, 0, 0, 0, 9)],
  run(input) {
    const script = new Script(input)
    const sizes = script.take(1 + script.below(4))
    const bytes = script.rest()
    const expected: number[] = []
    for (let at = 0; ;) {
      const type = varintAt(bytes, at)
      const length = type === null ? null : varintAt(bytes, at + type.size)
      if (type === null || length === null) break
      expected.push(type.value, length.value)
      at += type.size + length.size
    }
    mustMatch(readHeaders(bytes, new Uint8Array(0)), expected, 'in one piece')
    mustMatch(readHeaders(bytes, sizes), expected, 'in pieces')
  },
}

const H3_FRAME_ERROR = 0x0106
const H3_SETTINGS_ERROR = 0x0109

export const http3Settings: Target = {
  name: 'http3-settings',
  about: 'decodeSettings: only H3_FRAME_ERROR and H3_SETTINGS_ERROR, against a model',
  maxLength: 300,
  steps: { base: 200, perByte: 40 },
  dictionary: [0x01, 0x06, 0x07, 0x08, 0x33, 0x02, 0x03, 0x04, 0x05],
  seeds: () => [
    encodeSettingsFrame(65_536).slice(2),
    Uint8Array.of(0x06, 0x44, 0, 0x01, 0x50, 0, 0x07, 0x40, 0x64, 0x08, 0x01, 0x33, 0x01),
  ],
  run(input) {
    const { value: settings, error } = attempt(() => decodeSettings(input), Http3Error)
    const pairs: [id: number, value: number][] = []
    let whole = true
    for (let at = 0; at < input.length;) {
      const id = varintAt(input, at)
      const value = id === null ? null : varintAt(input, at + id.size)
      whole = id !== null && value !== null
      if (id === null || value === null) break
      pairs.push([id.value, value.value])
      at += id.size + value.size
    }
    const reserved = pairs.some(([id]) => id === 0 || (id >= 2 && id <= 5))
    const twice = pairs.some(
      ([id], i) => id < 2 ** 53 - 1 && pairs.findIndex(([other]) => other === id) < i,
    )
    const flag = (id: number): number => pairs.find(([other]) => other === id)?.[1] ?? 0
    const wrong = reserved || twice || flag(0x08) > 1 || flag(0x33) > 1
    if (settings === null) {
      must(!whole || wrong, `refused: ${error.message}`)
      const { errorCode } = error
      must(errorCode === H3_SETTINGS_ERROR ? wrong : errorCode === H3_FRAME_ERROR && !whole, 'code')
      return
    }
    must(whole && !wrong, 'accepted what is no SETTINGS')
    const value = (id: number, absent: number): number => {
      const found = pairs.find(([other]) => other === id)?.[1] ?? absent
      return found === Infinity ? found : Math.min(found, Number.MAX_SAFE_INTEGER)
    }
    must(settings.maxFieldSectionSize === value(0x06, Infinity), 'maxFieldSectionSize')
    must(settings.qpackMaxTableCapacity === value(0x01, 0), 'qpackMaxTableCapacity')
    must(settings.qpackBlockedStreams === value(0x07, 0), 'qpackBlockedStreams')
    must(settings.enableConnectProtocol === (flag(0x08) === 1), 'enableConnectProtocol')
    must(settings.h3Datagram === (flag(0x33) === 1), 'h3Datagram')
  },
}

// The grammars of the RFCs as expressions: slow, and plain to read.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const FIELD_VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?)?$/
const AUTHORITY = /^[A-Za-z0-9._~%!$&'()*+,;=:[\]-]+$/
const SCHEME = /^[A-Za-z][A-Za-z0-9+\-.]*$/
const PATH = /^\/[\x21\x22\x24-\x7e\x80-\xff]*$/

function checkSyntax(text: string): void {
  const said = `of ${JSON.stringify(text)}`
  must(isToken(text) === TOKEN.test(text), `isToken ${said}`)
  must(isFieldName(text) === (TOKEN.test(text) && !/[A-Z]/.test(text)), `isFieldName ${said}`)
  must(isFieldValue(text) === FIELD_VALUE.test(text), `isFieldValue ${said}`)
  must(isAuthority(text) === AUTHORITY.test(text), `isAuthority ${said}`)
  must(isScheme(text) === SCHEME.test(text), `isScheme ${said}`)
  must(isPath(text) === PATH.test(text), `isPath ${said}`)
  const length = /^\d{1,16}$/.test(text) && BigInt(text) <= 2n ** 53n - 1n ? Number(text) : -1
  must(parseContentLength(text) === length, `parseContentLength ${said}`)
}

const decoder = new FieldSectionDecoder()

export const http3Fields: Target = {
  name: 'http3-fields',
  about:
    'field lines as request, response and trailers: grammars against expressions; Node objects',
  maxLength: 1024,
  steps: { base: 4000, perByte: 1600 },
  dictionary: [
    ':method',
    ':scheme',
    ':authority',
    ':path',
    ':status',
    ':protocol',
    'host',
    'te',
    'trailers',
    'connection',
    'content-length',
    'transfer-encoding',
    'CONNECT',
    'OPTIONS',
    '*',
    'https',
    '[::1]:443',
    'set-cookie',
    'cookie',
    '__proto__',
    'constructor',
    '101',
    '199',
  ],
  seeds: () => [
    encodeFieldSection([
      ':method',
      'GET',
      ':scheme',
      'https',
      ':authority',
      'a.b:8',
      ':path',
      '/x?y',
      'host',
      'a.b:8',
      'te',
      'trailers',
      'content-length',
      '4',
      'cookie',
      'a',
      'cookie',
      'b',
    ]),
    encodeFieldSection([':method', 'CONNECT', ':authority', 'a.b:443']),
    encodeFieldSection([
      ':status',
      '200',
      'set-cookie',
      'a',
      'set-cookie',
      'b',
      'age',
      '1',
      'age',
      '2',
    ]),
    encodeFieldSection(['x-trailer', 'value', '__proto__', 'x']),
  ],
  run(input) {
    const { value: fields } = attempt(() => decoder.decode(input), QpackError)
    if (fields === null) return
    for (const text of fields) checkSyntax(text)
    const head = new MessageHead()
    const request = checkRequestFields(fields, head)
    if (request === null) {
      must(TOKEN.test(head.method) && head.contentLength >= -1, 'a request without a method')
      must(fieldValue(fields, ':method') === head.method, 'another method')
      must(fields.filter((name, i) => i % 2 === 0 && name === 'host').length < 2, 'two hosts')
    }
    const response = checkResponseFields(fields, head)
    if (response === null) must(head.status >= 100 && head.status <= 999, `status ${head.status}`)
    must(request !== null || response !== null, 'a request that is a response')
    const trailers = checkTrailerFields(fields)
    const names = fields.filter((_, i) => i % 2 === 0)
    const values = fields.filter((_, i) => i % 2 === 1)
    const plain = names.every((name) => TOKEN.test(name) && !/[A-Z]/.test(name))
    if (trailers === null) must(plain && values.every((v) => FIELD_VALUE.test(v)), 'trailers')
    if (request === null || response === null || trailers === null) checkObjects(fields)
  },
}

// What handlers see: nothing lost but pseudo-headers and repetitions of single fields, no prototype.
function checkObjects(fields: readonly string[]): void {
  const headers = headersOf(fields)
  const raw = rawHeadersOf(fields)
  must(Object.getPrototypeOf(headers) === null, 'headers with a prototype')
  const names = new Set(raw.filter((_, i) => i % 2 === 0))
  mustMatch(Object.keys(headers).sort(), [...names].sort(), 'names')
  for (const name of names) {
    const values = raw.filter((_, i) => i % 2 === 1 && raw[i - 1] === name)
    const value = headers[name]
    const joined = Array.isArray(value) ? value : [value]
    must(name === 'set-cookie' ? joined.length === values.length : joined.length === 1, name)
    must(String(joined[0]).startsWith(values[0]), `${name} does not begin with its first value`)
  }
}
