// Which certificate a server shows for which name, RFC 6066 §3: the names of addContext, one by one.

import t from 'tap'
import { selectProvider } from '../src/crypto/select-provider.ts'
import { ServerIdentities } from '../src/tls/server-identities.ts'
import { makeIdentity } from './support/identity.ts'

function named(name: string): { key: string; cert: string } {
  const { key, cert } = makeIdentity([name])
  return { key, cert }
}

t.test('a wildcard of addContext is the whole left-most label, and stands for one', (t) => {
  const identities = new ServerIdentities(selectProvider(), named('own.test'), undefined)
  for (const name of ['a.test', '*.B.test', 'deep.b.test', '*.deep.b.test']) {
    identities.addContext(name, named(name.toLowerCase()))
  }
  const shown = (name: string | null): string => {
    const [identity] = identities.select(name)!
    return identity.names[0]
  }
  for (const [name, expected] of [
    ['a.test', 'a.test'],
    ['A.TEST', 'a.test'],
    ['www.a.test', 'own.test'],
    ['x.b.test', '*.b.test'],
    ['X.B.Test', '*.b.test'],
    ['x-y.b.test', '*.b.test'],
    ['b.test', 'own.test'],
    ['xb.test', 'own.test'],
    ['x.y.b.test', 'own.test'],
    ['x.b.test.evil', 'own.test'],
    ['.b.test', 'own.test'],
    ['deep.b.test', 'deep.b.test'],
    ['x.deep.b.test', '*.deep.b.test'],
    ['test', 'own.test'],
    [null, 'own.test'],
  ] as const) {
    t.equal(shown(name), expected, String(name))
  }
  t.end()
})
