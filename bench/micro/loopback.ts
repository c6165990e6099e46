// Whole connections in memory: what our own code costs, with no socket below it, with and without
// cryptography.

import { createNobleProvider, isSimdAvailable } from '@godwit/crypto'
import type { PacketEngine } from '@godwit/crypto'
import { createNodeProvider } from '@godwit/node'
import { Http3Connection } from '@godwit/http3'
import type { Connection, QuicStream } from '@godwit/quic'
import type * as SimdProviderModule from '../../packages/node/src/crypto/simd-provider.ts'
import { createBareEngine } from '../lib/bare-engine.ts'
import { internal } from '../lib/internal.ts'
import { Loopback } from '../lib/loopback.ts'
import type { LoopbackHost } from '../lib/loopback.ts'
import { median } from '../lib/statistics.ts'
import { figure, formatTable } from '../lib/table.ts'

const { SimdProvider } = await internal<typeof SimdProviderModule>('node/crypto/simd-provider')

const CHUNK = new Uint8Array(65_536)
const IN_FLIGHT = 32

export interface LoopbackResult {
  readonly work: string
  readonly crypto: string
  /** Microseconds per unit of work (packet with data, request): the server's share and the client's. */
  readonly server: number
  readonly client: number
  /** Datagrams of both sides per unit of work. */
  readonly datagrams: number
}

type MakeEngine = (slotCount: number) => PacketEngine

function engines(): [string, MakeEngine][] {
  const list: [string, MakeEngine][] = [['none', (slots) => createBareEngine(slots)]]
  if (isSimdAvailable())
    list.push(['simd', (slots) => new SimdProvider().createPacketEngine(slots)])
  list.push(['node', (slots) => createNodeProvider().createPacketEngine(slots)])
  list.push(['noble', (slots) => createNobleProvider().createPacketEngine(slots)])
  return list
}

const cost = ({ sendTime, receiveTime }: LoopbackHost): number => (sendTime + receiveTime) * 1000

/** Writes as long as the stream takes it. */
function fill(stream: QuicStream, total: number): () => void {
  let left = total
  return () => {
    while (left > 0) {
      const length = Math.min(left, CHUNK.length)
      left -= length
      const more = stream.write(length === CHUNK.length ? CHUNK : CHUNK.subarray(0, length))
      if (left === 0) stream.finish()
      if (!more) return
    }
  }
}

function readAll(stream: QuicStream): number {
  let length = 0
  for (let data = stream.read(); data !== null; data = stream.read()) length += data.length
  return length
}

/** A stream of `bytes` from the server to the client, or the other way. */
function transfer(makeEngine: MakeEngine, upload: boolean, bytes: number): LoopbackResult {
  const loopback = new Loopback(makeEngine)
  const { client, server } = loopback
  let received = 0
  const receive = (_: Connection, event: { type: string; stream?: QuicStream }): void => {
    if (event.type === 'stream-readable') received += readAll(event.stream as QuicStream)
  }
  let write = (): void => {}
  const send = (_: Connection, event: { type: string }): void => {
    if (event.type === 'stream-writable') write()
  }
  const stream = loopback.connection.openStream('bidi') as QuicStream // a server permits 100
  if (upload) {
    client.onEvent = send
    server.onEvent = receive
    write = fill(stream, bytes)
    write()
  } else {
    client.onEvent = receive
    server.onEvent = (connection, event) => {
      if (event.type !== 'stream-opened') return send(connection, event)
      write = fill(event.stream, bytes)
      write()
    }
    stream.write(CHUNK.subarray(0, 1))
    stream.finish()
  }
  const warm = bytes / 4
  if (!loopback.runUntil(() => received >= warm)) throw new Error('the transfer stands still')
  client.resetCounts()
  server.resetCounts()
  const from = received
  if (!loopback.runUntil(() => received >= bytes)) throw new Error('the transfer stands still')
  const sender = upload ? client : server
  const packets = sender.datagramsSent
  if (received - from < bytes / 2) throw new Error('nothing left to measure')
  return {
    work: upload ? 'packet of an upload' : 'packet of a download',
    crypto: '',
    server: cost(server) / packets,
    client: cost(client) / packets,
    datagrams: (client.datagramsSent + server.datagramsSent) / packets,
  }
}

const REQUEST = [':method', 'GET', ':scheme', 'https', ':authority', 'localhost', ':path', '/1k']
const RESPONSE = [
  ':status',
  '200',
  'content-type',
  'application/octet-stream',
  'content-length',
  '1024',
]

/** Requests for 1 kB, 32 in flight, through HTTP/3. */
function requests(makeEngine: MakeEngine, count: number): LoopbackResult {
  const loopback = new Loopback(makeEngine)
  const { client, server } = loopback
  const ours = new Http3Connection(loopback.connection)
  const theirs = new Map<Connection, Http3Connection>()
  const body = CHUNK.subarray(0, 1024)
  let done = 0
  server.onEvent = (connection, event) => {
    let h3 = theirs.get(connection)
    if (h3 === undefined) theirs.set(connection, (h3 = new Http3Connection(connection)))
    h3.handleEvent(event)
    for (let e = h3.pollEvent(); e !== null; e = h3.pollEvent()) {
      if (e.type !== 'request') continue
      e.stream.sendHeaders(RESPONSE)
      e.stream.sendData(body)
      e.stream.finish()
    }
  }
  client.onEvent = (_, event) => {
    ours.handleEvent(event)
    for (let e = ours.pollEvent(); e !== null; e = ours.pollEvent()) {
      if (e.type === 'data') while (e.stream.readData() !== null);
      else if (e.type === 'end') {
        done++
        ours.request(REQUEST, true)
      }
    }
  }
  for (let i = 0; i < IN_FLIGHT; i++) ours.request(REQUEST, true)
  if (!loopback.runUntil(() => done >= count / 4)) throw new Error('requests stand still')
  client.resetCounts()
  server.resetCounts()
  const from = done
  if (!loopback.runUntil(() => done >= count)) throw new Error('requests stand still')
  const units = done - from
  return {
    work: 'request for 1 kB',
    crypto: '',
    server: cost(server) / units,
    client: cost(client) / units,
    datagrams: (client.datagramsSent + server.datagramsSent) / units,
  }
}

export function measureLoopback(smoke: boolean): LoopbackResult[] {
  const results: LoopbackResult[] = []
  const rounds = smoke ? 1 : 5
  const works: ((makeEngine: MakeEngine, scale: number) => LoopbackResult)[] = [
    (makeEngine, scale) => transfer(makeEngine, false, Math.round(scale * 2 ** 24)),
    (makeEngine, scale) => transfer(makeEngine, true, Math.round(scale * 2 ** 24)),
    (makeEngine, scale) => requests(makeEngine, scale * 10_000),
  ]
  for (const work of works) {
    const all = engines().map(([name, makeEngine]) => ({
      name,
      makeEngine,
      list: [] as LoopbackResult[],
    }))
    for (let round = 0; round < rounds; round++) {
      for (const { name, makeEngine, list } of all) {
        const scale = smoke ? 0.05 : name === 'noble' ? 0.2 : 2
        list.push({ ...work(makeEngine, scale), crypto: name })
      }
    }
    for (const { list } of all) {
      results.push({
        ...list[0],
        server: median(list.map(({ server }) => server)),
        client: median(list.map(({ client }) => client)),
      })
    }
  }
  return results
}

export function loopbackTable(results: readonly LoopbackResult[]): string {
  const head = ['us per', 'crypto', 'server', 'client', 'datagrams']
  const rows = results.map(({ work, crypto, server, client, datagrams }) => [
    work,
    crypto,
    figure(server),
    figure(client),
    figure(datagrams),
  ])
  return formatTable(head, rows)
}
