import t from 'tap'
import { encodeVarint, ByteReader } from '@godwit/wire'

t.test('round trip', (t) => {
  const b = new Uint8Array(8)
  t.equal(encodeVarint(b, 0, 15293), 2)
  t.equal(new ByteReader(b).varint(), 15293)
  t.end()
})
