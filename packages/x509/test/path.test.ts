// What holds for every certificate of a path, not for the first one alone: RFC 5280 §6.1.

import t from 'tap'
import type { CryptoProvider, SigningKey } from '@godwit/crypto'
import {
  type IssueOptions,
  issueCertificate,
  TrustStore,
  verifyCertificateChain,
} from '@godwit/x509'
import { crypto, errorOf, TIME } from './support.ts'

interface Link extends Partial<IssueOptions> {
  readonly subject: string
}

const keys = new Map<string, SigningKey>()

/** One key for each name, so that a second certificate of a name is a further one of the same holder. */
function keyOf(name: string): SigningKey {
  const key = keys.get(name) ?? crypto.generateSigningKey('p256')
  keys.set(name, key)
  return key
}

/** Certificates from the root down, each issued by the one before; returned as a peer sends them, root last. */
function issue(...links: readonly Link[]): Uint8Array[] {
  const chain: Uint8Array[] = []
  links.forEach((link, i) => {
    const key = link.key ?? keyOf(link.subject)
    const above = links[i - 1]
    const certificate = issueCertificate({
      crypto,
      issuer:
        above === undefined
          ? null
          : { certificate: chain[0], key: above.key ?? keyOf(above.subject) },
      notBefore: TIME - 1000,
      notAfter: TIME + 1000,
      isCa: i < links.length - 1,
      ...link,
      key,
    })
    chain.unshift(certificate)
  })
  return chain
}

/** 'accepted', or the code of what is wrong; the last certificate is the trusted one. */
function verdict(chain: readonly Uint8Array[], usage: 'server' | 'client' = 'server'): string {
  const verify = (): string => {
    verifyCertificateChain({
      chain: chain.slice(0, -1),
      trustStore: new TrustStore([chain[chain.length - 1]]),
      serverName: null,
      usage,
      time: TIME,
      crypto,
    })
    return 'accepted'
  }
  try {
    return verify()
  } catch {
    return errorOf(verify).code
  }
}

const CONSTRAINT = 'ERR_X509_NAME_CONSTRAINT'
const leaf = { subject: 'leaf', subjectAltNames: ['www.example.org'] }
const root = { subject: 'root' }
const middle = { subject: 'middle' }

t.test('RFC 5280 §6.1.4 (g): constraints are for the authorities below, too', (t) => {
  const constrained = { subject: 'constrained', permittedNames: ['example.org', '10.0.0.0/8'] }
  for (const [names, expected] of [
    [[], 'accepted'],
    [['ca.example.org'], 'accepted'],
    [['10.1.2.3'], 'accepted'],
    [['ca.example.net'], CONSTRAINT],
    [['ca.example.org', 'ca.example.net'], CONSTRAINT],
    [['192.0.2.1'], CONSTRAINT],
  ] as const) {
    const authority = { ...middle, subjectAltNames: names }
    t.equal(verdict(issue(root, constrained, authority, leaf)), expected, `below: ${names.join()}`)
    t.equal(
      verdict(issue({ ...root, permittedNames: constrained.permittedNames }, authority, leaf)),
      expected,
      `below a trusted one: ${names.join()}`,
    )
    t.equal(
      verdict(
        issue(root, constrained, middle, {
          subject: 'deep',
          subjectAltNames: names.length > 0 ? names : ['a.example.org'],
        }),
      ),
      expected,
      `two below: ${names.join()}`,
    )
  }
  t.end()
})

t.test('RFC 5280 §6.1.4 (g): the constraints of several authorities hold together', (t) => {
  const wide = { subject: 'wide', permittedNames: ['example.org'] }
  const narrow = { subject: 'narrow', permittedNames: ['www.example.org', 'www.example.net'] }
  const named = (name: string): Link => ({ subject: 'leaf', subjectAltNames: [name] })
  t.equal(verdict(issue(root, wide, narrow, named('a.www.example.org'))), 'accepted')
  t.equal(verdict(issue(root, wide, narrow, named('a.example.org'))), CONSTRAINT, 'not for narrow')
  t.equal(verdict(issue(root, wide, narrow, named('www.example.net'))), CONSTRAINT, 'not for wide')
  t.end()
})

t.test(
  'RFC 5280 §6.1.3 (b): an authority that issued itself a new key is exempt, no leaf is',
  (t) => {
    const constrained = { subject: 'constrained', permittedNames: ['example.org'] }
    const renewed: Link = {
      subject: 'constrained',
      key: crypto.generateSigningKey('p256'),
      subjectAltNames: ['ca.example.net'],
    }
    t.equal(verdict(issue(root, constrained, renewed, leaf)), 'accepted')
    t.equal(verdict(issue(root, constrained, { ...renewed, isCa: false })), CONSTRAINT)
    t.end()
  },
)

t.test('an authority with a new name and its old key is another one', (t) => {
  const key = crypto.generateSigningKey('p256')
  const chain = issue({ subject: 'old name', key }, { subject: 'new name', key }, leaf)
  t.equal(verdict(chain), 'accepted')
  t.end()
})

t.test(
  'RFC 5280 §6.1.4 (m): pathLenConstraint counts the authorities below, without the leaf',
  (t) => {
    const [a, b, c] = ['a', 'b', 'c'].map((subject) => ({ subject }))
    for (const [pathLength, below, expected] of [
      [0, [], 'accepted'],
      [0, [a], 'ERR_X509_PATH_LENGTH'],
      [1, [a], 'accepted'],
      [1, [a, b], 'ERR_X509_PATH_LENGTH'],
      [2, [a, b], 'accepted'],
      [2, [a, b, c], 'ERR_X509_PATH_LENGTH'],
    ] as const) {
      const limited = { ...middle, pathLength }
      t.equal(
        verdict(issue(root, limited, ...below, leaf)),
        expected,
        `${below.length} below ${pathLength}`,
      )
      t.equal(verdict(issue({ ...root, pathLength }, ...below, leaf)), expected, 'of a trusted one')
    }
    t.end()
  },
)

t.test('RFC 5280 §6.1: what an authority must be, wherever it stands', (t) => {
  const expired = { notBefore: TIME - 3000, notAfter: TIME - 2000 }
  const future = { notBefore: TIME + 2000, notAfter: TIME + 3000 }
  for (const [what, expected] of [
    [expired, 'ERR_X509_EXPIRED'],
    [future, 'ERR_X509_NOT_YET_VALID'],
    [{ isCa: false }, 'ERR_X509_NOT_CA'],
    [{ usages: ['client'] }, 'ERR_X509_EXTENDED_KEY_USAGE'],
    [{ usages: ['server'] }, 'accepted'],
  ] as const) {
    const said = JSON.stringify(what)
    t.equal(
      verdict(issue({ ...root, ...what }, middle, leaf)),
      expected,
      `the trusted one: ${said}`,
    )
    t.equal(
      verdict(issue(root, { subject: 'a', ...what }, middle, leaf)),
      expected,
      `above: ${said}`,
    )
    t.equal(
      verdict(issue(root, middle, { subject: 'a', ...what }, leaf)),
      expected,
      `next: ${said}`,
    )
  }
  t.equal(verdict(issue(root, middle, { ...leaf, ...expired })), 'ERR_X509_EXPIRED')
  t.equal(verdict(issue(root, middle, { ...leaf, usages: ['client'] }), 'client'), 'accepted')
  t.equal(verdict(issue(root, middle, leaf), 'client'), 'ERR_X509_EXTENDED_KEY_USAGE')
  t.end()
})

/** A crypto provider that takes any signature for good. */
const gullible: CryptoProvider = {
  ...crypto,
  signatureAlgorithms: crypto.signatureAlgorithms,
  verify: () => true,
}

t.test('RFC 5280 §6.1.4 (k): without basicConstraints nobody is an authority', (t) => {
  const [leafDer, middleDer, rootDer] = issue(root, middle, leaf)
  const verify = (issuer: Uint8Array): unknown =>
    verifyCertificateChain({
      chain: [leafDer, issuer],
      trustStore: new TrustStore([rootDer]),
      serverName: null,
      usage: 'server',
      time: TIME,
      crypto: gullible,
    })
  t.doesNotThrow(() => verify(middleDer))
  // The identifier of basicConstraints becomes that of another extension, which nobody knows.
  const at = Buffer.from(middleDer).indexOf(Buffer.from('0603551d13', 'hex'))
  t.ok(at > 0)
  const without = middleDer.slice()
  without[at + 4] = 0x7f
  t.equal(errorOf(() => verify(without)).code, 'ERR_X509_NOT_CA')
  t.end()
})

t.test('a signature is not looked at when its algorithm is not for the key', (t) => {
  const [leafDer] = issue(root, leaf)
  const [other] = issue({ ...root, key: crypto.generateSigningKey('ed25519'), isCa: true })
  const error = errorOf(() =>
    verifyCertificateChain({
      chain: [leafDer],
      trustStore: new TrustStore([other]),
      serverName: null,
      usage: 'server',
      time: TIME,
      crypto: gullible,
    }),
  )
  t.equal(error.code, 'ERR_X509_UNKNOWN_ISSUER')
  t.end()
})
