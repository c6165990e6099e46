// Sends that wait in libuv's queue. The flag that brings this about works for threads as well.
import { Socket } from 'node:dgram'
import { fileURLToPath } from 'node:url'
import { isMainThread, Worker } from 'node:worker_threads'
import t from 'tap'
import { bindDatagramSocket } from '../src/dgram-socket.ts'
import { PACKET_SLOTS } from '../src/limits.ts'
import { readAll, startServer, until } from './support/server.ts'
import type { DatagramListener } from '../src/socket.ts'

const BATCHED_SENDS = '--test-udp-no-try-send'
const SLOT = 16
/** One of them is for what is received. */
const SLOTS = PACKET_SLOTS - 1

class Collector implements DatagramListener {
  readonly received: string[] = []

  onDatagram(_path: unknown, _ecn: number, bytes: Uint8Array): void {
    this.received.push(Buffer.from(bytes).toString())
  }

  onSocketError(error: Error): void {
    throw error
  }
}

const names = Array.from({ length: 50 }, (_, i) => `datagram ${i}`.padEnd(SLOT))
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

if (isMainThread) {
  t.test('the kernel takes nothing for a while: sending waits, and loses nothing', async (t) => {
    const body = Buffer.alloc(2_000_000, 'godwit')
    const { connect } = await startServer(t, (_request, response) => response.end(body))
    const session = await connect()
    // From the first datagram on the kernel takes nothing, and half a second longer than there are slots.
    let asked = 0
    let free = Infinity
    t.capture(Socket.prototype, 'getSendQueueCount', () => {
      if (performance.now() >= free) return 0
      if (++asked === SLOTS) free = performance.now() + 500
      return 1_000_000
    })
    t.same(await readAll(session.request('/')), body)
    t.ok(asked > SLOTS, 'looked again')
    // Once a millisecond and side, not in each turn of the loop, which would be many thousands.
    t.ok(asked < SLOTS + 1200, `looked ${asked} times`)
  })

  t.test(`everything once more with ${BATCHED_SENDS}`, async (t) => {
    const worker = new Worker(fileURLToPath(import.meta.url), {
      execArgv: [...process.execArgv, BATCHED_SENDS],
      stdout: true,
    })
    let output = ''
    worker.stdout.on('data', (text: Buffer) => (output += text.toString()))
    const status = await new Promise((resolve) => worker.once('exit', resolve))
    t.equal(status, 0)
    if (status !== 0) t.comment(output)
    t.ok(/^ok 3 - 20 MB/m.test(output))
  })
} else {
  t.test('datagrams of one turn leave in order, and slots come back when they have', async (t) => {
    const inbox = new Collector()
    const receiver = await bindDatagramSocket('127.0.0.1', 0, inbox)
    const sender = await bindDatagramSocket('127.0.0.1', 0, new Collector())
    const memory = Buffer.from(names.join(''))
    const path = { address: '127.0.0.1', port: receiver.address.port }
    const free: number[] = []
    for (const slot of names.keys()) {
      t.equal(sender.send(memory, slot * SLOT, SLOT, SLOT, path, slot), false)
    }
    sender.reclaim(free)
    t.strictSame(free, [])
    while (free.length < names.length) {
      await turn()
      sender.reclaim(free)
    }
    t.strictSame(free, [...names.keys()])
    await until(() => inbox.received.length === names.length)
    t.strictSame(inbox.received, names)
    receiver.close()
    sender.close()
  })

  t.test('what is queued leaves before the socket closes', async (t) => {
    const inbox = new Collector()
    const receiver = await bindDatagramSocket('127.0.0.1', 0, inbox)
    const sender = await bindDatagramSocket('127.0.0.1', 0, new Collector())
    const memory = Buffer.from(names.join(''))
    const path = { address: '127.0.0.1', port: receiver.address.port }
    for (const slot of names.keys()) sender.send(memory, slot * SLOT, SLOT, SLOT, path, slot)
    sender.close()
    const free: number[] = []
    sender.reclaim(free)
    t.strictSame(free, [], 'their slots are in use until then')
    await until(() => inbox.received.length === names.length)
    t.strictSame(inbox.received, names)
    receiver.close()
  })

  t.test('20 MB down and up', async (t) => {
    const body = Buffer.alloc(20_000_000, 'batched')
    const { connect } = await startServer(t, (request, response) => {
      if (request.method === 'GET') response.end(body)
      else request.pipe(response)
    })
    const session = await connect()
    t.ok(body.equals(await readAll(session.request('/'))))
    const request = session.request('/', { method: 'POST' })
    request.end(body)
    t.ok(body.equals(await readAll(request)))
  })
}
