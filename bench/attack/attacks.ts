// What an attacker may send, and honest traffic to compare it with.

import { Http3Connection } from '@godwit/http3'
import type { Connection } from '@godwit/quic'
import type * as ConstantsModule from '../../packages/quic/src/constants.ts'
import { internal } from '../lib/internal.ts'
import { FULL, TINY } from './target.ts'
import type { Frames, Target } from './target.ts'

const constants = await internal<typeof ConstantsModule>('quic/constants')
const STREAM = constants.FRAME_STREAM | constants.STREAM_LEN_BIT
const FIN = constants.STREAM_FIN_BIT
const OFF = constants.STREAM_OFF_BIT

export interface Attack {
  readonly name: string
  /** Datagrams in a burst; 1 where the server answers, or closes, before the next. Default 32. */
  readonly burst?: number
  /** The source of its datagrams, against a target that it may prepare. */
  readonly start: (target: Target) => () => Uint8Array
}

/** Room that frame writers leave, so that no frame is cut. */
const ROOM = 64

function readStreams(target: Target): void {
  target.onEvent = (_, event) => {
    if (event.type !== 'stream-readable') return
    while (event.stream.read() !== null);
  }
}

/** A STREAM frame with `length` bytes of zeros. */
function stream(frames: Frames, id: number, offset: number, length: number, fin: boolean): void {
  frames.u8(STREAM | (offset > 0 ? OFF : 0) | (fin ? FIN : 0))
  frames.varint(id)
  if (offset > 0) frames.varint(offset)
  frames.varint(length)
  frames.bytes.fill(0, frames.position, frames.position + length)
  frames.position += length
}

/** Fills the packet with what `one` writes. */
function filled(
  target: Target,
  one: (frames: Frames, i: number) => void,
  limit = Infinity,
): Uint8Array {
  return target.sealed((frames) => {
    for (let i = 0; i < limit && frames.end - frames.position > ROOM; i++) one(frames, i)
  })
}

/** HTTP/3 on the server's side, and the client's control stream and first request head before it. */
function serveHttp3(
  target: Target,
): (frames: Frames, content: readonly number[], times: number) => void {
  const connections = new Map<Connection, Http3Connection>()
  target.onEvent = (connection, event) => {
    let h3 = connections.get(connection)
    if (h3 === undefined) connections.set(connection, (h3 = new Http3Connection(connection)))
    h3.handleEvent(event)
    for (let e = h3.pollEvent(); e !== null; e = h3.pollEvent()) {
      if (e.type === 'data') while (e.stream.readData() !== null);
    }
  }
  // POST https / of localhost, by static references and one literal.
  const authority = Array.from('localhost', (character) => character.charCodeAt(0))
  const section = [0, 0, 0xc0 | 20, 0xc0 | 23, 0xc0 | 1, 0x50, authority.length, ...authority]
  const head = [1, section.length, ...section]
  let offset = 0
  return (frames, content, times) => {
    const bytes = offset === 0 ? [...head] : []
    for (let i = 0; i < times; i++) bytes.push(...content)
    frames.u8(STREAM | (offset > 0 ? OFF : 0))
    frames.varint(0)
    if (offset > 0) frames.varint(offset)
    frames.varint(bytes.length)
    frames.bytes.set(bytes, frames.position)
    frames.position += bytes.length
    offset += bytes.length
  }
}

export const ATTACKS: readonly Attack[] = [
  {
    name: 'honest: full packets of an upload',
    start(target) {
      readStreams(target)
      let offset = 0
      const length = FULL - 64
      return () =>
        target.sealed((frames) => {
          stream(frames, 0, offset, length, false)
          offset += length
        })
    },
  },
  { name: 'forged 1-RTT packets', start: (target) => () => target.forged(FULL) },
  { name: 'forged 1-RTT packets, tiny', start: (target) => () => target.forged(TINY) },
  {
    name: 'unknown connection ID',
    start: (target) => () => target.forged(FULL, target.prng.bytes(8)),
  },
  {
    name: 'unknown connection ID, tiny',
    start: (target) => () => target.forged(TINY, target.prng.bytes(8)),
  },
  {
    name: 'unknown version',
    start: (target) => () => target.forgedInitials(FULL, 1, 0x1a2a3a4a),
  },
  { name: 'forged Initial packets', start: (target) => () => target.forgedInitials(FULL, 1) },
  {
    name: 'forged Initial packets, 24 in a datagram',
    start: (target) => () => target.forgedInitials(FULL, 24),
  },
  {
    name: 'Initial packets that open, with PING',
    start: (target) => () => target.initial((frames) => frames.u8(constants.FRAME_PING)),
  },
  {
    name: 'the same packet again and again',
    start(target) {
      const packet = target.sealed((frames) => frames.u8(constants.FRAME_PING), FULL, FULL)
      return () => packet
    },
  },
  {
    name: 'PADDING only',
    start: (target) => () => target.sealed(() => {}, FULL, FULL),
  },
  {
    name: 'PING only, tiny',
    start: (target) => () => target.sealed((frames) => frames.u8(constants.FRAME_PING)),
  },
  {
    name: 'packets full of PING',
    start: (target) => () => filled(target, (frames) => frames.u8(constants.FRAME_PING)),
  },
  {
    name: 'every second packet number, tiny',
    start: (target) => () => {
      target.sealed(() => {})
      return target.sealed((frames) => frames.u8(constants.FRAME_PING))
    },
  },
  {
    name: 'ACK frames of 63 ranges',
    start(target) {
      // Numbers that were sent and acknowledged long ago: the server leaves out none below 128.
      warmDownload(target)
      return () =>
        target.sealed((frames) => {
          while (frames.end - frames.position > 140) {
            frames.u8(constants.FRAME_ACK)
            frames.varint(126)
            frames.varint(0)
            frames.varint(62)
            frames.varint(0)
            for (let i = 0; i < 62; i++) {
              frames.varint(0)
              frames.varint(0)
            }
          }
        })
    },
  },
  {
    name: 'streams of 1 byte, 40 in a packet',
    burst: 1,
    start(target) {
      readStreams(target)
      let id = 6 // 2 is the client's
      return () =>
        filled(
          target,
          (frames) => {
            stream(frames, id, 0, 1, true)
            id += 4
          },
          40,
        )
    },
  },
  {
    name: 'streams opened and reset, 40 in a packet',
    burst: 1,
    start(target) {
      let id = 6
      return () =>
        filled(
          target,
          (frames) => {
            frames.u8(constants.FRAME_RESET_STREAM)
            frames.varint(id)
            frames.varint(0)
            frames.varint(0)
            id += 4
          },
          40,
        )
    },
  },
  {
    name: 'a stream in frames of 1 byte',
    start(target) {
      readStreams(target)
      let offset = 0
      return () => filled(target, (frames) => stream(frames, 0, offset++, 1, false))
    },
  },
  {
    name: 'a stream in frames of 1 byte, every second one',
    burst: 1,
    start(target) {
      readStreams(target)
      let offset = 1
      return () =>
        filled(target, (frames) => {
          stream(frames, 0, offset, 1, false)
          offset += 2
        })
    },
  },
  {
    name: 'empty STREAM frames',
    start(target) {
      readStreams(target)
      return () => filled(target, (frames) => stream(frames, 0, 0, 0, false))
    },
  },
  {
    name: 'the same bytes of a stream again and again',
    start(target) {
      return () => target.sealed((frames) => stream(frames, 0, 0, FULL - 64, false))
    },
  },
  {
    name: 'MAX_DATA, rising',
    start(target) {
      let maximum = 2 ** 21
      return () =>
        filled(target, (frames) => {
          frames.u8(constants.FRAME_MAX_DATA)
          frames.varint(maximum++)
        })
    },
  },
  {
    name: 'PATH_CHALLENGE',
    start: (target) => () =>
      filled(target, (frames) => {
        frames.u8(constants.FRAME_PATH_CHALLENGE)
        frames.position += constants.PATH_DATA_LENGTH
      }),
  },
  {
    name: 'NEW_CONNECTION_ID that retire those before',
    burst: 1,
    start(target) {
      let sequence = 1
      return () =>
        filled(target, (frames) => {
          frames.u8(constants.FRAME_NEW_CONNECTION_ID)
          frames.varint(sequence)
          frames.varint(sequence)
          frames.u8(8)
          frames.bytes.set(target.prng.bytes(24), frames.position)
          frames.position += 24
          sequence++
        })
    },
  },
  {
    name: 'CRYPTO of 1 byte, every second one',
    burst: 1,
    start(target) {
      let offset = 1
      return () =>
        filled(target, (frames) => {
          frames.u8(constants.FRAME_CRYPTO)
          frames.varint(offset)
          frames.varint(1)
          frames.u8(0)
          offset += 2
        })
    },
  },
  {
    name: 'HTTP/3: DATA frames of 1 byte',
    start(target) {
      const write = serveHttp3(target)
      return () => target.sealed((frames) => write(frames, [0, 1, 0], 360))
    },
  },
  {
    name: 'HTTP/3: empty DATA frames',
    burst: 1,
    start(target) {
      const write = serveHttp3(target)
      return () => target.sealed((frames) => write(frames, [0, 0], 540))
    },
  },
  {
    name: 'HTTP/3: unknown frames',
    burst: 1,
    start(target) {
      const write = serveHttp3(target)
      return () => target.sealed((frames) => write(frames, [0x21, 0], 540))
    },
  },
]

/** Lets the server send a megabyte to the client, so that it has a history of packets. */
function warmDownload(target: Target): void {
  const { loopback } = target
  let received = 0
  const size = 2 ** 20
  target.onEvent = (_, event) => {
    if (event.type !== 'stream-opened' || event.stream.direction === 'uni') return
    event.stream.write(new Uint8Array(size))
  }
  loopback.client.onEvent = (_, event) => {
    if (event.type !== 'stream-readable') return
    for (let data = event.stream.read(); data !== null; data = event.stream.read()) {
      received += data.length
    }
  }
  loopback.connection.openStream('bidi')?.write(new Uint8Array(1))
  if (!loopback.runUntil(() => received >= size)) throw new Error('the download stands still')
}
