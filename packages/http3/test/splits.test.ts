// Properties of the whole: how bytes are split makes no difference, and no bytes make it throw.

import * as fc from 'fast-check'
import t from 'tap'
import { data, frame, headers, join, RawPeer, request, varint } from './peers.ts'

interface Outcome {
  readonly log: readonly unknown[]
  readonly content: number
  readonly reset: boolean
  readonly closedWith: number | null
  readonly open: number
}

/** What a tested side says about a message and a control stream, content joined. */
function outcome(
  role: 'client' | 'server',
  message: Uint8Array,
  control: Uint8Array,
  fin: boolean,
  pieces: readonly number[],
): Outcome {
  const peer = new RawPeer(role, { pieceSize: pieces.length === 0 ? Infinity : 1 })
  const log: unknown[] = []
  let content = 0
  let reset = false
  peer.side.onEvent = (event) => {
    if (event.type === 'data') {
      for (let part = event.stream.readData(); part !== null; part = event.stream.readData()) {
        content += part.length
      }
    } else if (event.type === 'request' || event.type === 'response') {
      log.push([event.type, event.fields])
      // Whether the end was known together with the headers depends on the split.
      if (event.end) log.push('end')
    } else if (event.type === 'trailers' || event.type === 'informational') {
      log.push([event.type, event.fields])
    } else if (event.type === 'reset') {
      log.push([event.type, event.errorCode])
      reset = true
    } else {
      log.push(event.type)
    }
    return true
  }
  const stream = peer.message()
  const write = (quic: typeof stream, bytes: Uint8Array): void => {
    let at = 0
    for (let i = 0; at < bytes.length; i++) {
      const size = pieces.length === 0 ? bytes.length : pieces[i % pieces.length]
      // A refused stream takes no more.
      if (quic.writable) quic.write(bytes.subarray(at, at + size))
      at += size
      if (pieces.length > 0) peer.run()
    }
  }
  const quic = peer.raw.openStream('uni')!
  write(quic, control)
  peer.run()
  write(stream, message)
  if (fin && stream.writable) stream.finish()
  peer.run()
  return {
    log,
    content,
    reset,
    closedWith: peer.closedWith,
    open: peer.side.http3.openRequests,
  }
}

const field = fc.constantFrom('x-a', 'X-A', 'content-length', ':path', 'cookie', 'te')
const value = fc.constantFrom('', '1', '3', 'trailers', 'a b', 'a\nb')
const frames = (role: 'client' | 'server'): fc.Arbitrary<Uint8Array> =>
  fc
    .array(
      fc.oneof(
        {
          weight: 3,
          arbitrary: fc
            .tuple(field, value)
            .map((line) =>
              role === 'server'
                ? headers(...request('POST', ...line))
                : headers(':status', '200', ...line),
            ),
        },
        {
          weight: 3,
          arbitrary: fc.constant(
            role === 'server' ? headers(...request('POST')) : headers(':status', '200'),
          ),
        },
        fc.constant(headers(':status', '103')),
        fc.tuple(field, value).map((line) => headers(...line)),
        { weight: 4, arbitrary: fc.uint8Array({ maxLength: 5 }).map((bytes) => data(bytes)) },
        fc
          .tuple(fc.nat(70), fc.uint8Array({ maxLength: 4 }))
          .map(([type, bytes]) => frame(type, bytes)),
        fc.uint8Array({ maxLength: 3 }),
      ),
      { maxLength: 6 },
    )
    .map((parts) => join(parts))

const controlFrames = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(join([0]), frame(0x04), frame(0x04, 6, 0x44, 0), frame(0x07, 0)),
      },
      fc.nat(1000).map((id) => frame(0x07, varint(id))),
      fc
        .tuple(fc.nat(70), fc.uint8Array({ maxLength: 4 }))
        .map(([type, list]) => frame(type, list)),
    ),
    { maxLength: 5 },
  )
  .map((parts) => join([0, frame(0x04), ...parts]))

for (const role of ['server', 'client'] as const) {
  t.test(`${role}: any split of the bytes gives the same events`, (t) => {
    fc.assert(
      fc.property(
        frames(role),
        controlFrames,
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
        (message, control, fin, pieces) => {
          const whole = outcome(role, message, control, fin, [])
          const split = outcome(role, message, control, fin, pieces)
          t.equal(split.open, whole.open)
          t.equal(split.closedWith, whole.closedWith)
          // When a message or the connection is found wrong while a header section is still held
          // back, less of the message is shown than when it came slowly.
          if (split.closedWith === null && !split.reset) t.same(split, whole)
        },
      ),
      { seed: 1, numRuns: 700 },
    )
    t.end()
  })

  t.test(`${role}: random bytes on any stream never throw`, (t) => {
    const bytes = fc.uint8Array({ maxLength: 60 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('bidi', 'uni'), bytes), { maxLength: 6 }),
        (list) => {
          const peer = new RawPeer(role)
          for (const [direction, bytes] of list) {
            const stream = direction === 'uni' ? peer.raw.openStream('uni')! : peer.message()
            if (!stream.writable) continue
            stream.write(bytes)
            if (bytes.length % 3 === 0) stream.finish()
            else if (bytes.length % 7 === 0) stream.reset(bytes.length)
            peer.run()
            for (const event of peer.side.log.splice(0)) {
              if (event.type === 'data') while (event.stream.readData() !== null);
            }
            if (peer.closedWith !== null) break
          }
          return peer.side.http3.openRequests <= list.length
        },
      ),
      { seed: 2, numRuns: 3000 },
    )
    t.end()
  })
}
