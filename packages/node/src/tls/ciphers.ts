// The option `ciphers`: cipher suites of TLS 1.3 by name, as node:tls takes them.

import {
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  type CipherSuite,
} from '@godwit/crypto'
import { aString } from '../options.ts'

/** RFC 9846 appendix B.4. */
const SUITES: Readonly<Record<string, CipherSuite>> = {
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
}

/** Parses names with colons between, the preferred one first. */
export function aCipherList(option: string, value: unknown): readonly CipherSuite[] {
  return aString(option, value)
    .split(':')
    .map((name) => {
      if (Object.hasOwn(SUITES, name)) return SUITES[name]
      const known = Object.keys(SUITES).join(', ')
      throw new TypeError(
        `"${option}" expected names with colons between of ${known}, got '${name}'`,
      )
    })
}

/** The name of a cipher suite; null when there is none yet. */
export function cipherName(suite: CipherSuite | null): string | null {
  return Object.keys(SUITES).find((name) => SUITES[name] === suite) ?? null
}
