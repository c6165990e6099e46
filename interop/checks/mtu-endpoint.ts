// Both ends of the checks of path MTU discovery (mtu.ts), each a process of its own in a namespace of its
// own.
//   server PORT CERT KEY               serves on every address
//   client ADDRESS PORT CA TIMES [pause]   that many connections, one after another; prints a line of JSON
// With `pause` the client says "half" in the middle of its upload, and goes on at SIGUSR2.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { connect, serve } from '@godwit/node'
import { Prng } from '@godwit/testkit'

const SIZE = 10_000_000
const BLOCK = 50_000

/** What one connection of the client came to. */
export interface MtuResult {
  /** Bytes of the largest datagrams at the end: the client's, and the server's. */
  readonly client: number
  readonly server: number
  /** Whether the bytes arrived unchanged, both ways. */
  readonly whole: boolean
}

const block = Buffer.from(new Prng(1).bytes(BLOCK))

/** The blocks differ, so that no piece can pass for another. */
function* blocks(): Generator<Buffer> {
  for (let at = 0; at < SIZE; at += BLOCK) {
    const piece = Buffer.from(block)
    piece.writeUInt32BE(at)
    yield piece
  }
}

const wanted = createHash('sha256')
for (const piece of blocks()) wanted.update(piece)
const WANTED = wanted.digest('hex')

async function digest(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of body) hash.update(piece)
  return hash.digest('hex')
}

async function startServer([port, cert, key]: readonly string[]): Promise<void> {
  await serve({
    port: Number(port),
    cert: readFileSync(cert),
    key: readFileSync(key),
    fetch: async (request, info) => {
      if (request.method === 'POST' && request.body !== null) {
        return new Response(await digest(request.body))
      }
      switch (new URL(request.url).pathname) {
        case '/size':
          return new Response(` ${info.stats()?.maxDatagramSize}`)
        case '/digest':
          return new Response(WANTED)
        default:
          return new Response(ReadableStream.from(blocks()))
      }
    },
  })
  console.log('listening')
}

async function* upload(pause: boolean): AsyncGenerator<Buffer> {
  let sent = 0
  for (const piece of blocks()) {
    yield piece
    sent += piece.length
    if (!pause || sent !== SIZE / 2) continue
    const go = once(process, 'SIGUSR2')
    console.log('half')
    await go
  }
}

async function runClient([address, port, ca, times, pause]: readonly string[]): Promise<void> {
  const family = isIP(address)
  const results: MtuResult[] = []
  for (let n = 0; n < Number(times); n++) {
    const origin = `https://localhost:${port}`
    const session = await connect(origin, {
      family: family === 6 ? 6 : 4,
      ca: readFileSync(ca),
      lookup: (_hostname, _options, callback) => callback(null, [{ address, family }]),
    })
    const body = ReadableStream.from(upload(pause === 'pause'))
    const sent = await session.fetch(`${origin}/`, { method: 'POST', body, duplex: 'half' })
    const up = await sent.text()
    const got = await session.fetch(`${origin}/`)
    const down = got.body === null ? '' : await digest(got.body)
    const size = await session.fetch(`${origin}/size`)
    results.push({
      client: session.stats.maxDatagramSize,
      server: Number(await size.text()),
      whole: up === WANTED && down === WANTED,
    })
    await new Promise<void>((resolve) => {
      session.close(resolve)
    })
  }
  console.log(JSON.stringify(results))
}

const [role, ...rest] = process.argv.slice(2)
await (role === 'server' ? startServer(rest) : runClient(rest))
