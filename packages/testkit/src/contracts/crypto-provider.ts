// The contract of a CryptoProvider: published vectors, agreement with OpenSSL, refusals. Every
// backend's tests call it.

import { createHash, createHmac } from 'node:crypto'
import type { Test } from 'tap'
import {
  CryptoError,
  encodeHkdfLabel,
  hkdfExpandLabel,
  SECP256R1,
  SECP384R1,
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  X25519,
  type CipherSuite,
  type CryptoProvider,
  type HashName,
  type KeyOffer,
  type NamedGroup,
} from '@godwit/crypto'
import {
  ecdsaAndEd25519,
  rsa,
  signingKeys,
  type CryptoProviderContractOptions,
} from './crypto-signatures.ts'
import { bytesOf, bytesToHex, hexToBytes, showsSecret, wycheproof } from './crypto-vectors.ts'

const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512']
const EMPTY = new Uint8Array(0)

export type { CryptoProviderContractOptions }

/** Runs the whole contract as subtests of `t`. */
export function cryptoProviderContract(
  t: Test,
  makeProvider: () => CryptoProvider,
  options: CryptoProviderContractOptions,
): void {
  const provider = makeProvider()
  hashes(t, provider)
  aead(t, provider)
  keyExchange(t, provider, options)
  ecdsaAndEd25519(t, provider)
  rsa(t, provider, options)
  signingKeys(t, provider, options)
}

function hashes(t: Test, provider: CryptoProvider): void {
  t.test('hashes agree with OpenSSL and go on after a digest (RFC 9846 §4.4.1)', (t) => {
    const message = provider.randomBytes(300)
    for (const name of HASHES) {
      const hash = provider.createHash(name)
      t.equal(bytesToHex(hash.digest()), createHash(name).digest('hex'), `${name} of nothing`)
      for (const end of [1, 63, 64, 65, 127, 128, 129, 300]) {
        const whole = provider.createHash(name)
        whole.update(message.subarray(0, end))
        const expected = createHash(name).update(message.subarray(0, end)).digest('hex')
        t.equal(bytesToHex(whole.digest()), expected, `${name} of ${end} bytes`)
        t.equal(bytesToHex(whole.digest()), expected, 'again')
      }
      hash.update(message.subarray(0, 100))
      hash.digest()
      hash.update(message.subarray(100)).digest()
      const all = createHash(name).update(message).digest('hex')
      t.equal(bytesToHex(hash.digest()), all, `${name} in pieces with digests between`)
    }
    t.end()
  })

  t.test('HMAC agrees with OpenSSL for keys shorter and longer than a block', (t) => {
    for (const name of HASHES) {
      for (const keyLength of [0, 1, 20, 32, 48, 64, 65, 128, 129, 200]) {
        const key = provider.randomBytes(keyLength)
        const message = provider.randomBytes(keyLength + 7)
        t.equal(
          bytesToHex(provider.hmac(name, key, message)),
          createHmac(name, key).update(message).digest('hex'),
        )
      }
    }
    t.end()
  })

  for (const hash of ['sha256', 'sha384'] as const) {
    t.test(`Wycheproof: HKDF with ${hash} (RFC 5869)`, (t) => {
      const failures = []
      let count = 0
      for (const group of wycheproof(`hkdf_${hash}`)) {
        for (const test of group.tests) {
          count++
          const prk = provider.hmac(hash, bytesOf(test, 'salt'), bytesOf(test, 'ikm'))
          let okm: string | null = null
          try {
            const size = test['size'] as number
            okm = bytesToHex(provider.hkdfExpand(hash, prk, bytesOf(test, 'info'), size))
          } catch (error) {
            if (!(error instanceof RangeError)) failures.push(test.tcId)
          }
          if ((okm === test['okm']) !== (test.result === 'valid')) failures.push(test.tcId)
        }
      }
      t.same(failures, [])
      t.ok(count > 80)
      t.end()
    })
  }

  t.test('RFC 5869 §2.3: HKDF-Expand takes no key shorter than the hash', (t) => {
    t.throws(() => provider.hkdfExpand('sha256', new Uint8Array(31), EMPTY, 32), RangeError)
    t.throws(() => provider.hkdfExpand('sha384', new Uint8Array(32), EMPTY, 32), RangeError)
    t.equal(provider.hkdfExpand('sha384', new Uint8Array(48), EMPTY, 0).length, 0)
    t.end()
  })

  t.test('HKDF-Expand-Label: RFC 9001 appendix A.1 (rfc9001#5.2-2)', (t) => {
    const label = encodeHkdfLabel('client in', EMPTY, 32)
    t.equal(bytesToHex(label), '00200f746c73313320636c69656e7420696e00')
    const secret = hexToBytes('7db5df06e7a69e432496adedb00851923595221596ae2ae9fb8115c1e9ed0a44')
    t.equal(
      bytesToHex(hkdfExpandLabel(provider, 'sha256', secret, 'client in', EMPTY, 32)),
      'c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea',
    )
    t.end()
  })
}

function aead(t: Test, provider: CryptoProvider): void {
  const files: readonly [string, readonly CipherSuite[]][] = [
    ['aes_gcm', [TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384]],
    ['chacha20_poly1305', [TLS_CHACHA20_POLY1305_SHA256]],
  ]
  for (const [file, suites] of files) {
    t.test(`Wycheproof: ${file} through seal and open`, (t) => {
      const failures: number[] = []
      let count = 0
      for (const group of wycheproof(file)) {
        const suite = file === 'aes_gcm' && group['keySize'] === 256 ? suites[1] : suites[0]
        if (group['ivSize'] !== 96 || group['tagSize'] !== 128 || group['keySize'] === 192) continue
        for (const test of group.tests) {
          count++
          const key = bytesOf(test, 'key')
          const nonce = bytesOf(test, 'iv')
          const aad = bytesOf(test, 'aad')
          const sealed = `${test['ct'] as string}${test['tag'] as string}`
          const plaintext = provider.open(suite, key, nonce, aad, hexToBytes(sealed))
          const opened = plaintext === null ? null : bytesToHex(plaintext)
          if (opened !== (test.result === 'valid' ? test['msg'] : null)) failures.push(test.tcId)
          if (test.result !== 'valid') continue
          const again = provider.seal(suite, key, nonce, aad, bytesOf(test, 'msg'))
          if (bytesToHex(again) !== sealed) failures.push(test.tcId)
        }
      }
      t.same(failures, [])
      t.ok(count > 130, `${count} vectors`)
      t.end()
    })
  }

  t.test('AEAD refuses keys and nonces of the wrong length, and short ciphertext', (t) => {
    for (const suite of provider.cipherSuites) {
      const keyLength = suite === TLS_AES_128_GCM_SHA256 ? 16 : 32
      const key = provider.randomBytes(keyLength)
      const nonce = provider.randomBytes(12)
      t.throws(() => provider.seal(suite, key.subarray(1), nonce, EMPTY, EMPTY), RangeError)
      t.throws(() => provider.seal(suite, key, nonce.subarray(1), EMPTY, EMPTY), RangeError)
      t.throws(() => provider.open(suite, key, EMPTY, EMPTY, new Uint8Array(16)), RangeError)
      for (let length = 0; length < 16; length++) {
        t.equal(provider.open(suite, key, nonce, EMPTY, new Uint8Array(length)), null)
      }
    }
    t.throws(() => provider.seal(0x1305 as CipherSuite, EMPTY, EMPTY, EMPTY, EMPTY), RangeError)
    t.end()
  })
}

function keyExchange(
  t: Test,
  provider: CryptoProvider,
  options: CryptoProviderContractOptions,
): void {
  t.test('Wycheproof: X25519 (RFC 7748), all-zero secrets refused (RFC 9846 §7.4.2)', (t) => {
    const failures: number[] = []
    for (const group of wycheproof('x25519')) {
      for (const test of group.tests) {
        const offer = options.offerOf(X25519, bytesOf(test, 'private'))
        const secret = complete(offer, bytesOf(test, 'public'))
        const zero = test.flags.includes('ZeroSharedSecret')
        if (secret !== (zero ? 'ERR_CRYPTO_INVALID_SHARE' : test['shared']))
          failures.push(test.tcId)
      }
    }
    t.same(failures, [])
    t.end()
  })

  t.test('Wycheproof: ECDH on P-256, uncompressed points only (RFC 9846 §4.3.8.2)', (t) => {
    const failures: number[] = []
    for (const group of wycheproof('ecdh_secp256r1_ecpoint')) {
      for (const test of group.tests) {
        const point = bytesOf(test, 'public')
        const offer = options.offerOf(SECP256R1, toLength(bytesOf(test, 'private'), 32))
        const valid = test.result === 'valid' && point.length === 65
        const expected = valid ? test['shared'] : 'ERR_CRYPTO_INVALID_SHARE'
        if (complete(offer, point) !== expected) failures.push(test.tcId)
      }
    }
    t.same(failures, [])
    t.end()
  })

  t.test('offer and answer reach one secret in every group', (t) => {
    const lengths: Record<NamedGroup, readonly [number, number]> = {
      [X25519]: [32, 32],
      [SECP256R1]: [65, 32],
      [SECP384R1]: [97, 48],
    }
    for (const group of provider.groups) {
      const [shareLength, secretLength] = lengths[group]
      const offer = provider.offerKey(group)
      const answer = provider.answerKey(group, offer.share)
      t.equal(offer.group, group)
      t.equal(offer.share.length, shareLength)
      t.equal(answer.share.length, shareLength)
      t.equal(answer.secret.length, secretLength)
      t.equal(bytesToHex(offer.complete(answer.share)), bytesToHex(answer.secret))
      t.throws(() => offer.complete(answer.share), Error, 'an offer serves once')
      t.not(bytesToHex(provider.offerKey(group).share), bytesToHex(offer.share))
    }
    t.end()
  })

  t.test('malformed shares are refused with ERR_CRYPTO_INVALID_SHARE', (t) => {
    for (const group of provider.groups) {
      const good = provider.offerKey(group).share
      const bad = [
        EMPTY,
        good.subarray(1),
        Uint8Array.of(...good, 0),
        new Uint8Array(good.length),
        new Uint8Array(33).fill(2),
      ]
      if (group !== X25519) {
        const offCurve = new Uint8Array(good)
        offCurve[good.length - 1] ^= 1
        bad.push(offCurve)
        const hybrid = new Uint8Array(good)
        hybrid[0] = 0x06 | (good[good.length - 1] & 1)
        bad.push(hybrid)
      }
      for (const share of bad) {
        t.equal(complete(provider.offerKey(group), share), 'ERR_CRYPTO_INVALID_SHARE')
        t.throws(() => provider.answerKey(group, share), { code: 'ERR_CRYPTO_INVALID_SHARE' })
      }
    }
    t.throws(() => provider.offerKey(0x9999 as NamedGroup), { code: 'ERR_CRYPTO_UNSUPPORTED' })
    t.end()
  })

  t.test('a key offer does not show its private key', (t) => {
    for (const group of [X25519, SECP256R1] as const) {
      const privateKey = provider.randomBytes(32)
      privateKey[0] = 0x41
      const copy = new Uint8Array(privateKey)
      t.notOk(showsSecret(options.offerOf(group, privateKey), copy))
    }
    t.ok(showsSecret({ a: { b: new Uint8Array(32).fill(7) } }, new Uint8Array(32).fill(7)))
    t.end()
  })
}

function complete(offer: KeyOffer, share: Uint8Array): string {
  try {
    return bytesToHex(offer.complete(share))
  } catch (error) {
    return error instanceof CryptoError ? error.code : String(error)
  }
}

// Wycheproof writes private keys as numbers: with a leading zero, or short.
function toLength(bytes: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length)
  const significant = bytes.length > length ? bytes.subarray(bytes.length - length) : bytes
  result.set(significant, length - significant.length)
  return result
}
