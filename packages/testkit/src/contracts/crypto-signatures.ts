// The part of the CryptoProvider contract about signatures and the keys that make them.

import { constants, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { Test } from 'tap'
import {
  CryptoError,
  SECP256R1,
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  X25519,
  type CryptoProvider,
  type HashName,
  type KeyOffer,
  type NamedGroup,
  type SignatureAlgorithm,
} from '@godwit/crypto'
import { bytesOf, bytesToHex, hexToBytes, showsSecret, wycheproof } from './crypto-vectors.ts'

const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512']
const EMPTY = new Uint8Array(0)

export interface CryptoProviderContractOptions {
  /** A key share of a given private key, for the vectors of key exchange. */
  readonly offerOf: (group: NamedGroup, privateKey: Uint8Array) => KeyOffer
  /** True for a backend that signs with RSA. */
  readonly signsRsa: boolean
}

export function ecdsaAndEd25519(t: Test, provider: CryptoProvider): void {
  const files: readonly [string, SignatureAlgorithm][] = [
    ['ecdsa_secp256r1_sha256', 'ecdsa-sha256'],
    ['ecdsa_secp384r1_sha384', 'ecdsa-sha384'],
    ['ed25519', 'ed25519'],
    ['rsa_pss_2048_sha256_mgf1_32', 'rsa-pss-sha256'],
  ]
  for (const [file, algorithm] of files) {
    t.test(`Wycheproof: ${file}`, (t) => {
      const failures: number[] = []
      let count = 0
      for (const group of wycheproof(file)) {
        const spki = hexToBytes(group['publicKeyDer'] as string)
        for (const test of group.tests) {
          count++
          const verified = provider.verify(
            algorithm,
            spki,
            bytesOf(test, 'msg'),
            bytesOf(test, 'sig'),
          )
          if (verified !== (test.result === 'valid')) failures.push(test.tcId)
        }
      }
      t.same(failures, [])
      t.ok(count > 100)
      t.end()
    })
  }

  t.test('ECDSA of every curve with every hash agrees with OpenSSL (X.509 mixes them)', (t) => {
    const message = provider.randomBytes(99)
    for (const namedCurve of ['prime256v1', 'secp384r1', 'secp521r1']) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
      const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
      const key = provider.importSigningKey(
        new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })),
      )
      t.equal(bytesToHex(key.publicKey), bytesToHex(spki))
      for (const hash of HASHES) {
        const algorithm: SignatureAlgorithm = `ecdsa-${hash}`
        const theirs = new Uint8Array(sign(hash, message, privateKey))
        t.ok(provider.verify(algorithm, spki, message, theirs), `${namedCurve} ${hash}: theirs`)
        t.ok(verify(hash, message, publicKey, key.sign(algorithm, message)), 'ours')
        t.notOk(provider.verify(algorithm, spki, message.subarray(1), theirs))
        const other = hash === 'sha256' ? 'ecdsa-sha384' : 'ecdsa-sha256'
        t.notOk(provider.verify(other, spki, message, theirs))
      }
    }
    t.end()
  })

  t.test('verify is false, and never throws, for keys and signatures that do not parse', (t) => {
    const message = provider.randomBytes(20)
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
    const signature = new Uint8Array(sign('sha256', message, privateKey))
    const foreign = ['secp256k1', 'brainpoolP256r1'].map((namedCurve) => {
      const pair = generateKeyPairSync('ec', { namedCurve })
      return {
        spki: new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' })),
        signature: new Uint8Array(sign('sha256', message, pair.privateKey)),
      }
    })
    for (const other of foreign) {
      t.notOk(provider.verify('ecdsa-sha256', other.spki, message, other.signature))
    }
    t.notOk(provider.verify('ed25519', spki, message, signature))
    t.notOk(provider.verify('rsa-pss-sha256', spki, message, signature))
    for (let length = 0; length < spki.length; length++) {
      t.notOk(provider.verify('ecdsa-sha256', spki.subarray(0, length), message, signature))
    }
    for (let length = 0; length < signature.length; length++) {
      t.notOk(provider.verify('ecdsa-sha256', spki, message, signature.subarray(0, length)))
    }
    const trailing = Uint8Array.of(...signature, 0)
    t.notOk(provider.verify('ecdsa-sha256', spki, message, trailing))
    for (let i = 0; i < spki.length; i++) {
      const broken = new Uint8Array(spki)
      broken[i] ^= 0x55
      t.notOk(provider.verify('ecdsa-sha256', broken, message, signature), `byte ${i}`)
    }
    t.end()
  })
}

export function rsa(
  t: Test,
  provider: CryptoProvider,
  options: CryptoProviderContractOptions,
): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
  const message = provider.randomBytes(77)
  const pss = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }

  t.test('RSA signatures of OpenSSL verify, both paddings, every hash (RFC 8017)', (t) => {
    for (const hash of HASHES) {
      const pkcs1 = new Uint8Array(sign(hash, message, privateKey))
      const probabilistic = new Uint8Array(sign(hash, message, { key: privateKey, ...pss }))
      t.ok(provider.verify(`rsa-pkcs1-${hash}`, spki, message, pkcs1))
      t.ok(provider.verify(`rsa-pss-${hash}`, spki, message, probabilistic))
      t.notOk(provider.verify(`rsa-pss-${hash}`, spki, message, pkcs1))
      t.notOk(provider.verify(`rsa-pkcs1-${hash}`, spki, message, probabilistic))
      for (const signature of [pkcs1, probabilistic]) {
        const algorithm: SignatureAlgorithm =
          signature === pkcs1 ? `rsa-pkcs1-${hash}` : `rsa-pss-${hash}`
        for (const at of [0, 1, 128, 254, 255]) {
          const broken = new Uint8Array(signature)
          broken[at] ^= 1
          t.notOk(provider.verify(algorithm, spki, message, broken))
        }
        t.notOk(provider.verify(algorithm, spki, message.subarray(1), signature))
        t.notOk(provider.verify(algorithm, spki, message, signature.subarray(1)))
        t.notOk(provider.verify(algorithm, spki, message, Uint8Array.of(0, ...signature)))
        t.notOk(provider.verify(algorithm, spki, message, new Uint8Array(256).fill(0xff)))
        t.notOk(provider.verify(algorithm, spki, message, new Uint8Array(256)))
      }
    }
    // RFC 9846 §4.2.3: the salt is as long as the hash.
    const short = sign('sha256', message, { key: privateKey, ...pss, saltLength: 20 })
    t.notOk(provider.verify('rsa-pss-sha256', spki, message, new Uint8Array(short)))
    t.end()
  })

  t.test('RSA moduli whose length is no multiple of eight bits verify', (t) => {
    for (const modulusLength of [1025, 1030, 2047]) {
      const pair = generateKeyPairSync('rsa', { modulusLength })
      const der = new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }))
      const signature = sign('sha256', message, { key: pair.privateKey, ...pss })
      t.ok(provider.verify('rsa-pss-sha256', der, message, new Uint8Array(signature)))
      const pkcs1 = sign('sha256', message, pair.privateKey)
      t.ok(provider.verify('rsa-pkcs1-sha256', der, message, new Uint8Array(pkcs1)))
    }
    t.end()
  })

  t.test('RSA keys that are too small or too costly verify nothing', (t) => {
    const small = generateKeyPairSync('rsa', { modulusLength: 768 })
    const der = new Uint8Array(small.publicKey.export({ format: 'der', type: 'spki' }))
    const signature = new Uint8Array(sign('sha256', message, small.privateKey))
    t.notOk(provider.verify('rsa-pkcs1-sha256', der, message, signature))
    const huge = rsaPublicKey(new Uint8Array(4096).fill(0xff), Uint8Array.of(1, 0, 1))
    t.notOk(provider.verify('rsa-pkcs1-sha256', huge, message, new Uint8Array(4096)))
    const large = rsaPublicKey(new Uint8Array(1025).fill(0xff), Uint8Array.of(1, 0, 1))
    t.notOk(provider.verify('rsa-pkcs1-sha256', large, message, new Uint8Array(1025)))
    const slow = rsaPublicKey(new Uint8Array(256).fill(0xff), new Uint8Array(256).fill(0x7f))
    t.notOk(provider.verify('rsa-pkcs1-sha256', slow, message, new Uint8Array(256)))
    // A refused key leaves nothing behind that fails what comes next.
    const own = provider.generateSigningKey('p256')
    t.equal(provider.importSigningKey(own.exportPkcs8()).type, 'p256')
    const exponentOne = rsaPublicKey(new Uint8Array(256).fill(0xff), Uint8Array.of(1))
    t.notOk(provider.verify('rsa-pkcs1-sha256', exponentOne, message, new Uint8Array(256)))
    t.end()
  })

  t.test('signing with RSA: as declared by the backend', (t) => {
    const pkcs8 = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))
    if (!options.signsRsa) {
      t.throws(() => provider.importSigningKey(pkcs8), { code: 'ERR_CRYPTO_UNSUPPORTED' })
      t.end()
      return
    }
    const key = provider.importSigningKey(pkcs8)
    t.equal(key.type, 'rsa')
    t.equal(key.algorithms[0], 'rsa-pss-sha256')
    for (const algorithm of key.algorithms) {
      const signature = key.sign(algorithm, message)
      t.ok(provider.verify(algorithm, key.publicKey, message, signature), algorithm)
    }
    t.throws(() => key.sign('ecdsa-sha256', message), { code: 'ERR_CRYPTO_UNSUPPORTED' })
    t.equal(bytesToHex(key.exportPkcs8()), bytesToHex(pkcs8))
    t.end()
  })
}

export function signingKeys(
  t: Test,
  provider: CryptoProvider,
  options: CryptoProviderContractOptions,
): void {
  t.test('generated keys sign what verifies, and survive PKCS #8 (RFC 5958)', (t) => {
    const message = provider.randomBytes(50)
    for (const type of ['p256', 'p384', 'ed25519'] as const) {
      const key = provider.generateSigningKey(type)
      t.equal(key.type, type)
      const exported = key.exportPkcs8()
      const again = provider.importSigningKey(exported)
      t.equal(bytesToHex(again.publicKey), bytesToHex(key.publicKey))
      t.equal(again.type, type)
      for (const algorithm of key.algorithms) {
        t.ok(provider.verify(algorithm, key.publicKey, message, key.sign(algorithm, message)))
        t.ok(provider.verify(algorithm, key.publicKey, message, again.sign(algorithm, message)))
        t.notOk(provider.verify(algorithm, key.publicKey, EMPTY, key.sign(algorithm, message)))
      }
      t.throws(() => key.sign('rsa-pss-sha256', message), { code: 'ERR_CRYPTO_UNSUPPORTED' })
      t.not(
        bytesToHex(provider.generateSigningKey(type).publicKey),
        bytesToHex(key.publicKey),
        'keys differ',
      )
    }
    t.equal(provider.generateSigningKey('p256').algorithms[0], 'ecdsa-sha256')
    t.equal(provider.generateSigningKey('p384').algorithms[0], 'ecdsa-sha384')
    t.throws(() => provider.generateSigningKey('p521' as 'p384'), RangeError)
    t.end()
  })

  t.test('a signing key does not show its private key', (t) => {
    for (const type of ['p256', 'ed25519'] as const) {
      const key = provider.generateSigningKey(type)
      const pkcs8 = key.exportPkcs8()
      // The private key follows its OCTET STRING header of 32 bytes.
      const at = pkcs8.findIndex((byte, i) => i > 15 && byte === 0x04 && pkcs8[i + 1] === 0x20)
      t.notOk(showsSecret(key, pkcs8.subarray(at + 2)))
    }
    t.end()
  })

  t.test('malformed and foreign private keys are refused with a CryptoError', (t) => {
    const good = provider.generateSigningKey('p256').exportPkcs8()
    for (let length = 0; length < good.length; length++) {
      t.throws(() => provider.importSigningKey(good.subarray(0, length)), CryptoError)
    }
    const codeOf = (pkcs8: Uint8Array): unknown => {
      try {
        provider.importSigningKey(pkcs8)
        return null
      } catch (error) {
        return (error as CryptoError).code
      }
    }
    t.equal(codeOf(provider.randomBytes(64).fill(0x30, 0, 1)), 'ERR_CRYPTO_INVALID_KEY')
    const x25519 = generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' })
    t.equal(codeOf(new Uint8Array(x25519)), 'ERR_CRYPTO_UNSUPPORTED')
    const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    const der = koblitz.privateKey.export({ format: 'der', type: 'pkcs8' })
    t.equal(codeOf(new Uint8Array(der)), 'ERR_CRYPTO_UNSUPPORTED')
    t.end()
  })

  t.test('what the provider lists, it has; random bytes are plain arrays of their own', (t) => {
    for (const suite of [
      TLS_AES_128_GCM_SHA256,
      TLS_AES_256_GCM_SHA384,
      TLS_CHACHA20_POLY1305_SHA256,
    ] as const) {
      t.ok(provider.cipherSuites.includes(suite), `suite ${suite}`)
    }
    for (const group of [X25519, SECP256R1] as const) t.ok(provider.groups.includes(group))
    t.ok(provider.signatureAlgorithms.length >= 10)
    const results = [
      provider.randomBytes(8),
      provider.createHash('sha256').digest(),
      provider.hmac('sha256', EMPTY, EMPTY),
      provider.hkdfExpand('sha256', new Uint8Array(32), EMPTY, 42),
      provider.offerKey(X25519).share,
      provider.offerKey(SECP256R1).share,
      options.offerOf(X25519, provider.randomBytes(32)).share,
      provider.generateSigningKey('p256').publicKey,
      provider.generateSigningKey('p256').sign('ecdsa-sha256', EMPTY),
    ]
    for (const bytes of results) {
      // A Buffer's slice shares memory: code that wipes what it copied would be fooled.
      t.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype)
    }
    t.not(bytesToHex(provider.randomBytes(16)), bytesToHex(provider.randomBytes(16)))
    t.end()
  })
}

function rsaPublicKey(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const positive = (bytes: Uint8Array): Uint8Array =>
    der(0x02, bytes[0] >= 0x80 ? Uint8Array.of(0, ...bytes) : bytes)
  const algorithm = hexToBytes('300d06092a864886f70d0101010500')
  const key = der(0x30, positive(modulus), positive(exponent))
  return der(0x30, algorithm, der(0x03, Uint8Array.of(0), key))
}

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts)
  const { length } = content
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Uint8Array.of(...header, ...content)
}
