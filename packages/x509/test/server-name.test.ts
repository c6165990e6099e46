import t from 'tap'
import { parseCertificate, verifyServerName } from '@godwit/x509'
import { normalizeHostname } from '../src/server-name.ts'
import { der } from './support.ts'

const leaf = parseCertificate(der('leaf-p256'))
const wildcards = parseCertificate(der('leaf-wildcards'))

t.test('RFC 9525 §6.3: exact DNS names, whatever their case, with or without the last dot', (t) => {
  for (const name of ['example.org', 'EXAMPLE.Org', 'example.org.']) {
    t.ok(verifyServerName(leaf, name), name)
  }
  for (const name of [
    '',
    '.',
    'org',
    'xexample.org',
    'example.org.evil',
    'example.org..',
    ' example.org',
    'example.org\0',
    'еxample.org',
  ]) {
    t.notOk(verifyServerName(leaf, name), JSON.stringify(name))
  }
  t.ok(verifyServerName(wildcards, 'dot.example'), 'a last dot in the certificate')
  t.end()
})

t.test('RFC 9525 §6.3: a wildcard is the whole left-most label and stands for one label', (t) => {
  for (const name of ['www.example.org', 'WWW.EXAMPLE.ORG.', 'xn--bcher-kva.example.org']) {
    t.ok(verifyServerName(leaf, name), name)
  }
  t.ok(verifyServerName(wildcards, 'a.wild.example'))
  const bad = [
    'a.b.example.org', // two labels
    '.example.org', // none
    '*.example.org', // the pattern itself is no host name
  ]
  for (const name of bad) t.notOk(verifyServerName(leaf, name), name)
  // *.com, *, f*.part.example, a.*.mid.example
  for (const name of ['foo.com', 'com', 'localhost', 'foo.part.example', 'a.b.mid.example']) {
    t.notOk(verifyServerName(wildcards, name), name)
  }
  t.end()
})

t.test('RFC 9525 §6.5: addresses match iPAddress entries only, byte by byte', (t) => {
  for (const name of ['192.0.2.1', '2001:db8::1', '[2001:db8::1]', '2001:DB8:0:0:0:0:0:1']) {
    t.ok(verifyServerName(leaf, name), name)
  }
  for (const name of ['192.0.2.2', '::ffff:192.0.2.1', '2001:db8::2', '3221225985', '192.0.513']) {
    t.notOk(verifyServerName(leaf, name), name)
  }
  t.notOk(verifyServerName(wildcards, '192.0.2.7'), 'a dNSName that looks like an address')
  t.end()
})

t.test('RFC 9525 §2: the common name is not looked at', (t) => {
  t.notOk(verifyServerName(parseCertificate(der('leaf-cn-only')), 'example.org'))
  t.end()
})

t.test('host names', (t) => {
  t.equal(normalizeHostname('_Dmarc.X-y.example.'), '_dmarc.x-y.example')
  t.equal(normalizeHostname(`${'a'.repeat(63)}.b`), `${'a'.repeat(63)}.b`)
  for (const name of [
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(127)}a`,
    '-a.b',
    'a-.b',
    'a..b',
    'a b',
    'a.1',
  ]) {
    t.equal(normalizeHostname(name), null, name)
  }
  t.end()
})
