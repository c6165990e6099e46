// Which of several certificates a server shows, RFC 9846 §4.5.1.2.

import t from 'tap'
import { issueCertificate, loadIdentity } from '@godwit/x509'
import type { Identity } from '@godwit/x509'

import { editHello, setExtension } from './edit.ts'
import {
  CLIENT_PARAMETERS,
  NOW,
  SERVER_PARAMETERS,
  client,
  crypto,
  cryptoBytes,
  drain,
  hex,
  server,
  splitMessages,
} from './support.ts'

const ED25519 = 0x0807
const P256 = 0x0403

/** An Ed25519 key whose certificate is signed by an authority of another kind. */
function signedBy(type: 'ed25519' | 'p256' | 'p384'): Identity {
  const validity = { notBefore: NOW - 3_600_000, notAfter: NOW + 3_600_000 }
  const authorityKey = crypto.generateSigningKey(type)
  const authority = { crypto, subject: type, key: authorityKey, isCa: true, ...validity }
  const key = crypto.generateSigningKey('ed25519')
  const certificate = issueCertificate({
    crypto,
    issuer: { certificate: issueCertificate(authority), key: authorityKey },
    subject: 'leaf',
    key,
    subjectAltNames: ['example.test'],
    ...validity,
  })
  return loadIdentity({ certificates: [certificate], key })
}

const byEd25519 = signedBy('ed25519')
const byP256 = signedBy('p256')
const byP384 = signedBy('p384')

/** What a server shows that has `identities`, to a client that verifies these and those algorithms. */
function shown(
  identities: readonly Identity[],
  handshake: number[],
  chain: number[] | null,
): Identity | undefined {
  const list = (codes: number[]): number[] => [
    0,
    2 * codes.length,
    ...codes.flatMap((code) => [code >>> 8, code & 0xff]),
  ]
  const c = client()
  c.start(CLIENT_PARAMETERS)
  const hello = editHello(cryptoBytes(drain(c), 0), (h) => {
    setExtension(h, 13, list(handshake))
    setExtension(h, 50, chain === null ? null : list(chain))
  })
  const s = server({ selectIdentity: () => identities })
  s.start(SERVER_PARAMETERS)
  s.handleCrypto(0, hello)
  const [, certificate] = splitMessages(cryptoBytes(drain(s), 2))
  return identities.find((identity) => hex(certificate).includes(hex(identity.chain[0])))
}

t.test('the chain is one that the client verifies, by signature_algorithms_cert', (t) => {
  for (const identities of [
    [byEd25519, byP256],
    [byP256, byEd25519],
  ]) {
    t.equal(shown(identities, [ED25519], [P256]), byP256)
    t.equal(shown(identities, [ED25519], [ED25519]), byEd25519)
    t.equal(shown(identities, [ED25519], null), byEd25519, 'or by signature_algorithms')
    t.equal(shown(identities, [ED25519, P256], [P256, ED25519]), identities[0], 'the first of two')
  }
  t.end()
})

t.test("a chain of the server's choice goes when none suits: the first", (t) => {
  for (const identities of [
    [byP384, byP256],
    [byP256, byP384],
  ]) {
    t.equal(shown(identities, [ED25519], [ED25519]), identities[0])
  }
  t.equal(shown([byP384], [ED25519], [ED25519]), byP384, 'or the only one')
  t.end()
})
