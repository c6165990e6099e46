import { readdirSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import * as fc from 'fast-check'
import t from 'tap'
import { parseCertificate, parsePemCertificates, publicKeyType, TrustStore } from '@godwit/x509'
import { DerReader } from '../src/der-reader.ts'
import { type DistinguishedName, equalNames, readName } from '../src/distinguished-name.ts'
import { X509Error } from '../src/errors.ts'
import { der, errorOf, hex, unhex } from './support.ts'

t.test('RFC 5280 §4.1: every field of a leaf', (t) => {
  const raw = der('leaf-p256')
  const certificate = parseCertificate(raw)
  const node = new X509Certificate(raw)
  t.equal(certificate.raw, raw)
  t.equal(certificate.version, 3)
  t.equal(hex(certificate.serialNumber).replace(/^00/, ''), node.serialNumber.toLowerCase())
  t.equal(certificate.issuer.text, 'CN=Intermediate P-256,O=Example')
  t.equal(certificate.subject.text, 'CN=example.org,O=Example')
  t.equal(certificate.notBefore, Date.UTC(2025, 0, 1))
  t.equal(certificate.notAfter, Date.UTC(2045, 0, 1))
  t.equal(certificate.signatureAlgorithm.oid, '1.2.840.10045.4.3.2')
  t.equal(certificate.signatureAlgorithm.parameters, null)
  t.same(
    certificate.subjectPublicKeyInfo,
    new Uint8Array(node.publicKey.export({ type: 'spki', format: 'der' })),
  )
  t.same(certificate.subjectAltNames, {
    dns: ['example.org', '*.example.org'],
    ip: [unhex('c0000201'), unhex('20010db8000000000000000000000001')],
    email: ['me@example.org'],
    uri: ['https://example.org/'],
    directory: [],
    others: 0,
  })
  t.same(certificate.basicConstraints, { isCa: false, pathLength: null })
  t.same([...(certificate.keyUsage ?? [])], ['digitalSignature'])
  t.same(certificate.extendedKeyUsage, ['1.3.6.1.5.5.7.3.1'])
  t.equal(certificate.nameConstraints, null)
  t.same(certificate.authorityKeyIdentifier, parseCertificate(der('int-p256')).subjectKeyIdentifier)
  t.same(certificate.unknownCriticalExtensions, [])
  t.end()
})

t.test('RFC 5280 §4.2.1: extensions of authorities', (t) => {
  const authority = parseCertificate(der('int-p256'))
  t.same(authority.basicConstraints, { isCa: true, pathLength: 0 })
  t.same([...(authority.keyUsage ?? [])], ['keyCertSign', 'cRLSign'])
  const constraints = parseCertificate(der('int-nc')).nameConstraints
  t.same(constraints?.permitted.dns, ['example.org'])
  t.same(constraints?.permitted.ip, [{ address: unhex('c0000200'), mask: unhex('ffffff00') }])
  t.same(constraints?.excluded.dns, ['secret.example.org', '.hidden.example.org'])
  t.same(parseCertificate(der('leaf-critical')).unknownCriticalExtensions, ['1.2.3.4.5'])
  t.same(parseCertificate(der('int-policy')).unknownCriticalExtensions, ['2.5.29.36'])
  t.same(parseCertificate(der('leaf-policies')).unknownCriticalExtensions, [])
  const v1 = parseCertificate(der('root-v1'))
  t.equal(v1.version, 1)
  t.equal(v1.basicConstraints, null)
  t.end()
})

t.test('RFC 5480, 8017, 8410: the kind of key', (t) => {
  const kind = (name: string): string =>
    publicKeyType(parseCertificate(der(name)).subjectPublicKeyInfo)
  t.equal(kind('leaf-p256'), 'p256')
  t.equal(kind('leaf-p384'), 'p384')
  t.equal(kind('root-p521'), 'p521')
  t.equal(kind('leaf-ed25519'), 'ed25519')
  t.equal(kind('leaf-rsa'), 'rsa')
  t.equal(errorOf(() => kind('leaf-secp256k1')).code, 'ERR_X509_UNSUPPORTED_ALGORITHM')
  const weak = errorOf(() => kind('leaf-rsa1024'))
  t.equal(weak.code, 'ERR_X509_WEAK_ALGORITHM')
  t.match(weak.message, /an RSA key of 1024 bits; at least 2048/)
  t.end()
})

t.test('every root certificate that Node ships parses, to what Node sees in it', (t) => {
  t.ok(rootCertificates.length > 100)
  const ders = rootCertificates.flatMap((pem) => parsePemCertificates(pem))
  for (const raw of ders) {
    const certificate = parseCertificate(raw)
    const node = new X509Certificate(raw)
    const same =
      certificate.notAfter === Date.parse(node.validTo) &&
      certificate.notBefore === Date.parse(node.validFrom) &&
      (certificate.basicConstraints?.isCa ?? false) === node.ca &&
      BigInt(`0x${hex(certificate.serialNumber)}`) === BigInt(`0x${node.serialNumber}`) &&
      ['rsa', 'p256', 'p384', 'p521'].includes(publicKeyType(certificate.subjectPublicKeyInfo))
    if (!same || certificate.unknownCriticalExtensions.length > 0) t.fail(certificate.subject.text)
  }
  t.equal(new TrustStore([...ders, ders[0]]).size, ders.length)
  t.end()
})

t.test('every vector parses', (t) => {
  const names = readdirSync(new URL('vectors', import.meta.url)).filter((name) =>
    /^(leaf|int|root|loop|self).*\.pem$/.test(name),
  )
  t.ok(names.length > 70)
  for (const name of names) t.doesNotThrow(() => parseCertificate(der(name.slice(0, -4))), name)
  t.end()
})

t.test('names: escaped for people, folded for comparing (RFC 5280 §7.1)', (t) => {
  // SEQUENCE of one SET each, written by hand: tag of the string, value.
  const name = (...attributes: [oid: string, tag: number, value: string][]): Uint8Array => {
    const parts = attributes.map(([oid, tag, value]) => {
      const text = hex(new TextEncoder().encode(value))
      const size = (hexText: string): string => (hexText.length / 2).toString(16).padStart(2, '0')
      const string = tag.toString(16).padStart(2, '0') + size(text) + text
      const pair = `06${size(oid)}${oid}${string}`
      const sequence = `30${size(pair)}${pair}`
      return `31${size(sequence)}${sequence}`
    })
    const all = parts.join('')
    return unhex(`30${(all.length / 2).toString(16).padStart(2, '0')}${all}`)
  }
  const read = (bytes: Uint8Array): DistinguishedName => readName(new DerReader(bytes), 'name')
  const CN = '550403'
  const O = '55040a'
  t.equal(read(name([O, 0x0c, 'A, B'], [CN, 0x13, ' x '])).text, 'CN=\\ x\\ ,O=A\\, B')
  t.equal(read(name([CN, 0x0c, 'a\nb\u001b[31m\u202e'])).text, 'CN=a\\u{a}b\\u{1b}[31m\\u{202e}')
  t.equal(read(name([CN, 0x0c, 'é'])).text, 'CN=é')
  t.equal(read(name([CN, 0x04, 'é'])).text, 'CN=#0402c3a9', 'not a string')
  t.equal(read(name([CN, 0x13, 'é'])).text, 'CN=#1302c3a9', 'not a PrintableString')
  const same = (a: Uint8Array, b: Uint8Array): boolean => equalNames(read(a), read(b))
  t.ok(same(name([CN, 0x0c, ' Ex  AMPLE ']), name([CN, 0x13, 'ex ample'])))
  t.notOk(same(name([CN, 0x0c, 'exa mple']), name([CN, 0x0c, 'ex ample'])))
  t.notOk(same(name([CN, 0x0c, 'É']), name([CN, 0x0c, 'é'])))
  t.notOk(same(name([CN, 0x0c, 'a'], [O, 0x0c, 'b']), name([O, 0x0c, 'b'], [CN, 0x0c, 'a'])))
  t.notOk(same(name([CN, 0x0c, 'a'], [CN, 0x0c, 'b']), name([CN, 0x0c, 'a/2.5.4.3=1:b'])))
  t.end()
})

t.test('malformed certificates say what is wrong', (t) => {
  const raw = der('leaf-p256')
  const mutate = (change: (bytes: Uint8Array) => Uint8Array): X509Error =>
    errorOf(() => parseCertificate(change(raw.slice())))
  t.match(mutate(() => new Uint8Array(0)).message, /certificate: ends too early/)
  t.match(mutate((b) => b.subarray(0, -1)).message, /certificate: ends too early/)
  t.match(mutate((b) => Uint8Array.of(...b, 0)).message, /certificate: 1 bytes too many/)
  t.equal(mutate(() => new Uint8Array(70_000)).code, 'ERR_X509_LIMIT')
  // The outer signature algorithm: 06082a8648ce3d040302 the second time.
  const oid = Buffer.from('2a8648ce3d040302', 'hex')
  const at = Buffer.from(raw).lastIndexOf(oid)
  const differs = mutate((b) => {
    b[at + 7] = 3
    return b
  })
  t.match(differs.message, /differs inside and outside/)
  // The subjectAltName's identifier made into that of keyUsage: there twice.
  const san = Buffer.from(raw).indexOf(Buffer.from('0603551d11', 'hex'))
  t.match(
    mutate((b) => {
      b[san + 4] = 0x0f
      return b
    }).message,
    /extension 2.5.29.15 is there twice/,
  )
  t.end()
})

t.test('mutated certificates and random bytes throw nothing but X509Error', (t) => {
  const bases = ['leaf-p256', 'int-nc', 'int-nc-dir', 'leaf-rsa-pss', 'int-policy', 'root-v1'].map(
    der,
  )
  const parse = (bytes: Uint8Array): void => {
    try {
      publicKeyType(parseCertificate(bytes).subjectPublicKeyInfo)
    } catch (error) {
      if (!(error instanceof X509Error)) throw error
    }
  }
  const edits = fc.array(
    fc.tuple(fc.nat(2000), fc.nat(255), fc.constantFrom('set', 'insert', 'delete', 'cut', 'copy')),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(fc.constantFrom(...bases), edits, (base, list) => {
      const bytes = [...base]
      for (const [position, value, kind] of list) {
        const at = position % Math.max(1, bytes.length)
        if (kind === 'set') bytes[at] = value
        else if (kind === 'insert') bytes.splice(at, 0, value)
        else if (kind === 'delete') bytes.splice(at, 1)
        else if (kind === 'copy') bytes.splice(at, value, ...bytes.slice(value, value + 8))
        else bytes.length = at
      }
      parse(Uint8Array.from(bytes))
    }),
    { seed: 5280, numRuns: 20_000 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), parse), { seed: 5280, numRuns: 5000 })
  // Every single byte, in three ways.
  for (const base of bases) {
    for (let i = 0; i < base.length; i += 1) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bytes = base.slice()
        bytes[i] ^= flip
        parse(bytes)
      }
    }
  }
  t.end()
})
