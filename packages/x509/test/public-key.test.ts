import t from 'tap'
import { publicKeyType } from '@godwit/x509'
import {
  encodeBitString,
  encodeNull,
  encodeOid,
  encodeSequence,
  encodeUnsignedInteger,
} from '../src/der-writer.ts'
import { errorOf } from './support.ts'

const spki = (algorithm: Uint8Array[], key: Uint8Array): Uint8Array =>
  encodeSequence(encodeSequence(...algorithm), encodeBitString(key))

/** An odd number of so many bits. */
const odd = (bits: number): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xff)
  bytes[0] = 0xff >> ((8 - (bits % 8)) % 8)
  return bytes
}

const rsa = (modulus: Uint8Array, exponent: Uint8Array = Uint8Array.of(1, 0, 1)): Uint8Array =>
  spki(
    [encodeOid('1.2.840.113549.1.1.1'), encodeNull()],
    encodeSequence(encodeUnsignedInteger(modulus), encodeUnsignedInteger(exponent)),
  )

t.test('RSA keys from 2048 to 8192 bits, with short odd exponents', (t) => {
  for (const bits of [2048, 2049, 3072, 8192])
    t.equal(publicKeyType(rsa(odd(bits))), 'rsa', `${bits}`)
  t.equal(publicKeyType(rsa(odd(2048), Uint8Array.of(3))), 'rsa')
  const code = (key: Uint8Array): string => errorOf(() => publicKeyType(key)).code
  t.match(errorOf(() => publicKeyType(rsa(odd(2047)))).message, /an RSA key of 2047 bits/)
  t.equal(code(rsa(odd(2047))), 'ERR_X509_WEAK_ALGORITHM')
  t.equal(code(rsa(odd(8193))), 'ERR_X509_LIMIT')
  t.equal(code(rsa(odd(2048), odd(48))), 'ERR_X509_LIMIT', 'a long exponent')
  t.equal(code(rsa(odd(2048), Uint8Array.of(1))), 'ERR_X509_MALFORMED', 'exponent 1')
  t.equal(code(rsa(odd(2048), Uint8Array.of(4))), 'ERR_X509_MALFORMED', 'an even exponent')
  t.equal(code(rsa(new Uint8Array(256).fill(0xfe))), 'ERR_X509_MALFORMED', 'an even modulus')
  t.equal(code(rsa(Uint8Array.of(0))), 'ERR_X509_WEAK_ALGORITHM', 'zero')
  const bare = encodeSequence(encodeUnsignedInteger(odd(2048)), encodeUnsignedInteger(odd(2)))
  t.equal(code(spki([encodeOid('1.2.840.113549.1.1.1')], bare)), 'ERR_X509_MALFORMED', 'no NULL')
  t.end()
})

t.test('RFC 5480 §2: points of named curves', (t) => {
  const ec = (key: Uint8Array, curve = encodeOid('1.2.840.10045.3.1.7')): Uint8Array =>
    spki([encodeOid('1.2.840.10045.2.1'), curve], key)
  t.equal(publicKeyType(ec(Uint8Array.of(4, ...new Uint8Array(64)))), 'p256')
  t.equal(publicKeyType(ec(Uint8Array.of(3, ...new Uint8Array(32)))), 'p256', 'compressed')
  const code = (key: Uint8Array): string => errorOf(() => publicKeyType(key)).code
  t.equal(code(ec(new Uint8Array(0))), 'ERR_X509_MALFORMED')
  t.equal(code(ec(Uint8Array.of(4, ...new Uint8Array(63)))), 'ERR_X509_MALFORMED')
  t.equal(code(ec(Uint8Array.of(6, ...new Uint8Array(64)))), 'ERR_X509_MALFORMED', 'hybrid')
  t.equal(code(ec(new Uint8Array(65), encodeNull())), 'ERR_X509_UNSUPPORTED_ALGORITHM')
  t.equal(code(ec(new Uint8Array(65), encodeSequence())), 'ERR_X509_UNSUPPORTED_ALGORITHM')
  t.end()
})

t.test('RFC 8410 §3: Ed25519 has no parameters and 32 bytes', (t) => {
  const id = encodeOid('1.3.101.112')
  t.equal(publicKeyType(spki([id], new Uint8Array(32))), 'ed25519')
  const code = (key: Uint8Array): string => errorOf(() => publicKeyType(key)).code
  t.equal(code(spki([id, encodeNull()], new Uint8Array(32))), 'ERR_X509_MALFORMED')
  t.equal(code(spki([id], new Uint8Array(33))), 'ERR_X509_MALFORMED')
  t.equal(
    code(spki([encodeOid('1.3.101.113')], new Uint8Array(57))),
    'ERR_X509_UNSUPPORTED_ALGORITHM',
  )
  t.end()
})
