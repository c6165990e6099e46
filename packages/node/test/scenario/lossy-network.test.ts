// TLS, packet protection and QUIC as users run them, over a bad network in virtual time. A failing
// seed replays alone: set SEED in the environment.

import t from 'tap'
import { chain, corrupt, delay, duplicate, loss, pair, Prng, reorder } from '@godwit/testkit'
import type { NetworkNode } from '@godwit/testkit'
import { createClientSession, createServerSession } from '@godwit/tls'
import {
  createDevelopmentAuthority,
  createDevelopmentIdentity,
  loadIdentity,
  TrustStore,
} from '@godwit/x509'
import { selectProvider } from '../../src/crypto/select-provider.ts'

const NOW = Date.UTC(2026, 10, 1)
const SEEDS = 100
const MEGABYTE = 1_000_000
/** Ten minutes of virtual time: backoff at 10 % loss both ways takes long now and then. */
const DEADLINE = 600_000

const provider = selectProvider()
const authority = createDevelopmentAuthority({ crypto: provider, time: NOW })
const { certificate, key } = createDevelopmentIdentity({ crypto: provider, time: NOW, authority })
const identity = loadIdentity({ certificates: [certificate], key })
const trustStore = new TrustStore([authority.certificate])
const wallClock = (): number => NOW

function badNetwork(seed: number): NetworkNode {
  const prng = new Prng(seed)
  return chain(
    delay(15, 5, prng.fork()),
    loss(0.1, prng.fork()),
    reorder(0.1, 20, prng.fork()),
    duplicate(0.05, prng.fork(), 2),
    corrupt(0.02, prng.fork()),
  )
}

/** Handshake, a megabyte up, the same megabyte back. Returns what went wrong, or null. */
function life(seed: number): string | null {
  const p = pair({
    seed,
    provider,
    engine: (slotCount) => provider.createPacketEngine(slotCount),
    toServer: badNetwork(seed * 2),
    toClient: badNetwork(seed * 2 + 1),
    client: { handshakeTimeout: DEADLINE },
    server: { handshakeTimeout: DEADLINE },
    clientHandshake: () =>
      createClientSession({
        crypto: provider,
        serverName: 'localhost',
        alpnProtocols: ['test'],
        trustStore,
        wallClock,
      }),
    serverHandshake: () =>
      createServerSession({
        crypto: provider,
        selectIdentity: () => identity,
        alpnProtocols: ['test'],
        wallClock,
      }),
  })
  p.server.onAccept = (accepted) => {
    accepted.onEvent = (event) => {
      if (event.type !== 'stream-readable') return
      const record = accepted.stream(event.stream)
      for (const chunk of record.chunks.splice(0)) event.stream.write(chunk)
      if (record.ended) event.stream.finish()
    }
  }
  const client = p.connect()
  if (!p.run(() => client.has('connected') || client.has('closed'), DEADLINE)) return 'no handshake'
  const error = client.closeError
  if (error !== undefined) return `closed in the handshake: ${String(error)}`
  const data = p.prng.bytes(MEGABYTE)
  const record = client.send('bidi', data)
  if (!p.run(() => record.ended || client.has('closed'), DEADLINE))
    return `${record.received} bytes came back`
  if (!record.ended) return `closed: ${String(client.closeError)}`
  return Buffer.from(client.data(record.stream.id)).equals(data) ? null : 'the bytes differ'
}

t.test(
  'handshake and 1 MB each way at 10 % loss, reordering, duplication and 2 % corruption',
  (t) => {
    const given = process.env['SEED']
    const seeds =
      given === undefined ? Array.from({ length: SEEDS }, (_, i) => i + 1) : [Number(given)]
    for (const seed of seeds) t.equal(life(seed), null, `seed ${seed}`)
    t.end()
  },
)
