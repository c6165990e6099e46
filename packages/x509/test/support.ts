// Loads the vectors, and verifies chains of them by name.

import { readFileSync } from 'node:fs'
import { createNobleProvider } from '@godwit/crypto'
import type { CryptoProvider } from '@godwit/crypto'
import {
  type Certificate,
  parsePemCertificates,
  TrustStore,
  verifyCertificateChain,
  X509Error,
} from '@godwit/x509'

export const crypto: CryptoProvider = createNobleProvider((length) => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i += 1) bytes[i] = nextByte()
  return bytes
})

// xorshift32: reproducible keys and serial numbers.
let state = 0x1234567
function nextByte(): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return state & 0xff
}

/** 2030-01-01T00:00:00Z. */
export const TIME = 1_893_456_000_000

export const readVector = (name: string): string =>
  readFileSync(new URL(`vectors/${name}.pem`, import.meta.url), 'utf8')

/** DER of a vector. */
export const der = (name: string): Uint8Array => parsePemCertificates(readVector(name))[0]

export interface Given {
  serverName?: string | null
  usage?: 'server' | 'client'
  time?: number
  crypto?: CryptoProvider
}

/** Verifies vectors named in `chain` (separated by spaces) against the roots named likewise. */
export function verify(chain: string, roots: string, given: Given = {}): Certificate[] {
  const names = (text: string): Uint8Array[] => text.split(' ').filter(Boolean).map(der)
  return verifyCertificateChain({
    chain: names(chain),
    trustStore: new TrustStore(names(roots)),
    serverName: 'example.org',
    usage: 'server',
    time: TIME,
    crypto,
    ...given,
  })
}

/** The X509Error that `run` throws; anything else is a failure. */
export function errorOf(run: () => unknown): X509Error {
  try {
    run()
  } catch (error) {
    if (error instanceof X509Error) return error
    throw error
  }
  throw new Error('expected an X509Error, nothing was thrown')
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const unhex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'))
