import t from 'tap'
import { bindDatagramSocket } from '../src/dgram-socket.ts'
import type { DatagramListener } from '../src/socket.ts'
import { IPV6_SKIPPED } from './support/has-ipv6.ts'

class Collector implements DatagramListener {
  readonly received: { text: string; address: string; port: number }[] = []
  onArrival: () => void = () => {}

  onDatagram(path: { address: string; port: number }, _ecn: number, bytes: Uint8Array): void {
    this.received.push({ text: Buffer.from(bytes).toString(), ...path })
    this.onArrival()
  }

  onSocketError(error: Error): void {
    throw error
  }

  async until(count: number): Promise<void> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.onArrival = resolve
      })
    }
  }
}

t.test('one slot may be rewritten right after each send', async (t) => {
  const inbox = new Collector()
  const receiver = await bindDatagramSocket('127.0.0.1', 0, inbox)
  const sender = await bindDatagramSocket('127.0.0.1', 0, new Collector())
  const freed: number[] = []
  const slot = Buffer.alloc(16)
  const path = { address: '127.0.0.1', port: receiver.address.port }
  for (let i = 0; i < 100; i++) {
    slot.write(String(i).padStart(4, '0'))
    while (!sender.send(slot, 0, 4, 4, path, 7)) {
      while (freed.pop() !== 7) {
        await new Promise((resolve) => setImmediate(resolve))
        sender.reclaim(freed)
      }
    }
  }
  await inbox.until(100)
  t.strictSame(
    inbox.received.map(({ text }) => Number(text)),
    Array.from({ length: 100 }, (_, i) => i),
  )
  t.equal(inbox.received[0]?.port, sender.address.port)
  receiver.close()
  sender.close()
})

t.test('segments leave as datagrams of their own', async (t) => {
  const inbox = new Collector()
  const receiver = await bindDatagramSocket('127.0.0.1', 0, inbox)
  const sender = await bindDatagramSocket('127.0.0.1', 0, new Collector())
  const path = { address: '127.0.0.1', port: receiver.address.port }
  sender.send(Buffer.from('__aaabbbc__'), 2, 7, 3, path, 1)
  await inbox.until(3)
  t.strictSame(
    inbox.received.map(({ text }) => text),
    ['aaa', 'bbb', 'c'],
  )
  receiver.close()
  sender.close()
})

t.test('without a host a socket hears IPv4', async (t) => {
  const inbox = new Collector()
  const receiver = await bindDatagramSocket(undefined, 0, inbox)
  const { port } = receiver.address
  const four = await bindDatagramSocket('127.0.0.1', 0, new Collector())
  four.send(Buffer.from('four'), 0, 4, 4, { address: '127.0.0.1', port }, 1)
  await inbox.until(1)
  t.match(inbox.received[0]?.address, /(^|:)127\.0\.0\.1$/)
  four.close()
  receiver.close()
})

t.test('without a host a socket hears IPv6 as well', { skip: IPV6_SKIPPED }, async (t) => {
  const inbox = new Collector()
  const receiver = await bindDatagramSocket(undefined, 0, inbox)
  const { port } = receiver.address
  const six = await bindDatagramSocket('::1', 0, new Collector())
  six.send(Buffer.from('six'), 0, 3, 3, { address: '::1', port }, 1)
  await inbox.until(1)
  t.equal(inbox.received[0]?.address, '::1')
  // And answers the IPv4 peer by the name that it comes under.
  const answered = new Collector()
  const peer = await bindDatagramSocket('127.0.0.1', 0, answered)
  const address = '::ffff:127.0.0.1'
  receiver.send(Buffer.from('back'), 0, 4, 4, { address, port: peer.address.port }, 1)
  await answered.until(1)
  t.equal(answered.received[0]?.text, 'back')
  six.close()
  peer.close()
  receiver.close()
})

t.test('a port in use rejects with the error of node', async (t) => {
  const first = await bindDatagramSocket('127.0.0.1', 0, new Collector())
  await t.rejects(bindDatagramSocket('127.0.0.1', first.address.port, new Collector()), {
    code: 'EADDRINUSE',
    syscall: 'bind',
  })
  first.close()
})

t.test('sending after close is a lost datagram, not an exception', async (t) => {
  const socket = await bindDatagramSocket('127.0.0.1', 0, new Collector())
  socket.close()
  socket.close()
  t.equal(socket.send(Buffer.from('x'), 0, 1, 1, { address: '127.0.0.1', port: 9 }, 1), true)
  socket.unref()
  socket.ref()
})

t.test('what would go to port 0, where datagrams can come from, goes nowhere', async (t) => {
  const inbox = new Collector()
  const socket = await bindDatagramSocket('127.0.0.1', 0, inbox)
  const slot = Buffer.alloc(16)
  t.equal(socket.send(slot, 0, 16, 16, { address: '127.0.0.1', port: 0 }, 1), true)
  t.equal(
    socket.send(slot, 0, 16, 16, { address: '127.0.0.1', port: socket.address.port }, 1),
    true,
  )
  await inbox.until(1)
  socket.close()
})
