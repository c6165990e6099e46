import t from 'tap'
import * as fc from 'fast-check'

import { TlsError } from '../src/errors.ts'
import { HandshakeReader } from '../src/handshake-reader.ts'
import { messageLimit } from '../src/limits.ts'
import { concat, hex, message } from './support.ts'

t.test('RFC 9846 §4: any cutting of the stream gives the same messages', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 300 })), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 }),
      fc.uint8Array({ maxLength: 3 }),
      (bodies, sizes, rest) => {
        const messages = bodies.map(([type, body]) => message(type, body))
        const stream = concat([...messages, rest])
        const reader = new HandshakeReader()
        const got: string[] = []
        let turn = 0
        for (let at = 0; at < stream.length;) {
          const piece = stream.slice(at, at + sizes[turn++ % sizes.length])
          at += piece.length
          reader.feed(piece)
          for (let next = reader.next(1000); next !== null; next = reader.next(1000)) {
            got.push(hex(next))
          }
          piece.fill(0xee)
        }
        return (
          got.join() === messages.map((m) => hex(m)).join() &&
          reader.idle === (rest.length === 0) &&
          reader.type === (rest.length === 0 ? -1 : rest[0])
        )
      },
    ),
    { seed: 9846, numRuns: 500 },
  )
  t.end()
})

t.test('a body above the limit is refused by its header, in one piece or byte by byte', (t) => {
  const big = message(1, new Uint8Array(101))
  for (const chunk of [1, 200]) {
    const reader = new HandshakeReader()
    let refused = -1
    for (let at = 0; at < big.length && refused < 0; at += chunk) {
      reader.feed(big.slice(at, at + chunk))
      try {
        t.equal(reader.next(100), null)
      } catch (error) {
        t.ok(error instanceof TlsError && error.alert === 50)
        refused = at
      }
    }
    t.equal(refused, chunk === 1 ? 3 : 0)
  }
  t.end()
})

t.test('limits per message', (t) => {
  t.equal(messageLimit(1), 16_384)
  t.equal(messageLimit(11), 131_072)
  t.equal(messageLimit(4), 131_072)
  t.end()
})

t.test('clear forgets a half message', (t) => {
  const reader = new HandshakeReader()
  reader.feed(Uint8Array.of(1, 0, 0, 9, 1))
  t.equal(reader.next(100), null)
  t.notOk(reader.idle)
  reader.clear()
  t.ok(reader.idle)
  t.equal(reader.type, -1)
  t.end()
})
