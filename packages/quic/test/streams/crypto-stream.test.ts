import t from 'tap'
import { ByteReader } from '@godwit/wire'
import { decodeFrame } from '../../src/frame-decoder.ts'
import { Frame } from '../../src/frame.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import { CryptoStream } from '../../src/streams/crypto-stream.ts'
import { concat, pattern, random } from './harness.ts'

function read(stream: CryptoStream): Uint8Array {
  const pieces: Uint8Array[] = []
  for (let data = stream.read(); data !== null; data = stream.read()) pieces.push(data)
  return concat(pieces)
}

t.test('RFC 9000 §19.6: a flight arrives whole though packets are lost and reordered', (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const rnd = random(seed)
    const from = new CryptoStream()
    const to = new CryptoStream()
    const flight = pattern(7000)
    for (let at = 0; at < 7000; at += 700) from.write(flight.slice(at, at + 700))
    const got: Uint8Array[] = []
    const memory = new Uint8Array(1500)
    const writer = new PacketWriter(memory)
    const frame = new Frame()
    let pending: [Uint8Array, number[]][] = []
    for (let turn = 0; turn < 300 && !from.acknowledged; turn++) {
      if (from.hasPending()) {
        writer.reset(0, 300 + Math.floor(rnd() * 900))
        from.writeFrames(writer)
        t.ok(writer.ackEliciting && writer.position <= writer.end)
        pending.push([
          memory.slice(0, writer.position),
          [...writer.tokens.subarray(0, writer.tokenCount * 4)],
        ])
      }
      if (pending.length === 0 || rnd() < 0.5) continue
      const [[bytes, tokens]] = pending.splice(Math.floor(rnd() * pending.length), 1)
      const lost = rnd() < 0.3
      for (let i = 0; i < tokens.length; i += 4) {
        if (lost) from.onLost(tokens[i + 1], tokens[i + 2])
        else from.onAcked(tokens[i + 1], tokens[i + 2])
      }
      if (lost) continue
      const reader = new ByteReader(bytes)
      while (reader.remaining > 0) {
        decodeFrame(reader, frame)
        to.handleFrame(frame.offset, bytes, frame.start, frame.end)
      }
      got.push(read(to))
    }
    pending = []
    t.ok(from.acknowledged, `seed ${seed}`)
    t.notOk(from.hasPending())
    t.notOk(to.hasGap)
    t.same(concat(got), flight)
  }
  t.end()
})

t.test('RFC 9000 §7.5: 4096 bytes out of order are kept (rfc9000#7.5-1)', (t) => {
  const stream = new CryptoStream()
  const data = pattern(4097)
  stream.handleFrame(1, data.subarray(1), 0, 4096)
  t.equal(stream.read(), null)
  stream.handleFrame(0, data, 0, 1)
  t.same(read(stream), data)
  t.end()
})

t.test('RFC 9000 §7.5: data too far ahead of what TLS has read is CRYPTO_BUFFER_EXCEEDED', (t) => {
  const exceeded = {
    name: 'TransportError',
    code: 'ERR_QUIC_CRYPTO_BUFFER_EXCEEDED',
    errorCode: 0x0d,
  }
  const stream = new CryptoStream()
  const data = pattern(4096)
  stream.handleFrame(0, data, 0, 4096)
  stream.handleFrame(65_536 - 10, data, 0, 10)
  t.ok(stream.hasGap)
  t.throws(() => stream.handleFrame(65_536 - 10, data, 0, 11), exceeded)
  t.throws(() => stream.handleFrame(Number.MAX_SAFE_INTEGER - 10, data, 0, 10), exceeded)
  t.equal(read(stream).length, 4096)
  stream.handleFrame(65_536, data, 0, 4096)
  t.equal(stream.read(), null)
  t.end()
})

t.test('attack 4: CRYPTO data in shreds is CRYPTO_BUFFER_EXCEEDED', (t) => {
  const stream = new CryptoStream()
  const data = pattern(1)
  for (let i = 1; i <= 256; i++) stream.handleFrame(i * 2, data, 0, 1)
  t.throws(() => stream.handleFrame(1000, data, 0, 1), { name: 'TransportError', errorCode: 0x0d })
  t.end()
})
