// DatagramSocket over node:dgram.
//
// A send is one system call at once, unless datagrams wait in libuv's queue: then it joins them, and
// all leave in the next turn of the event loop, up to 20 with one call of sendmmsg, at little more than half the
// cost. A full kernel queue brings that about, and so does Node.js' --test-udp-no-try-send, after the first
// datagram of a turn (docs/performance.md).

import { createSocket, type Socket } from 'node:dgram'
import { lookup as dnsLookup } from 'node:dns/promises'
import { isIP } from 'node:net'

import type { NetworkPath } from '@godwit/quic'
import { Ring } from '@godwit/wire'
import { CLOSE_TURNS, SOCKET_BUFFER_SIZE } from './limits.ts'
import { releaseMemory } from './release-memory.ts'
import type { DatagramListener, DatagramSocket, LocalAddress } from './socket.ts'

const ECN_NOT_ECT = 0

/** Opens a socket on `port` of `host`; 0 lets the system choose. Rejects with Node's own error. */
export async function bindDatagramSocket(
  host: string | undefined,
  port: number,
  listener: DatagramListener,
): Promise<DatagramSocket> {
  if (host === undefined) {
    try {
      // One socket for both: IPv4 peers appear as ::ffff:a.b.c.d, as with node:net.
      return await open('::', 6, port, listener)
    } catch (error) {
      if (!lacksIpv6(error)) throw error
      return open('0.0.0.0', 4, port, listener)
    }
  }
  const family = isIP(host)
  if (family !== 0) return open(host, family, port, listener)
  const found = await dnsLookup(host)
  return open(found.address, found.family, port, listener)
}

function open(
  host: string,
  family: number,
  port: number,
  listener: DatagramListener,
): Promise<DatagramSocket> {
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // Peers are named by address. Without this, each send goes through a look-up in a later tick,
    // and a slot would be rewritten before it left; with it, bind and send are synchronous.
    lookup: (address, _options, callback) => callback(null, address, family),
  })
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.once('listening', () => {
      socket.removeAllListeners('error')
      resolve(new DgramSocket(socket, listener))
    })
    socket.bind({ address: host, port, exclusive: false })
  })
}

class DgramSocket implements DatagramSocket {
  readonly address: LocalAddress
  readonly #socket: Socket
  /** Slots whose bytes the kernel has yet to take, oldest first. */
  readonly #queued: Ring<number>
  /** The last datagram sent from each slot: most are as long as the one before. */
  readonly #views: (Uint8Array | undefined)[]
  #closed: boolean

  constructor(socket: Socket, listener: DatagramListener) {
    this.address = socket.address() as LocalAddress // sound: dgram has no other families
    this.#socket = socket
    this.#queued = new Ring()
    this.#views = []
    this.#closed = false
    try {
      socket.setRecvBufferSize(SOCKET_BUFFER_SIZE)
      socket.setSendBufferSize(SOCKET_BUFFER_SIZE)
    } catch {
      // Some systems refuse instead of giving what they have; their default will do.
    }
    socket.on('message', (bytes, peer) => {
      listener.onDatagram(peer, ECN_NOT_ECT, bytes)
      releaseMemory(bytes)
    })
    socket.on('error', (error) => listener.onSocketError(error))
  }

  send(
    memory: Uint8Array,
    offset: number,
    size: number,
    segmentSize: number,
    path: NetworkPath,
    slot: number,
  ): boolean {
    // Nothing can be sent to port 0, and node:dgram throws for it. Datagrams may come from there.
    if (this.#closed || path.port === 0) return true
    // No callbacks: Node would run each in a tick of its own.
    if (size === segmentSize) {
      this.#socket.send(this.#view(memory, offset, size, slot), path.port, path.address)
    } else {
      const end = offset + size
      for (let at = offset; at < end; at += segmentSize) {
        const length = Math.min(segmentSize, end - at)
        this.#socket.send(memory, at, length, path.port, path.address)
      }
    }
    // Nothing is queued after a send that the kernel took at once.
    if (this.#socket.getSendQueueCount() === 0) return true
    this.#queued.push(slot)
    return false
  }

  reclaim(free: number[]): void {
    // Slots of a closed socket stay as they are: what is queued is sent yet.
    if (this.#closed || this.#queued.length === 0) return
    const waiting = this.#socket.getSendQueueCount()
    // The kernel takes datagrams in order: those ahead of what is still queued have left.
    while (this.#queued.length > waiting) free.push(this.#queued.shift() as number)
  }

  ref(): void {
    if (!this.#closed) this.#socket.ref()
  }

  unref(): void {
    if (!this.#closed) this.#socket.unref()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#closeWhenSent(CLOSE_TURNS)
  }

  /** What is queued, such as the packets that say why connections end, leaves in a poll phase first. */
  #closeWhenSent(turns: number): void {
    if (turns === 0 || this.#socket.getSendQueueCount() === 0) this.#socket.close()
    else setImmediate(() => this.#closeWhenSent(turns - 1))
  }

  #view(memory: Uint8Array, offset: number, size: number, slot: number): Uint8Array {
    const last = this.#views[slot]
    if (
      last !== undefined &&
      last.length === size &&
      last.byteOffset === memory.byteOffset + offset &&
      last.buffer === memory.buffer
    ) {
      return last
    }
    const view = memory.subarray(offset, offset + size)
    this.#views[slot] = view
    return view
  }
}

function lacksIpv6(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL' || code === 'EINVAL'
}
