// Loads the WebAssembly module that assembly/ is compiled to.

import { PLAIN, RELAXED } from './module.ts'

/** The functions of assembly/index.ts. Addresses and lengths are bytes; nothing is checked there. */
export interface SimdExports {
  aesInit(context: number, key: number, keyLength: number, iv: number, hp: number): void
  counters(
    target: number,
    context: number,
    pnHigh: number,
    pnLow: number,
    blocks: number,
    packets: number,
  ): void
  keystream(target: number, context: number, pnHigh: number, pnLow: number, blocks: number): void
  aesProtect(
    context: number,
    packet: number,
    pnOffset: number,
    pnLength: number,
    length: number,
    pnHigh: number,
    pnLow: number,
    keystream: number,
  ): void
  aesUnmask(context: number, packet: number, pnOffset: number): number
  aesUnprotect(
    context: number,
    packet: number,
    headerLength: number,
    length: number,
    pnHigh: number,
    pnLow: number,
    keystream: number,
  ): number
  chachaProtect(
    context: number,
    packet: number,
    pnOffset: number,
    pnLength: number,
    length: number,
    pnHigh: number,
    pnLow: number,
  ): void
  chachaUnmask(context: number, packet: number, pnOffset: number): number
  chachaUnprotect(
    context: number,
    packet: number,
    headerLength: number,
    length: number,
    pnHigh: number,
    pnLow: number,
  ): number
  hmacSha256(key: number, keyLength: number, message: number, length: number, target: number): void
}

interface WasmMemory {
  readonly buffer: ArrayBuffer
}

// The part of the WebAssembly API that is used; the es2023 library has no types for it.
declare const WebAssembly:
  | {
      validate(bytes: Uint8Array): boolean
      Memory: new (options: { initial: number; maximum: number }) => WasmMemory
      Module: new (bytes: Uint8Array) => object
      Instance: new (
        module: object,
        imports: { env: { memory: WasmMemory; abort: () => void } },
      ) => { readonly exports: unknown }
    }
  | undefined

export type SimdVariant = 'plain' | 'relaxed'

const PAGE = 65536

function decodeBase64(text: string): Uint8Array {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const values = new Uint8Array(128)
  for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const out = new Uint8Array((text.length / 4) * 3 - padding)
  let at = 0
  for (let i = 0; i < text.length; i += 4) {
    const n =
      (values[text.charCodeAt(i)] << 18) |
      (values[text.charCodeAt(i + 1)] << 12) |
      (values[text.charCodeAt(i + 2) & 127] << 6) |
      values[text.charCodeAt(i + 3) & 127]
    if (at < out.length) out[at++] = n >>> 16
    if (at < out.length) out[at++] = n >>> 8
    if (at < out.length) out[at++] = n
  }
  return out
}

const modules = new Map<SimdVariant, object | null>()

function compile(variant: SimdVariant): object | null {
  let module = modules.get(variant)
  if (module === undefined) {
    module = null
    if (typeof WebAssembly !== 'undefined') {
      const bytes = decodeBase64(variant === 'plain' ? PLAIN : RELAXED)
      if (WebAssembly.validate(bytes)) module = new WebAssembly.Module(bytes)
    }
    modules.set(variant, module)
  }
  return module
}

/** The fastest variant that this JavaScript engine runs, or null without WebAssembly SIMD. */
export function bestVariant(): SimdVariant | null {
  if (compile('relaxed') !== null) return 'relaxed'
  if (compile('plain') !== null) return 'plain'
  return null
}

/** An instance on a memory of its own of at least `byteLength` bytes, which never grows. */
export function instantiate(
  variant: SimdVariant,
  byteLength: number,
): { readonly exports: SimdExports; readonly bytes: Uint8Array } {
  const module = compile(variant)
  if (module === null || typeof WebAssembly === 'undefined') {
    throw new RangeError(`this JavaScript engine does not run the ${variant} SIMD module`)
  }
  const pages = Math.ceil(byteLength / PAGE)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const abort = (): void => {
    throw new Error('assertion failed in the SIMD engine')
  }
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } })
  // The exports are those of assembly/index.ts, from which the module was built.
  return { exports: instance.exports as SimdExports, bytes: new Uint8Array(memory.buffer) }
}
