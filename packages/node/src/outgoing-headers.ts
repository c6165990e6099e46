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

/** Fields by lower-case name; each keeps the spelling that it was set with. */
export class OutgoingHeaders {
  readonly #fields: Map<string, { name: string; value: HeaderValue }>

  constructor() {
    this.#fields = new Map()
  }

  set(name: string, value: HeaderValue): void {
    this.#validate(name, value)
    this.#fields.set(name.toLowerCase(), { name, value })
  }

  append(name: string, value: HeaderValue): void {
    const earlier = this.#fields.get(name.toLowerCase())
    if (earlier === undefined) return this.set(name, value)
    this.#validate(name, value)
    earlier.value = [...valuesOf(earlier.value), ...valuesOf(value)]
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
    return this.#fields.get(name.toLowerCase())?.value
  }

  has(name: string): boolean {
    return this.#fields.has(name.toLowerCase())
  }

  delete(name: string): void {
    this.#fields.delete(name.toLowerCase())
  }

  names(): string[] {
    return [...this.#fields.keys()]
  }

  rawNames(): string[] {
    return Array.from(this.#fields.values(), (field) => field.name)
  }

  toObject(): Record<string, HeaderValue> {
    const object = Object.create(null) as Record<string, HeaderValue>
    for (const [key, field] of this.#fields) object[key] = field.value
    return object
  }

  /** Adds the fields to a flat section, without those that HTTP/3 forbids. */
  writeTo(section: string[]): void {
    for (const [key, field] of this.#fields) {
      if (isConnectionField(key)) continue
      if (Array.isArray(field.value)) {
        for (const value of field.value as readonly string[]) section.push(key, trimmed(value))
      } else {
        section.push(key, trimmed(field.value))
      }
    }
  }

  #validate(name: string, value: HeaderValue): void {
    validateHeaderName(name)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- node checks the type itself
    for (const item of valuesOf(value)) validateHeaderValue(name, item)
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
  return String(value)
    .replace(/^[ \t]+/, '')
    .replace(/[ \t]+$/, '')
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
