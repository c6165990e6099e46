// What a QUIC datagram shows without keys: the invariants of RFC 8999 and the long headers of versions 1
// and 2 (RFC 9000 §17.2, RFC 9369 §3.2). Enough to count handshakes, bytes, versions and tokens; what is
// inside of packets is tshark's affair, so that no code of godwit judges godwit.

export const VERSION_1 = 0x00000001
export const VERSION_2 = 0x6b3343cf

export type PacketKind =
  'initial' | '0-rtt' | 'handshake' | 'retry' | 'version-negotiation' | '1-rtt' | 'unknown'

export interface Packet {
  readonly kind: PacketKind
  /** 0 for Version Negotiation and short headers. */
  readonly version: number
  /** Connection IDs in hex; a short header shows none. */
  readonly destination: string
  readonly source: string
  /** Token of an Initial or a Retry, in hex. */
  readonly token: string
  /** Bytes behind the header's last field in the clear: packet number, payload, tag. */
  readonly length: number
}

const V1_KINDS: readonly PacketKind[] = ['initial', '0-rtt', 'handshake', 'retry']
const V2_KINDS: readonly PacketKind[] = ['retry', 'initial', '0-rtt', 'handshake']
const RETRY_TAG = 16

/** The packets of a datagram, as far as they can be told apart. Never throws. */
export function parseDatagram(bytes: Uint8Array): Packet[] {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const packets: Packet[] = []
  let at = 0
  while (at < data.length) {
    let end: number
    try {
      const [packet, next] = parsePacket(data, at)
      packets.push(packet)
      end = next
    } catch {
      // Cut short, or damaged on the way.
      packets.push({ ...EMPTY, kind: 'unknown', length: data.length - at })
      break
    }
    at = end
  }
  return packets
}

const EMPTY: Packet = {
  kind: 'unknown',
  version: 0,
  destination: '',
  source: '',
  token: '',
  length: 0,
}

function parsePacket(data: Buffer, start: number): readonly [Packet, number] {
  const first = data.readUInt8(start)
  if ((first & 0x80) === 0) {
    const kind = (first & 0x40) === 0 ? 'unknown' : '1-rtt'
    return [{ ...EMPTY, kind, length: data.length - start - 1 }, data.length]
  }
  const version = data.readUInt32BE(start + 1)
  let at = start + 5
  const take = (length: number): string => {
    if (at + length > data.length) throw new RangeError('cut short')
    at += length
    return data.toString('hex', at - length, at)
  }
  const destination = take(data.readUInt8(at++))
  const source = take(data.readUInt8(at++))
  const base = { ...EMPTY, version, destination, source }
  if (version === 0) {
    return [{ ...base, kind: 'version-negotiation', length: data.length - at }, data.length]
  }
  if (version !== VERSION_1 && version !== VERSION_2) {
    return [{ ...base, length: data.length - at }, data.length]
  }
  const kind = (version === VERSION_1 ? V1_KINDS : V2_KINDS)[(first >> 4) & 3]
  if (kind === 'retry') {
    const token = take(data.length - at - RETRY_TAG)
    return [{ ...base, kind, token }, data.length]
  }
  const varint = (): number => {
    const size = 1 << (data.readUInt8(at) >> 6)
    let value = data.readUInt8(at++) & 0x3f
    for (let i = 1; i < size; i++) value = value * 256 + data.readUInt8(at++)
    return value
  }
  const token = kind === 'initial' ? take(varint()) : ''
  const length = varint()
  return [{ ...base, kind, token, length }, at + length]
}
