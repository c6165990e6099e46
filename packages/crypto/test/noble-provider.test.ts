import t from 'tap'
import { createNobleProvider, X25519 } from '@godwit/crypto'
import { cryptoProviderContract, seededRandomBytes } from '@godwit/testkit'
import { nobleOfferOf } from '../src/noble/key-exchange.ts'

cryptoProviderContract(t, () => createNobleProvider(), { offerOf: nobleOfferOf, signsRsa: false })

t.test('all randomness of the noble backend is the one that is injected', (t) => {
  const first = createNobleProvider(seededRandomBytes(1))
  const second = createNobleProvider(seededRandomBytes(1))
  t.same(first.randomBytes(5), second.randomBytes(5))
  for (const group of first.groups) {
    t.same(first.offerKey(group).share, second.offerKey(group).share)
  }
  for (const type of ['p256', 'p384', 'ed25519'] as const) {
    const key = first.generateSigningKey(type)
    t.same(key.publicKey, second.generateSigningKey(type).publicKey)
  }
  const third = createNobleProvider(seededRandomBytes(2))
  t.notSame(third.offerKey(X25519).share, first.offerKey(X25519).share)
  t.end()
})

t.test('a source of randomness that gives no key is an error, not an endless loop', (t) => {
  const broken = createNobleProvider((length) => new Uint8Array(length))
  t.throws(() => broken.generateSigningKey('p256'), /randomBytes/)
  t.end()
})
