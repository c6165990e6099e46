// Public keys are kept once they were parsed: more of them than are kept, each still its own.

import t from 'tap'
import { createNodeProvider } from '../../src/crypto/provider.ts'

t.test('many keys, twice, each verifies its own signatures only', (t) => {
  const provider = createNodeProvider()
  const message = new TextEncoder().encode('message')
  const signers = Array.from({ length: 70 }, () => {
    const key = provider.generateSigningKey('p256')
    return { publicKey: key.publicKey, signature: key.sign('ecdsa-sha256', message) }
  })
  for (let round = 0; round < 2; round++) {
    for (const [i, { publicKey, signature }] of signers.entries()) {
      const other = signers[(i + 1) % signers.length].signature
      t.ok(provider.verify('ecdsa-sha256', publicKey, message, signature))
      t.notOk(provider.verify('ecdsa-sha256', publicKey, message, other))
    }
  }
  const [{ publicKey, signature }] = signers
  const broken = publicKey.slice()
  broken[10] ^= 1
  t.notOk(provider.verify('ecdsa-sha256', broken, message, signature), 'nor a key that is none')
  t.notOk(provider.verify('rsa-pss-sha256', publicKey, message, signature), 'nor of another kind')
  t.end()
})
