import { createPrivateKey, createPublicKey } from 'node:crypto'
import t from 'tap'
import { loadIdentity, parsePemPrivateKey, privateKeyToPkcs8, parsePem } from '@godwit/x509'
import type { SigningKey } from '@godwit/crypto'
import { crypto, der, errorOf, hex, readVector } from './support.ts'

// The portable backend has no private RSA keys: node:crypto reads them, which checks them as well.
const key = (name: string): SigningKey => {
  const pkcs8 = parsePemPrivateKey(readVector(`key-${name}`))
  if (!name.startsWith('rsa')) return crypto.importSigningKey(pkcs8)
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), type: 'pkcs8', format: 'der' })
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const unused = (): never => {
    throw new Error('not used here')
  }
  return {
    type: 'rsa',
    publicKey: new Uint8Array(spki),
    algorithms: ['rsa-pss-sha256'],
    sign: unused,
    exportPkcs8: unused,
  }
}

t.test('a chain and its key, in every form that keys have', (t) => {
  const good: [chain: string[], key: string][] = [
    [['leaf-p256', 'int-p256'], 'p256-pkcs8'],
    [['leaf-p256'], 'p256-sec1'],
    [['leaf-p384'], 'p384-sec1'],
    [['leaf-rsa', 'int-rsa'], 'rsa-pkcs8'],
    [['leaf-rsa'], 'rsa-pkcs1'],
    [['leaf-ed25519'], 'ed25519-pkcs8'],
  ]
  for (const [chain, name] of good) {
    const identity = loadIdentity({ certificates: chain.map(der), key: key(name) })
    t.equal(identity.chain.length, chain.length, name)
    t.same(identity.names, ['example.org', '*.example.org', '192.0.2.1', '2001:db8::1'])
  }
  t.end()
})

t.test('a key of another certificate is told at once', (t) => {
  const load = (chain: string[], name: string): Error & { code: string } =>
    errorOf(() => loadIdentity({ certificates: chain.map(der), key: key(name) }))
  const other = load(['leaf-p256', 'int-p256'], 'rsa-pkcs8')
  t.equal(other.code, 'ERR_X509_KEY_MISMATCH')
  t.match(
    other.message,
    /does not belong to certificate "CN=example.org,O=Example": the certificate's key is p256/,
  )
  const order = load(['int-p256', 'leaf-p256'], 'p256-pkcs8')
  t.equal(order.code, 'ERR_X509_KEY_MISMATCH')
  t.match(order.message, /it belongs to certificate 2 of the chain, which must come first/)
  t.equal(load(['leaf-p256'], 'p256-ecparam').code, 'ERR_X509_KEY_MISMATCH', 'same curve')
  t.equal(load([], 'p256-pkcs8').code, 'ERR_X509_NO_CERTIFICATE')
  t.equal(
    load(
      Array.from({ length: 33 }, () => 'leaf-p256'),
      'p256-pkcs8',
    ).code,
    'ERR_X509_LIMIT',
  )
  t.equal(load(['leaf-rsa1024'], 'rsa-pkcs8').code, 'ERR_X509_WEAK_ALGORITHM')
  const broken = errorOf(() =>
    loadIdentity({ certificates: [der('leaf-p256'), Uint8Array.of(1)], key: key('p256-pkcs8') }),
  )
  t.equal(broken.code, 'ERR_X509_MALFORMED')
  t.match(broken.message, /^certificate 2 of 2: /)
  t.end()
})

t.test('RFC 5915, RFC 8017: older forms come out as the PKCS #8 that openssl writes', (t) => {
  const pkcs8 = (name: string): string => hex(parsePemPrivateKey(readVector(`key-${name}`)))
  t.equal(pkcs8('rsa-pkcs1'), pkcs8('rsa-pkcs8'))
  t.equal(pkcs8('p256-sec1'), pkcs8('p256-pkcs8'))
  t.ok(pkcs8('p256-ecparam').length > 0, 'after EC PARAMETERS')
  t.end()
})

t.test('keys that cannot be read', (t) => {
  for (const name of ['encrypted-pkcs8', 'encrypted-pkcs1']) {
    const error = errorOf(() => key(name))
    t.equal(error.code, 'ERR_X509_ENCRYPTED_KEY')
    t.match(error.message, /decrypt it first: openssl pkey/)
  }
  const none = errorOf(() => parsePemPrivateKey(readVector('leaf-p256')))
  t.equal(none.code, 'ERR_X509_INVALID_KEY')
  t.match(none.message, /found only CERTIFICATE/)
  t.match(errorOf(() => parsePemPrivateKey('')).message, /found nothing in PEM/)
  const block = (label: string, bytes: Uint8Array): (() => unknown) => {
    return () => privateKeyToPkcs8({ label, headers: [], der: bytes })
  }
  t.match(
    errorOf(block('OPENSSH PRIVATE KEY', new Uint8Array(9))).message,
    /expected PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY, got OPENSSH PRIVATE KEY/,
  )
  t.equal(errorOf(block('PRIVATE KEY', new Uint8Array(99_999))).code, 'ERR_X509_LIMIT')
  for (const [label, name] of [
    ['PRIVATE KEY', 'key-p256-pkcs8'],
    ['EC PRIVATE KEY', 'key-p256-sec1'],
    ['RSA PRIVATE KEY', 'key-rsa-pkcs1'],
  ]) {
    const [{ der: bytes }] = parsePem(readVector(name))
    for (const cut of [0, 1, 5, bytes.length - 1]) {
      t.equal(errorOf(block(label, bytes.subarray(0, cut))).code, 'ERR_X509_INVALID_KEY', label)
    }
    const changed = bytes.slice()
    changed[4] ^= 1
    t.equal(errorOf(block(label, changed)).code, 'ERR_X509_INVALID_KEY', label)
  }
  t.end()
})
