import t from 'tap'
import { checkNameConstraints } from '../src/name-constraints.ts'
import { parseCertificate, type Certificate, type X509ErrorCode } from '@godwit/x509'
import { NO_NAMES, type Subtrees } from '../src/general-names.ts'
import { WorkBudget } from '../src/work-budget.ts'
import { der, errorOf, verify } from './support.ts'

const outcome = (chain: string): string => {
  try {
    verify(chain, 'root-p256', { serverName: null })
    return 'accepted'
  } catch (error) {
    return (error as { code: X509ErrorCode }).code
  }
}

t.test(
  'RFC 5280 §4.2.1.10: DNS names and addresses of the leaf are held to the constraints',
  (t) => {
    const cases: [leaf: string, expected: string][] = [
      ['good', 'accepted'],
      ['other', 'ERR_X509_NAME_CONSTRAINT'],
      ['suffix', 'ERR_X509_NAME_CONSTRAINT'],
      ['excluded', 'ERR_X509_NAME_CONSTRAINT'],
      ['excluded-dot', 'ERR_X509_NAME_CONSTRAINT'],
      ['wildcard', 'ERR_X509_NAME_CONSTRAINT'], // *.example.org is secret.example.org, too
      ['ip', 'ERR_X509_NAME_CONSTRAINT'],
      ['ipv6', 'ERR_X509_NAME_CONSTRAINT'],
    ]
    for (const [leaf, expected] of cases) t.equal(outcome(`leaf-nc-${leaf} int-nc`), expected, leaf)
    const error = errorOf(() => verify('leaf-nc-ip int-nc', 'root-p256'))
    t.match(
      error.message,
      /"CN=constrained" has the name 192.0.3.1, which the name constraints of certificate "CN=Constrained" do not permit/,
    )
    t.end()
  },
)

t.test('RFC 5280 §4.2.1.10: directory names are compared RDN by RDN', (t) => {
  t.equal(outcome('leaf-nc-dir-good int-nc-dir'), 'accepted')
  t.equal(outcome('leaf-nc-dir-bad int-nc-dir'), 'ERR_X509_NAME_CONSTRAINT')
  t.end()
})

t.test(
  'RFC 5280 §4.2.1.10: a constraint that cannot be processed refuses the names it is about',
  (t) => {
    t.equal(outcome('leaf-nc-no-email int-nc-email'), 'accepted')
    t.equal(outcome('leaf-nc-email int-nc-email'), 'ERR_X509_NAME_CONSTRAINT')
    t.equal(outcome('leaf-nc-subject-email int-nc-email'), 'ERR_X509_NAME_CONSTRAINT')
    t.end()
  },
)

t.test('RFC 5280 §4.2.1.10: which DNS names a constraint covers', (t) => {
  const base = parseCertificate(der('leaf-p256'))
  const issuer = parseCertificate(der('int-nc'))
  const none = { ...NO_NAMES, ip: [] }
  const accepts = (dns: string, kind: 'permitted' | 'excluded', constraint: string): boolean => {
    const certificate: Certificate = { ...base, subjectAltNames: { ...NO_NAMES, dns: [dns] } }
    const constraints = { permitted: none, excluded: none, [kind]: { ...none, dns: [constraint] } }
    try {
      checkNameConstraints(issuer, constraints, certificate, new WorkBudget())
      return true
    } catch {
      return false
    }
  }
  const permitted: [name: string, constraint: string, expected: boolean][] = [
    ['example.org', 'example.org', true],
    ['example.org', 'EXAMPLE.ORG', true],
    ['example.org.', 'example.org', true],
    ['a.b.example.org', 'example.org', true],
    ['badexample.org', 'example.org', false],
    ['org', 'example.org', false],
    ['example.org', '', true],
    ['example.org', '.example.org', false],
    ['a.example.org', '.example.org', true],
    ['*.example.org', 'example.org', true],
    ['*.example.org', 'a.example.org', false],
    ['example.org', '*.example.org', false], // no constraint: refused
    ['example.org', 'exa mple', false],
  ]
  for (const [name, constraint, expected] of permitted) {
    t.equal(accepts(name, 'permitted', constraint), expected, `${name} in ${constraint}`)
  }
  const excluded: [name: string, constraint: string, expected: boolean][] = [
    ['example.net', 'example.org', true],
    ['a.example.org', 'example.org', false],
    ['*.example.org', 'a.example.org', false],
    ['*.example.org', 'a.b.example.org', true],
    ['*.example.org', '.a.example.org', true],
    ['*.example.org', 'org', false],
    ['example.org', '', false],
    ['example.org', '*.example.net', false],
  ]
  for (const [name, constraint, expected] of excluded) {
    t.equal(accepts(name, 'excluded', constraint), expected, `${name} outside ${constraint}`)
  }
  t.end()
})

t.test('RFC 5280 §4.2.1.10: each kind of name is held to both lists', (t) => {
  const base = parseCertificate(der('leaf-p256'))
  const issuer = parseCertificate(der('int-nc'))
  const nobody = { ...base.subject, canonical: [], emailAddresses: [] }
  const { subject: within } = parseCertificate(der('leaf-nc-dir-good'))
  const { subject: outside } = parseCertificate(der('leaf-nc-dir-bad'))
  const subtree = { ...within, canonical: within.canonical.slice(0, 1) }
  const net = { address: Uint8Array.of(10, 1, 0, 0), mask: Uint8Array.of(255, 255, 0, 0) }
  // A block of IPv6 that begins with the same bytes.
  const wide = {
    address: Uint8Array.of(10, 1, 0, 0, ...new Uint8Array(12)),
    mask: Uint8Array.of(255, 255, ...new Uint8Array(14)),
  }
  const unsupported = 'refused'
  type Names = Partial<Certificate['subjectAltNames']>
  const cases: readonly {
    readonly title: string
    readonly names: Names
    readonly subject?: Certificate['subject']
    readonly subtrees: Partial<Subtrees>
    readonly permitted: boolean | typeof unsupported
    readonly excluded: boolean | typeof unsupported
  }[] = [
    { title: 'an address inside', names: { ip: [Uint8Array.of(10, 1, 2, 3)] }, subtrees: { ip: [net] }, permitted: true, excluded: false },
    { title: 'an address outside', names: { ip: [Uint8Array.of(10, 2, 2, 3)] }, subtrees: { ip: [net] }, permitted: false, excluded: true },
    { title: 'an address of another length', names: { ip: [Uint8Array.of(10, 1, 2, 3)] }, subtrees: { ip: [wide] }, permitted: false, excluded: true },
    { title: 'another kind', names: { dns: ['example.org'] }, subtrees: { ip: [net] }, permitted: true, excluded: true },
    { title: 'a subject inside', names: {}, subject: within, subtrees: { directory: [subtree] }, permitted: true, excluded: false },
    { title: 'a subject outside', names: {}, subject: outside, subtrees: { directory: [subtree] }, permitted: false, excluded: true },
    { title: 'no subject', names: {}, subtrees: { directory: [subtree] }, permitted: true, excluded: true },
    { title: 'a directory name inside', names: { directory: [within] }, subtrees: { directory: [subtree] }, permitted: true, excluded: false },
    { title: 'a directory name outside', names: { directory: [outside] }, subtrees: { directory: [subtree] }, permitted: false, excluded: true },
    { title: 'a mail address', names: { email: ['a@example.org'] }, subtrees: { email: ['example.org'] }, permitted: unsupported, excluded: unsupported },
    { title: 'a mail address in the subject', names: {}, subject: { ...within, emailAddresses: ['a@example.org'] }, subtrees: { email: ['example.org'] }, permitted: unsupported, excluded: unsupported },
    { title: 'a URI', names: { uri: ['https://example.org/'] }, subtrees: { uri: ['example.org'] }, permitted: unsupported, excluded: unsupported },
    { title: 'a name of another kind', names: { others: 1 }, subtrees: { others: 1 }, permitted: unsupported, excluded: unsupported },
    { title: 'constraints of mail, URIs and others, and none of these', names: { dns: ['example.org'] }, subtrees: { email: ['a'], uri: ['a'], others: 1 }, permitted: true, excluded: true },
  ] // prettier-ignore
  for (const { title, names, subject = nobody, subtrees, ...expected } of cases) {
    const certificate = { ...base, subject, subjectAltNames: { ...NO_NAMES, ...names } }
    const none = { ...NO_NAMES, ip: [] }
    for (const list of ['permitted', 'excluded'] as const) {
      const constraints = { permitted: none, excluded: none, [list]: { ...none, ...subtrees } }
      const check = (): void =>
        checkNameConstraints(issuer, constraints, certificate, new WorkBudget())
      const says = `${title}, ${list}`
      if (expected[list] === true) t.doesNotThrow(check, says)
      else t.equal(errorOf(check).code, 'ERR_X509_NAME_CONSTRAINT', says)
    }
  }
  t.end()
})

t.test('the work is bounded', (t) => {
  const base = parseCertificate(der('leaf-p256'))
  const many = Array.from({ length: 1000 }, (_, i) => `a${i}.example.org`)
  const names = { ...NO_NAMES, dns: many }
  const subtrees = { ...names, ip: [] }
  const certificate: Certificate = { ...base, subjectAltNames: names }
  const error = errorOf(() =>
    checkNameConstraints(
      base,
      { permitted: subtrees, excluded: { ...NO_NAMES, ip: [] } },
      certificate,
      new WorkBudget(),
    ),
  )
  t.equal(error.code, 'ERR_X509_LIMIT')
  t.end()
})
