// Every cipher suite with every backend as client and as server: a handshake with TLS and real packets, then
// data both ways. Backends only agree if each is right, so the pairs prove more than each with itself.

import t from 'tap'
import type { CipherSuite } from '@godwit/crypto'
import { pair } from '@godwit/testkit'
import { createClientSession, createServerSession } from '@godwit/tls'
import {
  createDevelopmentAuthority,
  createDevelopmentIdentity,
  loadIdentity,
  TrustStore,
} from '@godwit/x509'
import { selectProvider } from '../../src/crypto/select-provider.ts'
import type { CryptoBackend } from '../../src/crypto/select-provider.ts'

const NOW = Date.UTC(2026, 10, 1)
const BACKENDS: readonly CryptoBackend[] = ['simd', 'node', 'noble']
const SUITES: readonly CipherSuite[] = [0x1301, 0x1302, 0x1303]
/** Enough for full packets, short ones, and keystream ahead. */
const LENGTH = 60_000

const wallClock = (): number => NOW

/** What went wrong between two backends, or null. */
function meet(client: CryptoBackend, server: CryptoBackend, suite: CipherSuite): string | null {
  const ours = selectProvider(client)
  const theirs = selectProvider(server)
  const authority = createDevelopmentAuthority({ crypto: theirs, time: NOW })
  const { certificate, key } = createDevelopmentIdentity({ crypto: theirs, time: NOW, authority })
  const identity = loadIdentity({ certificates: [certificate], key })
  const clientSession = createClientSession({
    crypto: ours,
    serverName: 'localhost',
    alpnProtocols: ['test'],
    trustStore: new TrustStore([authority.certificate]),
    cipherSuites: [suite],
    wallClock,
  })
  const serverSession = createServerSession({
    crypto: theirs,
    selectIdentity: () => identity,
    alpnProtocols: ['test'],
    wallClock,
  })
  // Engines are made for the client first, then for the server.
  const order = [ours, theirs]
  const p = pair({
    provider: theirs,
    engine: (slotCount) => (order.shift() ?? theirs).createPacketEngine(slotCount),
    clientHandshake: () => clientSession,
    serverHandshake: () => serverSession,
  })
  p.server.onAccept = (accepted) => {
    accepted.onEvent = (event) => {
      if (event.type !== 'stream-readable') return
      const record = accepted.stream(event.stream)
      for (const chunk of record.chunks.splice(0)) event.stream.write(chunk)
      if (record.ended) event.stream.finish()
    }
  }
  const { client: connection } = p.establish()
  if (clientSession.cipherSuite !== suite || serverSession.cipherSuite !== suite) {
    return `negotiated ${clientSession.cipherSuite} and ${serverSession.cipherSuite}`
  }
  const data = p.prng.bytes(LENGTH)
  const record = connection.send('bidi', data)
  if (!p.run(() => record.ended)) return `${record.received} bytes came back`
  return Buffer.from(connection.data(record.stream.id)).equals(data) ? null : 'the bytes differ'
}

for (const suite of SUITES) {
  t.test(`RFC 9001 §5: suite 0x${suite.toString(16)} between every two backends`, (t) => {
    for (const client of BACKENDS) {
      for (const server of BACKENDS) {
        t.equal(meet(client, server, suite), null, `${client} to ${server}`)
      }
    }
    t.end()
  })
}
