// The headers of a message before it is sent, with the methods and rules of node:http's
// OutgoingMessage.

import { validateHeaderName, validateHeaderValue } from 'node:http'

import { isConnectionField } from './fields.ts'

export type HeaderValue = number | string | readonly string[]

/** Header fields as an object, an array of pairs, or flat: name, value, name, value… */
export type HeadersInput =
  | Readonly<Record<string, HeaderValue | undefined>>
  | Iterable<readonly [string, HeaderValue]>
  | readonly (string | HeaderValue)[]

/** Items of one field in the list: lower-case name, name as it was spelt, value. */
const STEP = 3

/** Fields by lower-case name; each keeps the spelling that it was set with. */
export class OutgoingHeaders {
  // Messages have a dozen fields: a list is smaller than a Map, and found as fast.
  readonly #items: HeaderValue[]

  constructor() {
    this.#items = []
  }

  set(name: string, value: HeaderValue): void {
    validate(name, value)
    const key = name.toLowerCase()
    const at = this.#find(key)
    if (at < 0) {
      this.#items.push(key, name, value)
    } else {
      this.#items[at + 1] = name
      this.#items[at + 2] = value
    }
  }

  append(name: string, value: HeaderValue): void {
    const at = this.#find(name.toLowerCase())
    if (at < 0) return this.set(name, value)
    validate(name, value)
    this.#items[at + 2] = [...valuesOf(this.#items[at + 2]), ...valuesOf(value)]
  }

  /** Sets every field of `headers`; those of one name replace what was set before. */
  assign(headers: HeadersInput): void {
    const seen = new Set<string>()
    for (const [name, value] of pairsOf(headers)) {
      const key = name.toLowerCase()
      if (seen.has(key)) this.append(name, value)
      else this.set(name, value)
      seen.add(key)
    }
  }

  get(name: string): HeaderValue | undefined {
    const at = this.#find(name.toLowerCase())
    return at < 0 ? undefined : this.#items[at + 2]
  }

  has(name: string): boolean {
    return this.#find(name.toLowerCase()) >= 0
  }

  delete(name: string): void {
    const at = this.#find(name.toLowerCase())
    if (at >= 0) this.#items.splice(at, STEP)
  }

  names(): string[] {
    return this.#column(0)
  }

  rawNames(): string[] {
    return this.#column(1)
  }

  toObject(): Record<string, HeaderValue> {
    const object = Object.create(null) as Record<string, HeaderValue>
    const items = this.#items
    for (let at = 0; at < items.length; at += STEP) object[items[at] as string] = items[at + 2]
    return object
  }

  /**
   * Adds the fields to a flat section, without those that HTTP/3 forbids. `withoutLength`: nor
   * content-length.
   */
  writeTo(section: string[], withoutLength: boolean = false): void {
    const items = this.#items
    for (let at = 0; at < items.length; at += STEP) {
      const key = items[at] as string
      const value = items[at + 2]
      if (isConnectionField(key) || (withoutLength && key === 'content-length')) continue
      if (Array.isArray(value)) {
        for (const one of value as readonly string[]) section.push(key, trimmed(one))
      } else {
        section.push(key, trimmed(value))
      }
    }
  }

  /** Where the field begins in the list, or -1. */
  #find(key: string): number {
    const items = this.#items
    for (let at = 0; at < items.length; at += STEP) if (items[at] === key) return at
    return -1
  }

  #column(offset: number): string[] {
    const column: string[] = []
    for (let at = offset; at < this.#items.length; at += STEP) column.push(String(this.#items[at]))
    return column
  }
}

function validate(name: string, value: HeaderValue): void {
  validateHeaderName(name)
  if (Array.isArray(value)) {
    for (const item of value as readonly string[]) validateHeaderValue(name, item)
  } else {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- node checks the type itself
    validateHeaderValue(name, value as string)
  }
}

/** The fields of `headers`, flat, with lower-case names. Used for trailers and early hints. */
export function fieldsOf(headers: HeadersInput): string[] {
  const outgoing = new OutgoingHeaders()
  outgoing.assign(headers)
  const section: string[] = []
  outgoing.writeTo(section)
  return section
}

// RFC 9110 §5.5: spaces and tabs around a value are not part of it. HTTP/1.1 lets them pass, HTTP/3
// must not send them, and a handler that reflects input cannot be expected to know.
function trimmed(value: unknown): string {
  const text = String(value)
  if (!isBlank(text.charCodeAt(0)) && !isBlank(text.charCodeAt(text.length - 1))) return text
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
}

function isBlank(character: number): boolean {
  return character === 0x20 || character === 0x09
}

function valuesOf(value: HeaderValue): string[] {
  return Array.isArray(value) ? [...(value as readonly string[])] : [value as string]
}

function* pairsOf(headers: HeadersInput): Generator<readonly [string, HeaderValue]> {
  if (Array.isArray(headers)) {
    const list = headers as readonly unknown[]
    if (Array.isArray(list[0])) {
      yield* list as readonly (readonly [string, HeaderValue])[]
      return
    }
    if (list.length % 2 !== 0) {
      throw new TypeError(`"headers" expected name and value in turn, got ${list.length} items`)
    }
    for (let at = 0; at < list.length; at += 2) {
      yield [list[at] as string, list[at + 1] as HeaderValue]
    }
  } else if (Symbol.iterator in headers) {
    yield* headers as Iterable<readonly [string, HeaderValue]>
  } else {
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) yield [name, value as HeaderValue]
    }
  }
}
