import { createHmac } from 'node:crypto'
import t from 'tap'
import { createNobleProvider } from '@godwit/crypto'
import {
  confidentialityLimit,
  integrityLimit,
  PacketProtection,
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  VERSION_1,
  VERSION_2,
} from '@godwit/protection'
import { seededRandomBytes } from '@godwit/testkit'

// The samples of RFC 9001 and RFC 9369 run in the contract of packet engines (testkit), on every
// backend. Here: what does not depend on the engine.

const provider = createNobleProvider(seededRandomBytes(1))
const protection = new PacketProtection(provider, provider.createPacketEngine(2))

t.test('RFC 9001 §6.6: limits of use', (t) => {
  t.equal(confidentialityLimit(TLS_AES_128_GCM_SHA256), 2 ** 23)
  t.equal(confidentialityLimit(TLS_AES_256_GCM_SHA384), 2 ** 23)
  t.equal(confidentialityLimit(TLS_CHACHA20_POLY1305_SHA256), Infinity)
  t.equal(integrityLimit(TLS_AES_128_GCM_SHA256), 2 ** 52)
  t.equal(integrityLimit(TLS_AES_256_GCM_SHA384), 2 ** 52)
  t.equal(integrityLimit(TLS_CHACHA20_POLY1305_SHA256), 2 ** 36)
  t.end()
})

t.test('RFC 9000 §10.3.2: stateless reset tokens depend on key and connection ID alone', (t) => {
  const key = provider.randomBytes(32)
  const id = provider.randomBytes(8)
  const token = protection.statelessResetToken(key, id)
  const expected = createHmac('sha256', key).update(id).digest().subarray(0, 16)
  t.same([...token], [...expected])
  t.equal(token.byteLength, 16)
  t.equal(token.buffer.byteLength, 16, 'no view on more')
  t.same(protection.statelessResetToken(key, id), token)
  t.notSame(protection.statelessResetToken(key, provider.randomBytes(8)), token)
  t.notSame(protection.statelessResetToken(provider.randomBytes(32), id), token)
  t.end()
})

t.test('RFC 9001 §5.2: Initial keys depend on version, connection ID and side', (t) => {
  const { bytes } = protection.engine.memory
  const open = (version: number, id: Uint8Array, side: 'client' | 'server'): boolean => {
    const sealer = protection.initialKeys(VERSION_1, new Uint8Array(8), 'client').seal
    bytes.fill(0, 0, 100)
    bytes[0] = 0xc1
    bytes[21] = 3
    sealer.protect(0, 20, 2, 40, 3)
    const key = protection.initialKeys(version, id, side).open
    const number = key.removeHeaderProtection(0, 20)
    const headerLength = 20 + (bytes[0] & 3) + 1
    return key.unprotect(0, headerLength, 62 - headerLength, number)
  }
  t.ok(open(VERSION_1, new Uint8Array(8), 'server'))
  t.notOk(open(VERSION_1, new Uint8Array(8), 'client'))
  t.notOk(open(VERSION_2, new Uint8Array(8), 'server'))
  t.notOk(open(VERSION_1, new Uint8Array(9), 'server'))
  t.notOk(open(VERSION_1, new Uint8Array(0), 'server'))
  t.end()
})

t.test('versions that are not spoken and secrets of the wrong length are RangeErrors', (t) => {
  t.throws(() => protection.initialKeys(0, new Uint8Array(8), 'client'), RangeError)
  t.throws(() => protection.initialKeys(0xff00001d, new Uint8Array(8), 'client'), RangeError)
  t.throws(() => protection.retryIntegrityTag(3, new Uint8Array(8), new Uint8Array(9)), RangeError)
  const secret = new Uint8Array(32)
  t.throws(() => protection.packetKey(VERSION_1, TLS_AES_256_GCM_SHA384, secret), {
    name: 'RangeError',
    message: '"secret" expected 48 bytes, got 32',
  })
  t.throws(() => protection.packetKey(VERSION_1, 0x1305 as 0x1301, secret), RangeError)
  t.end()
})
