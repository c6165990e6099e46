// What holds for every packet that an endpoint sends: whole sessions over a bad network, each packet
// of both sides decoded (the null engine hides nothing).

import t from 'tap'
import type { Test } from 'tap'
import { ByteReader } from '@godwit/wire'
import { chain, delay, duplicate, loss, Prng, reorder } from '@godwit/testkit'
import type { NetworkNode, SimDatagram } from '@godwit/testkit'
import {
  PACKET_HANDSHAKE,
  PACKET_INITIAL,
  PACKET_ONE_RTT,
  SPACE_APPLICATION,
} from '../../src/constants.ts'
import { decodeFrame } from '../../src/frame-decoder.ts'
import { Frame, isAckEliciting, isFramePermitted } from '../../src/frame.ts'
import { LEVEL_APPLICATION, LEVEL_HANDSHAKE, LEVEL_INITIAL } from '../../src/handshake-session.ts'
import { decodeHeader, decodePacketNumber, PacketHeader } from '../../src/packet-header.ts'
import { forgedPair } from './forger.ts'
import type { ForgedPair, Side } from './forger.ts'

const TAG_LENGTH = 16

interface SentFrame {
  readonly type: number
  readonly largest: number
  /** CRYPTO and STREAM: where the data belong. */
  readonly key: string
  readonly offset: number
  readonly data: Uint8Array
  readonly sequence: number
  readonly retirePriorTo: number
  readonly token: string
}

interface SentPacket {
  readonly datagram: number
  readonly type: number
  readonly space: number
  readonly first: number
  readonly dcid: string
  readonly scid: string
  readonly tokenLength: number
  readonly packetNumber: number
  readonly frames: readonly SentFrame[]
}

const hex = (bytes: Uint8Array, start: number, length: number): string =>
  Buffer.from(bytes.subarray(start, start + length)).toString('hex')

/** Space and encryption level of a packet type. */
function spaceOf(type: number): 0 | 1 | 2 {
  return type === PACKET_INITIAL ? 0 : type === PACKET_HANDSHAKE ? 1 : SPACE_APPLICATION
}
const LEVELS = [LEVEL_INITIAL, LEVEL_HANDSHAKE, LEVEL_APPLICATION] as const

/** Every packet that a side sent, in order. */
function packetsOf(datagrams: readonly SimDatagram[]): SentPacket[] {
  const packets: SentPacket[] = []
  const largest = [-1, -1, -1]
  datagrams.forEach(({ bytes }, datagram) => {
    const reader = new ByteReader(bytes)
    const header = new PacketHeader()
    // Zeros behind the last packet pad the datagram.
    while (reader.remaining > 0 && bytes[reader.position] !== 0) {
      if (!decodeHeader(reader, 8, header)) throw new Error('a header that does not decode')
      const space = spaceOf(header.type)
      const first = bytes[header.start]
      const length = (first & 3) + 1
      let truncated = 0
      for (let i = 0; i < length; i++) {
        truncated = truncated * 256 + bytes[header.packetNumberOffset + i]
      }
      const packetNumber = decodePacketNumber(largest[space], truncated, length)
      largest[space] = Math.max(largest[space], packetNumber)
      packets.push({
        datagram,
        type: header.type,
        space,
        first,
        dcid: hex(bytes, header.dcidStart, header.dcidLength),
        scid: hex(bytes, header.scidStart, header.scidLength),
        tokenLength: header.tokenEnd - header.tokenStart,
        packetNumber,
        frames: framesOf(bytes, header.packetNumberOffset + length, header.end - TAG_LENGTH),
      })
    }
  })
  return packets
}

function framesOf(bytes: Uint8Array, start: number, end: number): SentFrame[] {
  const frames: SentFrame[] = []
  const reader = new ByteReader(bytes, start, end)
  while (reader.remaining > 0) {
    const frame = new Frame()
    decodeFrame(reader, frame)
    const isStream = frame.type >= 0x08 && frame.type <= 0x0f
    frames.push({
      type: frame.type,
      largest: frame.type === 0x02 || frame.type === 0x03 ? frame.ack.largest : -1,
      key: frame.type === 0x06 ? 'crypto' : isStream ? `stream ${frame.streamId}` : '',
      offset: frame.offset,
      data: bytes.slice(frame.start, frame.end),
      sequence: frame.sequenceNumber,
      retirePriorTo: frame.retirePriorTo,
      token: frame.type === 0x18 ? hex(bytes, frame.resetTokenStart, 16) : '',
    })
  }
  return frames
}

function badNetwork(seed: number): NetworkNode {
  const prng = new Prng(seed)
  return chain(
    delay(15, 5, prng.fork()),
    loss(0.1, prng.fork()),
    reorder(0.1, 20, prng.fork()),
    duplicate(0.05, prng.fork(), 2),
  )
}

function session(seed: number): ForgedPair {
  const p = forgedPair({
    seed,
    toServer: badNetwork(seed * 2),
    toClient: badNetwork(seed * 2 + 1),
    serverNull: { serverFlightSize: 6000 },
  })
  const { client, server } = p.establish()
  const up = client.send('bidi', p.prng.bytes(60_000))
  const down = server.send('uni', p.prng.bytes(60_000))
  p.run(
    () =>
      server.streams.get(up.stream.id)?.ended === true &&
      client.streams.get(down.stream.id)?.ended === true,
  )
  return p
}

function check(t: Test, p: ForgedPair, side: Side): void {
  const sent = packetsOf(p.sent[side])
  const received = packetsOf(p.sent[side === 'client' ? 'server' : 'client'])
  const numbers = [-1, -1, -1]
  const data = new Map<string, Map<number, number>>()
  const tokens = new Map<number, string>()
  const receivedNumbers = new Set(received.map((p) => `${p.space} ${p.packetNumber}`))
  let acks = 0
  // A rule is said when it holds for the first time, and whenever it does not.
  const said = new Set<string>()
  const rule = (holds: boolean, what: string): void => {
    if (!holds || !said.has(what)) t.ok(holds, `${side}: ${what}`)
    said.add(what)
  }
  let handshakeSent = false
  let dcidOfDatagram = ''
  let datagram = -1
  for (const packet of sent) {
    const { space } = packet
    // The null engine does not hide the header: these bits are as before protection.
    const reserved = packet.type === PACKET_ONE_RTT ? 0x18 : 0x0c
    rule((packet.first & reserved) === 0, 'rfc9000#17.2-8, rfc9000#17.3.1-2: reserved bits')
    rule(packet.packetNumber > numbers[space], 'rfc9000#12.3-1, rfc9000#12.3-2: numbers rise')
    numbers[space] = packet.packetNumber
    rule(packet.frames.length > 0, 'rfc9000#12.4-1: at least one frame')
    if (packet.datagram !== datagram) dcidOfDatagram = packet.dcid
    rule(packet.dcid === dcidOfDatagram, 'rfc9000#12.2-4: one connection ID in a datagram')
    datagram = packet.datagram
    if (packet.type !== PACKET_ONE_RTT) {
      rule(packet.dcid.length <= 40, 'rfc9000#17.2-2: Destination Connection ID of 20 bytes')
      rule(packet.scid.length <= 40, 'rfc9000#17.2-5: Source Connection ID of 20 bytes')
    }
    if (side === 'server' && packet.type !== PACKET_ONE_RTT) {
      rule(packet.dcid === received[0].scid, "rfc9000#7.2-5: the client's own connection ID")
      rule(packet.tokenLength === 0, 'rfc9000#17.2.2-1: no token from a server')
    }
    // A client has no Initial keys any more.
    handshakeSent ||= packet.type === PACKET_HANDSHAKE
    if (side === 'client' && handshakeSent) {
      // The Initial packet comes first in the datagram in which it is coalesced.
      rule(
        packet.type !== PACKET_INITIAL,
        'rfc9001#4.9.1-2: no Initial packets after the first Handshake packet',
      )
    }
    for (const frame of packet.frames) {
      rule(isFramePermitted(frame.type, LEVELS[space]), 'rfc9000#12.5-5: frames of the space')
      const forServers = frame.type === 0x07 || frame.type === 0x1e
      rule(side === 'server' || !forServers, 'rfc9000#19.7-3: no NEW_TOKEN from a client')
      rule(frame.type !== 0x04, 'rfc9000#11.2-1: no RESET_STREAM that nobody asked for')
      if (frame.largest >= 0) {
        acks++
        rule(
          receivedNumbers.has(`${space} ${frame.largest}`),
          'rfc9000#13.2.6-1, rfc9000#13.2.6-2, rfc9000#17.2.3-4: ACK in the space of its packets',
        )
      }
      if (frame.type === 0x18) {
        tokens.set(frame.sequence, frame.token)
        rule(frame.retirePriorTo <= frame.sequence, 'rfc9000#19.15-6: Retire Prior To')
      }
      if (frame.key === '') continue
      // What is repeated is the same, and CRYPTO data stay at their level.
      const key = `${frame.key} of ${space}`
      const seen = data.get(key) ?? new Map<number, number>()
      data.set(key, seen)
      frame.data.forEach((byte, i) => {
        const before = seen.get(frame.offset + i)
        rule(
          before === undefined || before === byte,
          'rfc9000#2.2-3, rfc9001#4-1, rfc9001#4.9-1: data do not change',
        )
        seen.set(frame.offset + i, byte)
      })
    }
  }
  for (const [key, seen] of data) {
    rule(Math.max(...seen.keys()) === seen.size - 1, `rfc9001#4.9-1: no gap in ${key}`)
  }
  rule(
    new Set(tokens.values()).size === tokens.size,
    'rfc9000#10.3.2-5: a reset token for each connection ID',
  )
  t.ok(sent.length > 50 && acks > 10 && tokens.size >= 3)
}

t.test('RFC 9000: rules for every packet, over twenty bad networks', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const p = session(seed)
    check(t, p, 'client')
    check(t, p, 'server')
  }
  t.end()
})

t.test('RFC 9002 §6.2.4: every packet of a client that hears nothing is a probe', (t) => {
  const p = forgedPair({ seed: 1, toClient: loss(1, new Prng(1)) })
  p.connect()
  p.runFor(8000)
  const packets = packetsOf(p.sent.client)
  t.ok(packets.length >= 4)
  for (const { type, frames, dcid } of packets) {
    t.equal(type, PACKET_INITIAL)
    t.ok(
      frames.some((frame) => isAckEliciting(frame.type)),
      'rfc9002#6.2.4-3',
    )
    t.equal(dcid, packets[0].dcid, 'rfc9000#7.2-2: one connection ID until the server speaks')
  }
  t.ok(packets[0].dcid.length >= 16, 'rfc9000#7.2-1: of 8 bytes at least')
  for (const { bytes } of p.sent.client) t.equal(bytes.length, 1200, 'rfc9000#8.1-6')
  t.end()
})

t.test('rfc9002#7.5-1: probes are sent although the congestion window is full', (t) => {
  let drop = false
  const gate: NetworkNode = {
    push: (now, datagram, emit) => {
      if (!drop) emit(now + 10, datagram)
    },
  }
  const p = forgedPair({ seed: 2, toServer: gate })
  const { client } = p.establish()
  p.runFor(100)
  drop = true
  client.send('bidi', p.prng.bytes(1_000_000))
  p.runFor(20)
  const full = p.sent.client.length
  const { bytesInFlight, congestionWindow } = client.connection.stats
  t.ok(bytesInFlight + 1350 > congestionWindow, 'the window is full')
  p.runFor(1000)
  const probes = packetsOf(p.sent.client.slice(full))
  t.ok(probes.length >= 2, `${probes.length} probes`)
  for (const { frames } of probes) {
    t.ok(
      frames.some((frame) => isAckEliciting(frame.type)),
      'rfc9002#6.2.4-3',
    )
  }
  t.end()
})
