// godwit as a client of the QUIC interop runner: fetches REQUESTS into /downloads as TESTCASE says.
// Variables: interop/lib/contract.ts.

import { lookup } from 'node:dns/promises'
import { createWriteStream, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { closeIdleConnections, connect } from '@godwit/node'
import { openQuicClient } from '@godwit/node/quic'
import type { QuicConnectOptions } from '@godwit/node/quic'
import { H3, HANDSHAKE_TIMEOUT, IDLE_TIMEOUT, readContract, UNSUPPORTED } from '../lib/contract.ts'
import { fetchHq } from './hq-client.ts'
import type { Download } from './hq-client.ts'

const SUPPORTED = new Set([
  'handshake',
  'transfer',
  'chacha20',
  'keyupdate',
  'http3',
  'multiconnect',
])
/** Cases whose TESTCASE is `transfer`, but that ask more of a client: to move to another address. */
const LACKS = new Set(['connectionmigration'])
const CHACHA20 = { code: 0x1303, name: 'TLS_CHACHA20_POLY1305_SHA256' } as const // RFC 9846 appendix B.4
/** How often a key update is tried until it is possible, in ms. */
const UPDATE_INTERVAL = 1

const contract = readContract(process.env)
if (!SUPPORTED.has(contract.testcase) || LACKS.has(contract.interopCase)) {
  console.error(`test case ${contract.interopCase} is not supported`)
  process.exit(UNSUPPORTED)
}
const [first] = contract.requests
if (first === undefined) {
  console.error('REQUESTS is empty: nothing to fetch')
  process.exit(1)
}

const hostname = first.hostname.replace(/^\[(.*)\]$/, '$1')
const { address, family } = await lookup(contract.connectAddress ?? hostname)
const port = first.port === '' ? 443 : Number(first.port)
// Without an authority there is nobody to verify against: the runner's own certificates come with one.
const ca = contract.ca === null ? undefined : readFileSync(contract.ca)
const transport = { handshakeTimeout: HANDSHAKE_TIMEOUT, maxIdleTimeout: IDLE_TIMEOUT }

const fileOf = (url: URL): string => join(contract.downloads, basename(url.pathname))

async function fetchByHq(): Promise<void> {
  const host = await openQuicClient(family === 6 ? 6 : 4, (error) => console.error(error))
  const options: QuicConnectOptions = {
    address,
    port,
    servername: hostname,
    alpnProtocols: [contract.alpn],
    transport,
    ...(ca === undefined ? {} : { ca }),
    ...(contract.testcase === 'chacha20' ? { cipherSuites: [CHACHA20.code] } : {}),
  }
  const downloads: readonly Download[] = contract.requests.map((url) => ({
    path: url.pathname,
    file: fileOf(url),
  }))
  if (contract.testcase === 'multiconnect') {
    for (const download of downloads) await fetchHq(host, options, [download])
  } else {
    const onConnection = contract.testcase === 'keyupdate' ? updateKeysOf : undefined
    await fetchHq(host, options, downloads, onConnection)
  }
  await host.close(0, '')
}

/** Updates the keys as soon as that is possible. */
function updateKeysOf(connection: { updateKeys(): boolean }): void {
  const timer = setInterval(() => {
    if (connection.updateKeys()) clearInterval(timer)
  }, UPDATE_INTERVAL)
  timer.unref()
}

async function fetchByH3(urls: readonly URL[]): Promise<void> {
  const session = await connect(`https://${first.host}`, {
    family,
    connectTimeout: HANDSHAKE_TIMEOUT,
    transport,
    lookup: (_hostname, _options, callback) => callback(null, [{ address, family }]),
    ...(ca === undefined ? {} : { ca }),
    ...(contract.testcase === 'chacha20' ? { ciphers: CHACHA20.name } : {}),
  })
  if (contract.testcase === 'keyupdate') updateKeysOf(session)
  await Promise.all(
    urls.map(async (url) => {
      const response = await session.fetch(url)
      if (response.status !== 200 || response.body === null) {
        throw new Error(`${url.href}: status ${response.status}`)
      }
      await pipeline(response.body, createWriteStream(fileOf(url)))
    }),
  )
  await new Promise<void>((resolve) => {
    session.close(resolve)
  })
}

try {
  if (contract.alpn !== H3) {
    await fetchByHq()
  } else if (contract.testcase === 'multiconnect') {
    for (const url of contract.requests) await fetchByH3([url])
  } else {
    await fetchByH3(contract.requests)
  }
  await closeIdleConnections()
} catch (error) {
  console.error(error)
  // Last, and on a line of its own, since tables of results show the last line.
  console.error(reasonOf(error))
  process.exit(1)
}

/** The codes and messages of an error and of its causes, on one line. */
function reasonOf(error: unknown): string {
  const reasons: string[] = []
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code, message } = at as NodeJS.ErrnoException
    reasons.push(code === undefined ? message : `${message} (${code})`)
  }
  return reasons.length === 0 ? String(error) : reasons.join(', because: ')
}
