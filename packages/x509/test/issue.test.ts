import { X509Certificate } from 'node:crypto'
import t from 'tap'
import {
  type Authority,
  certificateFingerprint,
  createDevelopmentAuthority,
  createDevelopmentIdentity,
  type IssueOptions,
  issueCertificate,
  loadIdentity,
  parseCertificate,
  TrustStore,
  verifyCertificateChain,
} from '@godwit/x509'
import { crypto, errorOf, hex, TIME } from './support.ts'

const DAY = 86_400_000
const authority: Authority = createDevelopmentAuthority({ crypto, time: TIME })

const check = (chain: Uint8Array[], trusted: Uint8Array, serverName: string): number =>
  verifyCertificateChain({
    chain,
    trustStore: new TrustStore([trusted]),
    serverName,
    usage: 'server',
    time: TIME,
    crypto,
  }).length

t.test('a development authority and a server of it', (t) => {
  const { certificate, key } = createDevelopmentIdentity({ crypto, time: TIME, authority })
  for (const name of ['localhost', '127.0.0.1', '::1']) {
    t.equal(check([certificate], authority.certificate, name), 2, name)
  }
  const leaf = parseCertificate(certificate)
  t.equal(leaf.notBefore, TIME - 3_600_000)
  t.equal(leaf.notAfter, TIME + 13 * DAY)
  t.equal(leaf.subject.text, 'CN=localhost')
  t.same([...(leaf.keyUsage ?? [])], ['digitalSignature'])
  t.same(leaf.basicConstraints, { isCa: false, pathLength: null })
  t.same(leaf.authorityKeyIdentifier, parseCertificate(authority.certificate).subjectKeyIdentifier)
  const root = parseCertificate(authority.certificate)
  t.same(root.basicConstraints, { isCa: true, pathLength: 0 })
  t.same([...(root.keyUsage ?? [])], ['keyCertSign', 'cRLSign'])
  t.equal(root.notAfter, TIME + 365 * DAY)
  const identity = loadIdentity({ certificates: [certificate], key })
  t.same(identity.names, ['localhost', '127.0.0.1', '::1'])
  t.end()
})

t.test('a self-signed server, trusted as it is', (t) => {
  const { certificate } = createDevelopmentIdentity({
    crypto,
    time: TIME,
    names: ['*.example.org', 'example.org'],
    days: 1,
  })
  t.equal(check([certificate], certificate, 'www.example.org'), 1)
  t.equal(
    errorOf(() => check([certificate], authority.certificate, 'example.org')).code,
    'ERR_X509_SELF_SIGNED',
  )
  t.end()
})

t.test('an authority that is held to names', (t) => {
  const held = createDevelopmentAuthority({
    crypto,
    time: TIME,
    permittedNames: ['localhost', '127.0.0.0/9', '::1'],
  })
  const constraints = parseCertificate(held.certificate).nameConstraints
  t.same(constraints?.permitted.dns, ['localhost'])
  t.same(
    constraints?.permitted.ip.map(({ address, mask }) => `${hex(address)}/${hex(mask)}`),
    ['7f000000/ff800000', `${'00'.repeat(15)}01/${'ff'.repeat(16)}`],
  )
  const good = createDevelopmentIdentity({ crypto, time: TIME, authority: held })
  t.equal(check([good.certificate], held.certificate, '::1'), 2)
  const bad = createDevelopmentIdentity({ crypto, time: TIME, authority: held, names: ['a.org'] })
  t.equal(
    errorOf(() => check([bad.certificate], held.certificate, 'a.org')).code,
    'ERR_X509_NAME_CONSTRAINT',
  )
  t.end()
})

t.test('every kind of key that can be made signs certificates that Node verifies', (t) => {
  for (const type of ['p256', 'p384', 'ed25519'] as const) {
    const key = crypto.generateSigningKey(type)
    const ca = issueCertificate({
      crypto,
      subject: `CA ${type} é`,
      key,
      notBefore: TIME,
      notAfter: Date.UTC(2060, 0, 1),
      isCa: true,
    })
    const leaf = issueCertificate({
      crypto,
      issuer: { certificate: ca, key },
      subject: '',
      key: crypto.generateSigningKey(type),
      subjectAltNames: ['Example.org', '192.0.2.1'],
      notBefore: TIME,
      notAfter: TIME + DAY,
      usages: ['server', 'client'],
    })
    t.equal(check([leaf], ca, 'example.org'), 2, type)
    const [nodeCa, nodeLeaf] = [new X509Certificate(ca), new X509Certificate(leaf)]
    t.ok(nodeLeaf.verify(nodeCa.publicKey))
    t.ok(nodeLeaf.checkIssued(nodeCa))
    t.equal(nodeCa.subject, `CN=CA ${type} é`)
    t.equal(nodeLeaf.subjectAltName, 'DNS:example.org, IP Address:192.0.2.1')
    t.equal(nodeCa.validTo, 'Jan  1 00:00:00 2060 GMT')
    t.equal(nodeLeaf.fingerprint256, certificateFingerprint(crypto, leaf))
  }
  t.end()
})

t.test('serial numbers are positive and differ', (t) => {
  const serials = new Set<string>()
  for (let i = 0; i < 20; i += 1) {
    const { certificate } = createDevelopmentIdentity({ crypto, time: TIME })
    const { serialNumber } = parseCertificate(certificate)
    t.equal(serialNumber.length, 16)
    t.ok(serialNumber[0] >= 0x40 && serialNumber[0] < 0x80)
    serials.add(hex(serialNumber))
  }
  t.equal(serials.size, 20)
  t.end()
})

t.test('options that no certificate can hold are refused with their name', (t) => {
  const key = crypto.generateSigningKey('p256')
  const issue = (more: Partial<IssueOptions>): unknown =>
    issueCertificate({ crypto, subject: 'x', key, notBefore: TIME, notAfter: TIME + DAY, ...more })
  const bad: [Partial<IssueOptions>, RegExp][] = [
    [{ subject: 'x'.repeat(65) }, /"subject"/],
    [{ subject: '' }, /"subject"/],
    [{ notBefore: -1 }, /"notBefore"/],
    [{ notAfter: Number.NaN }, /"notAfter"/],
    [{ notAfter: TIME - 1 }, /"notAfter"/],
    [{ pathLength: 0 }, /"pathLength"/],
    [{ isCa: true, pathLength: 128 }, /"pathLength"/],
    [{ subjectAltNames: ['not a name'] }, /"subjectAltNames" .* got "not a name"/],
    [{ subjectAltNames: ['a.*.b'] }, /"subjectAltNames"/],
    [{ permittedNames: ['10.0.0.0/33'] }, /"permittedNames"/],
    [{ permittedNames: ['a b'] }, /"permittedNames"/],
  ]
  for (const [more, message] of bad) t.throws(() => issue(more), { message }, message.source)
  t.equal(
    errorOf(() => issue({ issuer: { certificate: authority.certificate, key } })).code,
    'ERR_X509_KEY_MISMATCH',
  )
  t.end()
})
