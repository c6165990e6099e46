import { createPrivateKey } from 'node:crypto'
import t from 'tap'
import { createSecureContext, createServer } from '../src/index.ts'
import { makeIdentity } from './support/identity.ts'

const one = makeIdentity()
const two = makeIdentity()

t.test('a missing key or certificate is an error at start', async (t) => {
  // @ts-expect-error -- what a JavaScript caller may do
  t.throws(() => createServer({ cert: one.cert }), {
    code: 'ERR_TLS_NO_CERTIFICATE',
    message: /"key" is missing/,
  })
  // @ts-expect-error -- what a JavaScript caller may do
  t.throws(() => createServer({ key: one.key }), { message: /"cert" is missing/ })
})

t.test('a key of another certificate is an error at start', async (t) => {
  t.throws(() => createServer({ key: one.key, cert: two.cert }), { code: 'ERR_X509_KEY_MISMATCH' })
})

t.test('text that is no PEM is an error at start', async (t) => {
  t.throws(() => createServer({ key: one.key, cert: 'hello' }), { code: /^ERR_X509_/ })
  t.throws(() => createServer({ key: 'hello', cert: one.cert }), { code: /^ERR_X509_/ })
})

t.test('PEM comes as string, Buffer or array, and several pairs may come', async (t) => {
  const buffers = { key: Buffer.from(one.key), cert: [Buffer.from(one.cert)] }
  t.equal(createSecureContext(buffers).identities.length, 1)
  const both = createSecureContext({ key: [one.key, two.key], cert: [one.cert, two.cert] })
  t.equal(both.identities.length, 2)
  t.throws(() => createSecureContext({ key: [one.key, two.key], cert: one.cert }), {
    name: 'RangeError',
  })
})

t.test('an encrypted key needs its passphrase', async (t) => {
  const key = createPrivateKey(one.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  }) as string
  t.throws(() => createSecureContext({ key, cert: one.cert }), { code: 'ERR_X509_ENCRYPTED_KEY' })
  t.doesNotThrow(() => createSecureContext({ key, cert: one.cert, passphrase: 'secret' }))
  t.throws(() => createSecureContext({ key, cert: one.cert, passphrase: 'wrong' }))
})
