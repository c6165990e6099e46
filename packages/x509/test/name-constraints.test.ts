import t from 'tap'
import { checkNameConstraints } from '../src/name-constraints.ts'
import { parseCertificate, type Certificate, type X509ErrorCode } from '@godwit/x509'
import { NO_NAMES } from '../src/general-names.ts'
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
