// What the QUIC interop runner tells an endpoint, and where it puts files: environment variables
// and mounts. Every place can be moved by a variable of ours, so that endpoints run outside of a
// container too.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Exit status of an endpoint that does not support the test case. */
export const UNSUPPORTED = 127

export const HQ = 'hq-interop'
export const H3 = 'h3'

/** Time for a handshake, ms: in the cases with loss, which last 300 s, many datagrams are lost one after another. */
export const HANDSHAKE_TIMEOUT = 120_000
/** Peers that probe with one PING after each doubled PTO may be silent for long there, ms. */
export const IDLE_TIMEOUT = 120_000

export interface Contract {
  readonly testcase: string
  /** The case itself, where the runner says so (INTEROP_CASE): TESTCASE is `transfer` for many. */
  readonly interopCase: string
  /** URLs that a client fetches. */
  readonly requests: readonly URL[]
  /** Folder that a server serves (WWW, default /www). */
  readonly www: string
  /** Folder that a client writes to (DOWNLOADS, default /downloads). */
  readonly downloads: string
  /** The server's chain and key, and the authority that clients trust, if there is one. */
  readonly cert: string
  readonly key: string
  readonly ca: string | null
  /** Where a server listens (ADDRESS, PORT; default every address, 443). */
  readonly address: string | undefined
  readonly port: number
  /** A client connects here, whatever the host of the URLs resolves to (CONNECT_ADDRESS). */
  readonly connectAddress: string | undefined
  /** Application protocols of a client (ALPN); default: what the case says. */
  readonly alpn: string
}

/** Reads the environment. Throws RangeError for a port that is none. */
export function readContract(env: NodeJS.ProcessEnv): Contract {
  const certs = env['CERTS'] ?? '/certs'
  const ca = env['CA'] ?? join(certs, 'ca.pem')
  const testcase = env['TESTCASE'] ?? 'transfer'
  return {
    testcase,
    interopCase: env['INTEROP_CASE'] ?? testcase,
    requests: (env['REQUESTS'] ?? '')
      .split(/\s+/)
      .filter((text) => text !== '')
      .map((text) => new URL(text)),
    www: env['WWW'] ?? '/www',
    downloads: env['DOWNLOADS'] ?? '/downloads',
    cert: env['CERT'] ?? join(certs, 'cert.pem'),
    key: env['KEY'] ?? join(certs, 'priv.key'),
    ca: existsSync(ca) ? ca : null,
    address: env['ADDRESS'],
    port: parsePort('PORT', env['PORT'] ?? '443'),
    connectAddress: env['CONNECT_ADDRESS'],
    alpn: env['ALPN'] ?? (testcase === 'http3' ? H3 : HQ),
  }
}

function parsePort(name: string, text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new RangeError(`"${name}" expected integer 0..65535, got "${text}"`)
}
