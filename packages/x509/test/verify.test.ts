import * as fc from 'fast-check'
import t from 'tap'
import { parseCertificate, TrustStore, verifyCertificateChain, X509Error } from '@godwit/x509'
import type { X509ErrorCode } from '@godwit/x509'
import { crypto, der, errorOf, type Given, TIME, verify } from './support.ts'

const FULL = 'leaf-p256 int-p256'

t.test('RFC 5280 §6.1: chains of every kind of key verify', (t) => {
  const good: [chain: string, roots: string, length: number][] = [
    [FULL, 'root-p256', 3],
    ['leaf-p256-sha512 int-p256', 'root-p256', 3],
    ['leaf-p384', 'root-p384', 2],
    ['leaf-ed25519', 'root-ed25519', 2],
    ['leaf-by-p521', 'root-p521', 2],
    ['leaf-rsa int-rsa', 'root-rsa', 3],
    ['leaf-rsa-pss int-rsa', 'root-rsa', 3],
    ['leaf-rsa-pss-sha384 int-rsa', 'root-rsa', 3],
  ]
  for (const [chain, roots, length] of good) {
    const path = verify(chain, roots)
    t.equal(path.length, length, chain)
    t.equal(path[0].subject.text.includes('example.org'), true)
  }
  t.end()
})

t.test('any order, more than needed, the root sent along, intermediates trusted', (t) => {
  t.equal(verify('leaf-p256 root-rsa int-rsa root-p256 int-p256', 'root-p256').length, 3)
  t.equal(verify('leaf-p256 int-p256 int-p256 leaf-p256', 'root-p256').length, 3)
  t.equal(verify('leaf-p256', 'root-p256 int-p256').length, 2, 'an intermediate in the store')
  t.equal(verify(FULL, 'root-p256-other root-p256').length, 3, 'two of one name')
  t.equal(verify(FULL, 'root-p256-other-noids root-p256').length, 3, 'without key identifiers')
  t.equal(verify(FULL, 'root-expired root-p256').length, 3, 'an expired one of the same key')
  t.end()
})

t.test('RFC 4158: cross-signed issuers are tried until a path is found', (t) => {
  t.equal(verify('leaf-p256 int-p256 int-cross', 'root-rsa')[2].subject.text, 'CN=Root RSA')
  t.equal(verify('leaf-p256 int-cross int-p256', 'root-p256').length, 3)
  t.equal(verify('leaf-p256 int-expired int-p256', 'root-p256').length, 3, 'past an expired one')
  t.end()
})

t.test('trusted certificates that are no roots', (t) => {
  t.equal(verify('self-signed', 'self-signed', { serverName: 'localhost' }).length, 1)
  t.equal(verify('self-signed', 'self-signed', { serverName: '127.0.0.1' }).length, 1)
  t.equal(verify('leaf-p256', 'leaf-p256').length, 1, 'a leaf by itself')
  t.equal(verify('leaf-by-v1', 'root-v1').length, 2, 'a version 1 root, by trust alone')
  t.equal(
    verify('leaf-rsa int-rsa', 'root-rsa-sha1').length,
    3,
    'its own signature is not looked at',
  )
  const expired = errorOf(() => verify('leaf-expired', 'leaf-expired'))
  t.equal(expired.code, 'ERR_X509_EXPIRED', 'trust does not stop time')
  t.end()
})

t.test('clients', (t) => {
  const given: Given = { usage: 'client', serverName: null }
  t.equal(verify('leaf-client int-p256', 'root-p256', given).length, 3)
  t.equal(verify('leaf-both int-p256', 'root-p256', given).length, 3)
  t.equal(errorOf(() => verify(FULL, 'root-p256', given)).code, 'ERR_X509_EXTENDED_KEY_USAGE')
  t.end()
})

t.test('purposes that do fit', (t) => {
  for (const leaf of ['leaf-both', 'leaf-any-eku', 'leaf-no-eku', 'leaf-policies']) {
    t.equal(verify(`${leaf} int-p256`, 'root-p256').length, 3, leaf)
  }
  t.end()
})

interface Refusal extends Given {
  title: string
  chain: string
  roots?: string
  code: X509ErrorCode
  message: RegExp
}

const refusals: Refusal[] = [
  {
    title: 'no certificate at all',
    chain: '',
    code: 'ERR_X509_NO_CERTIFICATE',
    message: /sent no certificate/,
  },
  {
    title: 'nobody is trusted',
    chain: FULL,
    roots: '',
    code: 'ERR_X509_UNKNOWN_ISSUER',
    message: /"CN=Intermediate P-256,O=Example" was issued by "CN=Root P-256,O=Example", which is/,
  },
  {
    title: 'the intermediate is missing',
    chain: 'leaf-p256',
    code: 'ERR_X509_UNKNOWN_ISSUER',
    message: /was issued by "CN=Intermediate P-256,O=Example", which is neither trusted nor sent/,
  },
  {
    title: 'a root that was sent but is not trusted',
    chain: 'leaf-p256 int-p256 root-p256',
    roots: 'root-rsa',
    code: 'ERR_X509_UNKNOWN_ISSUER',
    message: /"CN=Root P-256,O=Example" is signed by itself and not trusted/,
  },
  {
    title: 'a root of the same name with another key',
    chain: FULL,
    roots: 'root-p256-other',
    code: 'ERR_X509_UNKNOWN_ISSUER',
    message: /the names are the same, the keys are not/,
  },
  {
    title: 'the same without key identifiers',
    chain: 'leaf-p256 int-noids',
    roots: 'root-p256-other-noids',
    code: 'ERR_X509_BAD_SIGNATURE',
    message: /signature of certificate "CN=Intermediate P-256,O=Example" is not by the key of/,
  },
  {
    title: 'a self-signed leaf',
    chain: 'self-signed',
    serverName: 'localhost',
    code: 'ERR_X509_SELF_SIGNED',
    message: /certificate "CN=localhost" is signed by itself and not trusted/,
  },
  {
    title: 'RFC 5280 §4.1.2.5: an expired leaf',
    chain: 'leaf-expired int-p256',
    code: 'ERR_X509_EXPIRED',
    message: /"CN=example.org" expired at 2025-02-01T00:00:00Z, now is 2030-01-01T00:00:00Z/,
  },
  {
    title: 'RFC 5280 §4.1.2.5: a leaf of the future',
    chain: 'leaf-future int-p256',
    code: 'ERR_X509_NOT_YET_VALID',
    message: /is valid from 2044-01-01T00:00:00Z, now is 2030-01-01T00:00:00Z/,
  },
  {
    title: 'an expired intermediate',
    chain: 'leaf-p256 int-expired',
    code: 'ERR_X509_EXPIRED',
    message: /"CN=Intermediate P-256,O=Example" expired/,
  },
  {
    title: 'an expired intermediate, where the way past it ends too: the reason that says more',
    chain: 'leaf-p256 int-expired int-p256',
    roots: 'root-p256-other',
    code: 'ERR_X509_EXPIRED',
    message: /"CN=Intermediate P-256,O=Example" expired/,
  },
  {
    title: 'an expired root',
    chain: FULL,
    roots: 'root-expired',
    code: 'ERR_X509_EXPIRED',
    message: /"CN=Root P-256,O=Example" expired/,
  },
  {
    title: 'RFC 9525: another name',
    chain: FULL,
    serverName: 'example.net',
    code: 'ERR_X509_NAME_MISMATCH',
    message:
      /is not for example.net; it is for example.org, \*.example.org, 192.0.2.1, 2001:db8::1/,
  },
  {
    title: 'RFC 9525: an empty name',
    chain: FULL,
    serverName: '',
    code: 'ERR_X509_NAME_MISMATCH',
    message: /is not for/,
  },
  {
    title: 'RFC 9525: a common name only',
    chain: 'leaf-cn-only int-p256',
    code: 'ERR_X509_NAME_MISMATCH',
    message: /it is for no name/,
  },
  {
    title: 'RFC 5280 §4.2.1.12: a leaf for clients',
    chain: 'leaf-client int-p256',
    code: 'ERR_X509_EXTENDED_KEY_USAGE',
    message: /"CN=me" is not for TLS servers/,
  },
  {
    title: 'an authority for clients',
    chain: 'leaf-by-client int-client',
    code: 'ERR_X509_EXTENDED_KEY_USAGE',
    message: /"CN=Client CA" is not for TLS servers/,
  },
  {
    title: 'RFC 9846 §4.5.1.2: a leaf that may not sign',
    chain: 'leaf-no-signing int-rsa',
    roots: 'root-rsa',
    code: 'ERR_X509_KEY_USAGE',
    message: /without digitalSignature/,
  },
  {
    title: 'RFC 5280 §6.1.4 (n): an authority that may not sign certificates',
    chain: 'leaf-by-no-sign int-no-sign',
    code: 'ERR_X509_KEY_USAGE',
    message: /"CN=No Sign" is not allowed to sign certificates/,
  },
  {
    title: 'RFC 5280 §6.1.4 (k): a leaf that issues',
    chain: 'leaf-by-leaf leaf-p256 int-p256',
    serverName: 'evil.example',
    code: 'ERR_X509_NOT_CA',
    message: /"CN=example.org,O=Example" issued certificate "CN=evil.example" but is no authority/,
  },
  {
    title: 'RFC 5280 §6.1.4 (k): a version 1 certificate that nobody trusts issues',
    chain: 'leaf-by-v1 root-v1',
    code: 'ERR_X509_NOT_CA',
    message: /"CN=Root V1" issued/,
  },
  {
    title: 'RFC 5280 §6.1.4 (m): an authority below pathLenConstraint 0',
    chain: 'leaf-too-deep int-below int-p256',
    code: 'ERR_X509_PATH_LENGTH',
    message: /"CN=Intermediate P-256,O=Example" allows 0 authorities below it, the chain has 1/,
  },
  {
    title: 'RFC 5280 §4.2: an unknown critical extension in the leaf',
    chain: 'leaf-critical int-p256',
    code: 'ERR_X509_CRITICAL_EXTENSION',
    message: /critical extension 1.2.3.4.5, which is not understood/,
  },
  {
    title: 'RFC 5280 §4.2: policyConstraints in an authority',
    chain: 'leaf-by-policy int-policy',
    code: 'ERR_X509_CRITICAL_EXTENSION',
    message: /"CN=Policy" has the critical extension 2.5.29.36/,
  },
  {
    title: 'SHA-1 with RSA',
    chain: 'leaf-sha1 int-rsa',
    roots: 'root-rsa',
    code: 'ERR_X509_WEAK_ALGORITHM',
    message: /"CN=example.org": signed by RSA with SHA-1/,
  },
  {
    title: 'MD5',
    chain: 'leaf-md5 int-rsa',
    roots: 'root-rsa',
    code: 'ERR_X509_WEAK_ALGORITHM',
    message: /RSA with MD5/,
  },
  {
    title: 'SHA-1 with ECDSA',
    chain: 'leaf-ecdsa-sha1 int-p256',
    code: 'ERR_X509_WEAK_ALGORITHM',
    message: /ECDSA with SHA-1/,
  },
  {
    title: 'SHA-224, which nobody uses',
    chain: 'leaf-ecdsa-sha224 int-p256',
    code: 'ERR_X509_UNSUPPORTED_ALGORITHM',
    message: /1.2.840.10045.4.3.1 is not supported/,
  },
  {
    title: 'RSASSA-PSS with a salt of another length',
    chain: 'leaf-rsa-pss-odd-salt int-rsa',
    roots: 'root-rsa',
    code: 'ERR_X509_UNSUPPORTED_ALGORITHM',
    message: /RSASSA-PSS with other parameters/,
  },
  {
    title: 'RSA of 1024 bits',
    chain: 'leaf-rsa1024 int-rsa',
    roots: 'root-rsa',
    code: 'ERR_X509_WEAK_ALGORITHM',
    message: /an RSA key of 1024 bits/,
  },
  {
    title: 'a curve that is not of TLS 1.3',
    chain: 'leaf-secp256k1 int-p256',
    code: 'ERR_X509_UNSUPPORTED_ALGORITHM',
    message: /the curve 1.3.132.0.10/,
  },
  {
    title: 'authorities that certify each other in a circle',
    chain: 'leaf-loop loop-a loop-b loop-a2',
    code: 'ERR_X509_UNKNOWN_ISSUER',
    message: /neither trusted nor sent along/,
  },
]

for (const { title, chain, roots = 'root-p256', code, message, ...given } of refusals) {
  t.test(`refused: ${title}`, (t) => {
    const error = errorOf(() => verify(chain, roots, given))
    t.equal(error.code, code)
    t.match(error.message, message)
    t.equal(error.name, 'X509Error')
    t.end()
  })
}

t.test('RFC 5280 §4.2.1.9: self-issued certificates do not count for the path length', (t) => {
  t.equal(verify('leaf-by-self-issued int-self-issued int-p256', 'root-p256').length, 4)
  t.end()
})

t.test('RFC 5280 §4.1.2.5: both ends of the validity are inside', (t) => {
  const { notBefore, notAfter } = parseCertificate(der('leaf-p384'))
  const at = (time: number): unknown => verify('leaf-p384', 'root-p384', { time })
  t.doesNotThrow(() => at(notBefore))
  t.doesNotThrow(() => at(notAfter + 999))
  t.equal(errorOf(() => at(notBefore - 1)).code, 'ERR_X509_NOT_YET_VALID')
  t.equal(errorOf(() => at(notAfter + 1000)).code, 'ERR_X509_EXPIRED')
  t.throws(() => at(Number.NaN), RangeError)
  t.end()
})

t.test('a flipped bit anywhere in what is signed, or in the signature, is found', (t) => {
  const trustStore = new TrustStore([der('root-ed25519')])
  const raw = der('leaf-ed25519')
  const accepted: number[] = []
  for (let i = 0; i < raw.length; i += 3) {
    const bytes = raw.slice()
    bytes[i] ^= 1 << (i % 8)
    try {
      verifyCertificateChain({
        chain: [bytes],
        trustStore,
        serverName: null,
        usage: 'server',
        time: TIME,
        crypto,
      })
      accepted.push(i)
    } catch (error) {
      if ((error as Error).name !== 'X509Error') throw error
    }
  }
  t.same(accepted, [])
  const forged = raw.slice()
  forged[forged.length - 20] ^= 1
  const error = errorOf(() =>
    verifyCertificateChain({
      chain: [forged],
      trustStore,
      serverName: 'example.org',
      usage: 'server',
      time: TIME,
      crypto,
    }),
  )
  t.equal(error.code, 'ERR_X509_BAD_SIGNATURE')
  t.end()
})

t.test('an intermediate that does not parse matters only when it is needed', (t) => {
  const given = {
    trustStore: new TrustStore([der('root-p256')]),
    serverName: null,
    usage: 'server' as const,
    time: TIME,
    crypto,
  }
  const junk = Uint8Array.of(0x30, 0x00)
  const path = verifyCertificateChain({
    ...given,
    chain: [der('leaf-p256'), junk, der('int-p256')],
  })
  t.equal(path.length, 3)
  const error = errorOf(() => verifyCertificateChain({ ...given, chain: [der('leaf-p256'), junk] }))
  t.equal(error.code, 'ERR_X509_MALFORMED')
  t.match(error.message, /^certificate 2 of the chain: /)
  t.equal(
    errorOf(() => verifyCertificateChain({ ...given, chain: [junk] })).code,
    'ERR_X509_MALFORMED',
  )
  t.equal(errorOf(() => new TrustStore([junk])).code, 'ERR_X509_MALFORMED')
  t.end()
})

t.test('a provider without the algorithm is told from a wrong signature', (t) => {
  const poor = { ...crypto, name: 'poor', signatureAlgorithms: ['ed25519' as const] }
  const error = errorOf(() => verify(FULL, 'root-p256', { crypto: poor }))
  t.equal(error.code, 'ERR_X509_UNSUPPORTED_ALGORITHM')
  t.match(error.message, /no ecdsa-sha256 in the cryptography provider "poor"/)
  t.end()
})

t.test('chains with mutated certificates throw nothing but X509Error', (t) => {
  const names = 'leaf-nc-good int-nc int-p256 int-cross root-p256 loop-a loop-b loop-a2'
  const bases = names.split(' ').map(der)
  const trustStore = new TrustStore([der('root-p256'), der('root-p256-other'), der('root-expired')])
  const edit = fc.tuple(fc.nat(bases.length - 1), fc.nat(2000), fc.nat(255))
  const property = fc.property(fc.array(edit, { maxLength: 4 }), (edits) => {
    const chain = bases.map((bytes) => bytes.slice())
    for (const [which, position, value] of edits) {
      chain[which][position % chain[which].length] = value
    }
    const before = JSON.stringify(chain)
    try {
      verifyCertificateChain({
        chain,
        trustStore,
        serverName: 'example.org',
        usage: 'server',
        time: TIME,
        // Signatures are always good: what comes after them is reached.
        crypto: { ...crypto, signatureAlgorithms: crypto.signatureAlgorithms, verify: () => true },
      })
    } catch (error) {
      if (!(error instanceof X509Error)) throw error
    }
    return JSON.stringify(chain) === before
  })
  fc.assert(property, { seed: 5280, numRuns: 1500 })
  t.end()
})
