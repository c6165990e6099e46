import { createCipheriv } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import { RELEASE_BATCH } from '../src/limits.ts'
import { releaseByMessage, releaseByTransfer, releaseMemory } from '../src/release-memory.ts'

type Transfer = (this: ArrayBuffer, length: number) => ArrayBuffer
const { transfer } = ArrayBuffer.prototype as { transfer?: Transfer }

const ways = [releaseByMessage()]
if (transfer !== undefined) ways.push(releaseByTransfer(transfer))

t.test('memory is given back after a batch at the latest', (t) => {
  for (const release of ways) {
    for (let round = 0; round < 3; round++) {
      const given = Array.from({ length: RELEASE_BATCH }, () => new Uint8Array(1452))
      for (const bytes of given) release(bytes)
      t.ok(given.every((bytes) => bytes.length === 0))
    }
  }
  t.end()
})

t.test('a view of a part of a buffer, and one of shared memory, stay as they are', (t) => {
  const pooled = Buffer.from('pooled')
  const part = new Uint8Array(100).subarray(1)
  const shared = new Uint8Array(new SharedArrayBuffer(8))
  for (const release of ways) {
    for (let i = 0; i < RELEASE_BATCH; i++) {
      release(pooled)
      release(part)
      release(shared)
      release(new Uint8Array(0))
    }
  }
  t.equal(pooled.toString(), 'pooled')
  t.equal(part.length, 99)
  t.equal(shared.length, 8)
  t.end()
})

t.test('what node:dgram and node:crypto make can be given back', async (t) => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const cipher = createCipheriv('aes-128-ecb', new Uint8Array(16), null).setAutoPadding(false)
  const made: Uint8Array[] = []
  for (let i = 0; i < RELEASE_BATCH; i++) {
    socket.send(new Uint8Array(1200), socket.address().port, '127.0.0.1')
    made.push(((await once(socket, 'message')) as [Uint8Array])[0])
    made.push(cipher.update(new Uint8Array(160)))
  }
  t.ok(made.every((bytes) => bytes.length > 0))
  for (const bytes of made) releaseMemory(bytes)
  t.ok(made.every((bytes) => bytes.length === 0))
  socket.close()
})
