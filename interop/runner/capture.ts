// The datagrams of a cell as the server's network card would see them, and the pcap file of them.

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

export type Direction = 'to-server' | 'to-client'

export interface SocketAddress {
  readonly address: string
  readonly port: number
}

/** One UDP datagram. */
export interface CapturedDatagram {
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly direction: Direction
  readonly from: SocketAddress
  readonly to: SocketAddress
  /** ECN codepoint of its IP header. */
  readonly ecn: number
  readonly bytes: Uint8Array
}

/** More than any case transfers; a peer that sends for ever does not fill the memory. */
const MAX_BYTES = 100 * 1024 * 1024
/** What a datagram takes beside its bytes: it may have none. */
const OVERHEAD = 64

const MAGIC = 0xa1b2c3d4
const LINK_ETHERNET = 1
/** Packets start with their IP header. */
const LINK_RAW = 101
const UDP = 17

/** Datagrams in the order in which they were seen. */
export class Capture {
  readonly datagrams: CapturedDatagram[]
  readonly #limit: number
  #bytes: number
  #cut: string | null

  constructor(limit = MAX_BYTES) {
    this.datagrams = []
    this.#limit = limit
    this.#bytes = 0
    this.#cut = null
  }

  /** Keeps a datagram and its bytes, unless there are too many. */
  add(datagram: CapturedDatagram): void {
    const size = datagram.bytes.length + OVERHEAD
    if (this.#bytes + size > this.#limit) {
      this.#cut ??= `the capture ends at its limit of ${this.#limit} bytes`
    }
    if (this.#cut !== null) return
    this.#bytes += size
    this.datagrams.push(datagram)
  }

  /** Why it ends early and nothing can be told from it, or null. */
  get cut(): string | null {
    return this.#cut
  }

  /** Writes a pcap file whose frame numbers are the indices here plus one. */
  write(path: string): void {
    const file = openSync(path, 'w')
    const header = Buffer.alloc(24)
    header.writeUInt32LE(MAGIC, 0)
    header.writeUInt16LE(2, 4)
    header.writeUInt16LE(4, 6)
    header.writeUInt32LE(0x40000, 16)
    header.writeUInt32LE(LINK_RAW, 20)
    writeSync(file, header)
    for (const datagram of this.datagrams) {
      const ip = datagram.from.address.includes(':') ? ipv6Header(datagram) : ipv4Header(datagram)
      const length = ip.length + 8 + datagram.bytes.length
      const record = Buffer.alloc(16 + length)
      record.writeUInt32LE(Math.floor(datagram.time / 1000), 0)
      record.writeUInt32LE(Math.floor((datagram.time % 1000) * 1000), 4)
      record.writeUInt32LE(length, 8)
      record.writeUInt32LE(length, 12)
      record.set(ip, 16)
      const udp = 16 + ip.length
      record.writeUInt16BE(datagram.from.port, udp)
      record.writeUInt16BE(datagram.to.port, udp + 2)
      record.writeUInt16BE(8 + datagram.bytes.length, udp + 4)
      record.set(datagram.bytes, udp + 8)
      writeSync(file, record)
    }
    closeSync(file)
  }

  /** Reads what tcpdump wrote; datagrams to one of `serverPorts` are the client's. */
  static read(path: string, serverPorts: readonly number[]): Capture {
    const capture = new Capture()
    const data = readFileSync(path)
    const nanoseconds = data.readUInt32LE(0) === 0xa1b23c4d
    const ethernet = data.readUInt32LE(20) === LINK_ETHERNET
    let at = 24
    while (at + 16 <= data.length) {
      const fraction = data.readUInt32LE(at + 4) / (nanoseconds ? 1e6 : 1e3)
      const time = data.readUInt32LE(at) * 1000 + fraction
      const start = at + 16 + (ethernet ? 14 : 0)
      const end = at + 16 + data.readUInt32LE(at + 8)
      if (end > data.length) break
      const datagram = parseIp(data.subarray(start, end), time, serverPorts)
      if (datagram !== null) capture.add(datagram)
      at = end
    }
    if (at !== data.length) capture.#cut ??= 'the capture ends within a packet'
    return capture
  }
}

function parseIp(
  packet: Buffer,
  time: number,
  serverPorts: readonly number[],
): CapturedDatagram | null {
  const v6 = packet[0] >> 4 === 6
  const udp = v6 ? 40 : (packet[0] & 15) * 4
  if (packet.length < udp + 8 || packet[v6 ? 6 : 9] !== UDP) return null
  const address = (at: number): string =>
    v6
      ? Array.from({ length: 8 }, (_, i) => packet.readUInt16BE(at + 2 * i).toString(16)).join(':')
      : [...packet.subarray(at, at + 4)].join('.')
  const from = { address: address(v6 ? 8 : 12), port: packet.readUInt16BE(udp) }
  const to = { address: address(v6 ? 24 : 16), port: packet.readUInt16BE(udp + 2) }
  return {
    time,
    direction: serverPorts.includes(to.port) ? 'to-server' : 'to-client',
    from,
    to,
    ecn: v6 ? (packet[1] >> 4) & 3 : packet[1] & 3,
    bytes: packet.subarray(udp + 8),
  }
}

function ipv4Header({ from, to, ecn, bytes }: CapturedDatagram): Buffer {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header[1] = ecn
  header.writeUInt16BE(28 + bytes.length, 2)
  header[8] = 64
  header[9] = UDP
  header.set(from.address.split('.').map(Number), 12)
  header.set(to.address.split('.').map(Number), 16)
  return header
}

function ipv6Header({ from, to, ecn, bytes }: CapturedDatagram): Buffer {
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header[1] = ecn << 4
  header.writeUInt16BE(8 + bytes.length, 4)
  header[6] = UDP
  header[7] = 64
  header.set(ipv6Bytes(from.address), 8)
  header.set(ipv6Bytes(to.address), 24)
  return header
}

function ipv6Bytes(address: string): Buffer {
  const [head, tail] = address.split('::')
  const groups = (text: string | undefined): number[] =>
    text === undefined || text === '' ? [] : text.split(':').map((group) => parseInt(group, 16))
  const left = groups(head)
  const right = groups(tail)
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
  const bytes = Buffer.alloc(16)
  all.forEach((group, index) => bytes.writeUInt16BE(group, 2 * index))
  return bytes
}
