// Options are parsed once into a complete record: unknown names, wrong types and numbers out of
// range are errors that name the option, what was expected and what came.

import { inspect } from 'node:util'

import { parseTransportOptions } from '@godwit/quic'
import type { ResolvedTransportOptions, TransportOptions } from '@godwit/quic'
import { MIN_HTTP3_STREAM_DATA, MIN_HTTP3_UNI_STREAMS } from './limits.ts'

/** Returns the value as the type it checked for, or throws. Undefined never reaches it. */
export type Check<T> = (name: string, value: unknown) => T

/** What `parseOptions` returns: each option as its check returned it, or undefined. */
export type Parsed<S extends Record<string, Check<unknown>>> = {
  readonly [K in keyof S]: ReturnType<S[K]> | undefined
}

/** Checks every option of `options` against `schema`. */
export function parseOptions<S extends Record<string, Check<unknown>>>(
  options: unknown,
  schema: S,
): Parsed<S> {
  if (typeof options !== 'object' || options === null) throw wrongType('options', 'object', options)
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(schema, name)) continue
    throw new TypeError(`"${name}" is not an option; known: ${Object.keys(schema).join(', ')}`)
  }
  const parsed: Record<string, unknown> = {}
  for (const [name, check] of Object.entries(schema)) {
    const value = (options as Record<string, unknown>)[name]
    parsed[name] = value === undefined ? undefined : check(name, value)
  }
  return Object.freeze(parsed) as Parsed<S> // sound: built from the schema's own checks
}

/** An error that says what an option should have been. */
export function wrongType(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`"${name}" expected ${expected}, got ${describe(value)}`)
}

export function aString(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(name, 'string', value)
  return value
}

export function aBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'boolean', value)
  return value
}

/** Any function; its arguments are its author's business. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the caller declared
export function aFunction<F>(name: string, value: unknown): F {
  if (typeof value !== 'function') throw wrongType(name, 'function', value)
  return value as F // sound: the option's declared type is the only promise there is
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the caller declared
export function anObject<T extends object>(name: string, value: unknown): T {
  if (typeof value !== 'object' || value === null) throw wrongType(name, 'object', value)
  return value as T // sound: its own parser checks the fields
}

export function anInteger(min: number, max: number): Check<number> {
  return (name, value) => {
    if (typeof value !== 'number') throw wrongType(name, `integer ${min}..${max}`, value)
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new RangeError(`"${name}" expected integer ${min}..${max}, got ${value}`)
    }
    return value
  }
}

export const aPort: Check<number> = anInteger(0, 65_535)

/** A time in milliseconds; 0 means never where the option says so. */
export const aDuration: Check<number> = anInteger(0, Number.MAX_SAFE_INTEGER)

export function aNonEmptyStringList(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.some((v) => typeof v !== 'string')) {
    throw wrongType(name, 'non-empty array of strings', value)
  }
  return value as string[] // sound: just checked
}

/** PEM: text, bytes, or an array of either, as in node:tls. */
export type PemInput = string | Uint8Array | readonly (string | Uint8Array)[]

/** One string for each item. The content is looked at by whoever parses it. */
export function aPem(name: string, value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  return items.map((item) => {
    if (typeof item === 'string') return item
    if (item instanceof Uint8Array) return Buffer.from(item).toString('latin1')
    throw wrongType(name, 'PEM as string, Buffer, or array of them', item)
  })
}

/**
 * The options of a transport that HTTP/3 will run on: what is too narrow for its own streams would let
 * every peer wait for ever, so it is refused (RFC 9114 §6.2).
 */
export function parseHttp3Transport(options?: TransportOptions): ResolvedTransportOptions {
  const parsed = parseTransportOptions(options)
  const { initialMaxStreamsUni, initialMaxStreamData, initialMaxData } = parsed
  atLeast('initialMaxStreamsUni', initialMaxStreamsUni, MIN_HTTP3_UNI_STREAMS)
  atLeast('initialMaxStreamData', initialMaxStreamData, MIN_HTTP3_STREAM_DATA)
  atLeast('initialMaxData', initialMaxData, MIN_HTTP3_STREAM_DATA)
  return parsed
}

function atLeast(name: string, value: number, min: number): void {
  if (value >= min) return
  throw new RangeError(`"transport.${name}" expected at least ${min} for HTTP/3, got ${value}`)
}

function describe(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return inspect(value)
  }
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
