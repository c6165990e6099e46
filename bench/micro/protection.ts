// Packet protection by backend, interleaved, so that their ratio can be believed: sealing alone, and
// sealing with opening what was sealed (opening needs a packet that nobody has opened before).

import {
  cipherSuiteParameters,
  createNobleProvider,
  isSimdAvailable,
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
} from '@godwit/crypto'
import type { CipherSuite, CryptoProvider, PacketKey } from '@godwit/crypto'
import { createNodeProvider } from '@godwit/node'
import type * as SimdProviderModule from '../../packages/node/src/crypto/simd-provider.ts'
import { internal } from '../lib/internal.ts'
import { measure } from '../lib/measure.ts'
import type { Case } from '../lib/measure.ts'
import { figure, formatTable } from '../lib/table.ts'

const { SimdProvider } = await internal<typeof SimdProviderModule>('node/crypto/simd-provider')

const SUITES: readonly (readonly [CipherSuite, string])[] = [
  [TLS_AES_128_GCM_SHA256, 'AES-128-GCM'],
  [TLS_AES_256_GCM_SHA384, 'AES-256-GCM'],
  [TLS_CHACHA20_POLY1305_SHA256, 'ChaCha20-Poly1305'],
]
/** Bytes of whole packets: an ACK, a small response, a full packet. */
const SIZES = [40, 300, 1350]
const PN_OFFSET = 9
const PN_LENGTH = 2
const HEADER = PN_OFFSET + PN_LENGTH
const TAG = 16

export interface ProtectionResult {
  readonly suite: string
  readonly size: number
  readonly work: 'seal' | 'seal+open'
  /** Microseconds by backend: median, and the tenth percentile for the quiet machine. */
  readonly backends: Readonly<Record<string, { median: number; p10: number; timesNode: number }>>
}

/** A key pair of one direction on an engine of its own, and a packet to work on. */
function makeCase(provider: CryptoProvider, suite: CipherSuite, size: number, open: boolean): Case {
  const { keyLength } = cipherSuiteParameters(suite)
  const engine = provider.createPacketEngine(1)
  const { bytes, base } = engine.memory
  const make = (): PacketKey =>
    engine.createPacketKey(
      suite,
      new Uint8Array(keyLength).fill(1),
      new Uint8Array(12).fill(2),
      new Uint8Array(keyLength).fill(3),
    )
  const seal = make()
  const opener = make()
  const payload = size - HEADER - TAG
  let packetNumber = 0
  const run = (count: number): number => {
    let good = 0
    for (let i = 0; i < count; i++) {
      packetNumber++
      bytes[base] = 0x40 | (PN_LENGTH - 1)
      bytes[base + PN_OFFSET] = packetNumber >>> 8
      bytes[base + PN_OFFSET + 1] = packetNumber
      seal.protect(base, base + PN_OFFSET, PN_LENGTH, payload, packetNumber)
      if (open) {
        opener.removeHeaderProtection(base, base + PN_OFFSET)
        if (opener.unprotect(base, HEADER, payload, packetNumber)) good++
      }
    }
    if (open && good !== count) throw new Error(`${provider.name}: a packet did not open`)
    return good
  }
  return { name: provider.name, run }
}

export function measureProtection(smoke: boolean): ProtectionResult[] {
  const providers: CryptoProvider[] = [createNodeProvider(), createNobleProvider()]
  if (isSimdAvailable()) providers.push(new SimdProvider())
  const results: ProtectionResult[] = []
  for (const [suite, name] of SUITES) {
    for (const size of SIZES) {
      for (const open of [false, true]) {
        const cases = providers.map((provider) => makeCase(provider, suite, size, open))
        const figures = measure(cases, smoke ? 1 : 60)
        results.push({
          suite: name,
          size,
          work: open ? 'seal+open' : 'seal',
          backends: Object.fromEntries(
            figures.map(({ name, median, p10, ratio }) => [
              name,
              { median, p10, timesNode: ratio },
            ]),
          ),
        })
      }
    }
  }
  return results
}

export function protectionTable(results: readonly ProtectionResult[]): string {
  const names = Object.keys(results[0].backends)
  const head = ['us per packet', 'bytes', 'work', ...names, 'simd p10', 'simd : node']
  const rows = results.map(({ suite, size, work, backends }) => [
    suite,
    String(size),
    work,
    ...names.map((name) => figure(backends[name].median)),
    figure(backends['simd']?.p10),
    figure(backends['simd']?.timesNode),
  ])
  return formatTable(head, rows)
}
