// What a hostile chain may cost.

import t from 'tap'
import { type Authority, issueCertificate, TrustStore, verifyCertificateChain } from '@godwit/x509'
import type { CryptoProvider, SigningKey } from '@godwit/crypto'
import { MAX_CHAIN_CERTIFICATES, MAX_SIGNATURE_CHECKS } from '../src/limits.ts'
import { crypto, der, errorOf, TIME } from './support.ts'

let signatureChecks = 0
const counting: CryptoProvider = {
  ...crypto,
  signatureAlgorithms: crypto.signatureAlgorithms,
  verify(...args) {
    signatureChecks += 1
    return crypto.verify(...args)
  },
}

const verify = (chain: Uint8Array[], roots: Uint8Array[] = [der('root-p256')]): unknown => {
  signatureChecks = 0
  return verifyCertificateChain({
    chain,
    trustStore: new TrustStore(roots),
    serverName: null,
    usage: 'server',
    time: TIME,
    crypto: counting,
  })
}

const issue = (
  subject: string,
  key: SigningKey,
  issuer: Authority | null,
  isCa = true,
): Uint8Array =>
  issueCertificate({
    crypto,
    issuer,
    subject,
    key,
    subjectAltNames: isCa ? [] : ['example.org'],
    notBefore: TIME - 1000,
    notAfter: TIME + 1000,
    isCa,
  })

t.test('a chain of too many certificates is not looked at', (t) => {
  const chain = new Array<Uint8Array>(MAX_CHAIN_CERTIFICATES + 1).fill(der('leaf-p256'))
  t.equal(errorOf(() => verify(chain)).code, 'ERR_X509_LIMIT')
  t.equal(signatureChecks, 0)
  t.end()
})

t.test('a path that is too long is refused, the longest that is not is found', (t) => {
  const key = crypto.generateSigningKey('ed25519')
  const keys = Array.from({ length: 10 }, () => crypto.generateSigningKey('ed25519'))
  const root = issue('CA 0', key, null)
  let issuer: Authority = { certificate: root, key }
  const authorities: Uint8Array[] = []
  keys.forEach((next, i) => {
    const certificate = issue(`CA ${i + 1}`, next, issuer)
    authorities.unshift(certificate)
    issuer = { certificate, key: next }
  })
  // Nine authorities below the root and the leaf are eleven.
  const leafOf = (depth: number): Uint8Array[] => {
    const below = authorities.slice(authorities.length - depth)
    const by = { certificate: below[0], key: keys[depth - 1] }
    return [issue('leaf', crypto.generateSigningKey('ed25519'), by, false), ...below]
  }
  t.doesNotThrow(() => verify(leafOf(8), [root]))
  t.equal(signatureChecks, 9)
  t.equal(errorOf(() => verify(leafOf(9), [root])).code, 'ERR_X509_LIMIT')
  t.end()
})

/** `count` authorities with a certificate from each other one, and a leaf of the first. */
function mesh(count: number): { selves: Uint8Array[]; others: Uint8Array[]; leaf: Uint8Array } {
  const keys = Array.from({ length: count }, () => crypto.generateSigningKey('ed25519'))
  const selves = keys.map((key, i) => issue(`CA ${i}`, key, null))
  const others: Uint8Array[] = []
  keys.forEach((key, i) => {
    selves.forEach((certificate, k) => {
      if (i !== k) others.push(issue(`CA ${i}`, key, { certificate, key: keys[k] }))
    })
  })
  const leafKey = crypto.generateSigningKey('ed25519')
  const leaf = issue('leaf', leafKey, { certificate: selves[0], key: keys[0] }, false)
  return { selves, others, leaf }
}

t.test('authorities that all certify each other do not multiply the work', (t) => {
  // 20 certificates, and far more paths.
  const { selves, others, leaf } = mesh(5)
  const error = errorOf(() => verify([leaf, ...others]))
  t.equal(error.code, 'ERR_X509_UNKNOWN_ISSUER', 'each was tried')
  t.ok(signatureChecks <= MAX_SIGNATURE_CHECKS, `${signatureChecks} signatures`)
  t.doesNotThrow(() => verify([leaf, ...others], [selves[4]]), 'and the path is still found')
  // One more makes 1,030 steps.
  const more = mesh(6)
  const gaveUp = errorOf(() => verify([more.leaf, ...more.others]))
  t.equal(gaveUp.code, 'ERR_X509_LIMIT')
  t.match(gaveUp.message, /too many possible issuers/)
  t.end()
})

t.test('signatures that are checked for one chain are bounded', (t) => {
  // leaf <- A 0 <- B 1 <- A 2 <- ... <- Z, and for each of them a dozen further keys of the same name.
  const newKey = (): SigningKey => crypto.generateSigningKey('ed25519')
  const path = ['A', 'B', 'A', 'B', 'A', 'B', 'Z'].map((name) => {
    const key = newKey()
    return { name, key, certificate: issue(name, key, null) }
  })
  const chain = path.slice(0, -1).map(({ name, key }, i) => issue(name, key, path[i + 1]))
  const decoys = Array.from({ length: 24 }, (_, i) => {
    const issuer = { key: path[6].key, certificate: path[6].certificate }
    return issue(i % 2 === 0 ? 'A' : 'B', newKey(), issuer)
  })
  const leaf = issue('leaf', newKey(), path[0], false)
  const error = errorOf(() => verify([leaf, ...decoys, ...chain]))
  t.match(error.message, /too many signatures/)
  t.equal(error.code, 'ERR_X509_LIMIT')
  t.equal(signatureChecks, MAX_SIGNATURE_CHECKS)
  // RFC 4158 §3.5.12: key identifiers tell which of them to try first, in the store as well.
  const roots = ['Z', 'Z', 'Z'].map((name) => issue(name, newKey(), null))
  t.doesNotThrow(() => verify([leaf, ...decoys, ...chain], [...roots, path[6].certificate]))
  t.equal(signatureChecks, path.length, 'one for each edge of the path')
  t.end()
})
