// Which CryptoProvider is used: by option, else by GODWIT_CRYPTO, else the fastest that runs here.

import { createNobleProvider, isSimdAvailable } from '@godwit/crypto'
import type { CryptoProvider } from '@godwit/crypto'
import { createNodeProvider } from './provider.ts'
import { SimdProvider } from './simd-provider.ts'

/**
 * - `simd`: packets in WebAssembly SIMD, the rest by node:crypto. The default where it runs.
 * - `node`: node:crypto for everything.
 * - `noble`: @noble for everything, in JavaScript only: the reference, ten times slower.
 */
export type CryptoBackend = 'simd' | 'node' | 'noble'

const BACKENDS: readonly string[] = ['simd', 'node', 'noble']

const PROVIDERS = new Map<CryptoBackend, CryptoProvider>()

/** Parses a backend's name. Throws TypeError that names `option`. */
export function parseBackend(option: string, value: unknown): CryptoBackend {
  if (typeof value === 'string' && BACKENDS.includes(value)) return value as CryptoBackend // one of the three
  throw new TypeError(`"${option}" expected ${BACKENDS.join(', ')}, got ${String(value)}`)
}

/** The provider for `backend`, or for GODWIT_CRYPTO, or the default. One per backend is kept. */
export function selectProvider(backend?: CryptoBackend): CryptoProvider {
  const named = process.env['GODWIT_CRYPTO']
  const wanted =
    backend ??
    (named !== undefined && named !== '' ? parseBackend('GODWIT_CRYPTO', named) : undefined) ??
    (isSimdAvailable() ? 'simd' : 'node')
  const kept = PROVIDERS.get(wanted)
  if (kept !== undefined) return kept
  const provider =
    wanted === 'noble'
      ? createNobleProvider()
      : wanted === 'simd' && isSimdAvailable()
        ? new SimdProvider()
        : createNodeProvider()
  PROVIDERS.set(wanted, provider)
  return provider
}
