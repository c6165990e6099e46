// Takes hellos and extension blocks apart and puts them together again, so that a test can change one
// thing. Written apart from the codecs under test.

import { concat, message } from './support.ts'

export type Extension = [type: number, data: number[]]

export interface EditableHello {
  version: number
  random: number[]
  sessionId: number[]
  /** A list for a ClientHello, one for a ServerHello. */
  suites: number[]
  /** A list for a ClientHello, one for a ServerHello. */
  compression: number[]
  extensions: Extension[] | null
}

const u16 = (value: number): number[] => [value >>> 8, value & 0xff]

export function parseExtensions(bytes: readonly number[]): Extension[] {
  const extensions: Extension[] = []
  for (let at = 2; at < bytes.length;) {
    const length = (bytes[at + 2] << 8) | bytes[at + 3]
    extensions.push([(bytes[at] << 8) | bytes[at + 1], bytes.slice(at + 4, at + 4 + length)])
    at += 4 + length
  }
  return extensions
}

export function buildExtensions(extensions: readonly Extension[]): number[] {
  const block = extensions.flatMap(([type, data]) => [...u16(type), ...u16(data.length), ...data])
  return [...u16(block.length), ...block]
}

/** Changes a ClientHello (type 1) or ServerHello (type 2). */
export function editHello(raw: Uint8Array, edit: (hello: EditableHello) => void): Uint8Array {
  const isClient = raw[0] === 1
  const body = [...raw.subarray(4)]
  const take = (length: number): number[] => body.splice(0, length)
  const [a, b] = take(2)
  const random = take(32)
  const sessionId = take(take(1)[0])
  const suiteBytes = isClient ? take((take(1)[0] << 8) | take(1)[0]) : take(2)
  const suites: number[] = []
  for (let i = 0; i < suiteBytes.length; i += 2)
    suites.push((suiteBytes[i] << 8) | suiteBytes[i + 1])
  const compression = isClient ? take(take(1)[0]) : take(1)
  const hello: EditableHello = {
    version: (a << 8) | b,
    random,
    sessionId,
    suites,
    compression,
    extensions: parseExtensions(body),
  }
  edit(hello)
  const suitesOut = hello.suites.flatMap(u16)
  return message(raw[0], [
    ...u16(hello.version),
    ...hello.random,
    hello.sessionId.length,
    ...hello.sessionId,
    ...(isClient ? u16(suitesOut.length) : []),
    ...suitesOut,
    ...(isClient ? [hello.compression.length] : []),
    ...hello.compression,
    ...(hello.extensions === null ? [] : buildExtensions(hello.extensions)),
  ])
}

/** Replaces the data of an extension, appends it when absent, removes it for null. */
export function setExtension(hello: EditableHello, type: number, data: number[] | null): void {
  const extensions = hello.extensions ?? []
  const at = extensions.findIndex((extension) => extension[0] === type)
  if (data === null) {
    if (at >= 0) extensions.splice(at, 1)
  } else if (at >= 0) extensions[at] = [type, data]
  else extensions.push([type, data])
  hello.extensions = extensions
}

/** Replaces one message of a flight. */
export function replaceMessage(
  messages: readonly Uint8Array[],
  type: number,
  replace: (old: Uint8Array) => Uint8Array,
): Uint8Array {
  return concat(messages.map((old) => (old[0] === type ? replace(old) : old)))
}
