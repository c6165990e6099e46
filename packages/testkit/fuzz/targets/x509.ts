// Certificates and keys: what a peer shows, and what an administrator hands over.

import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createNobleProvider } from '@godwit/crypto'
import {
  encodePem,
  formatIpAddress,
  parseCertificate,
  parseIpAddress,
  parsePem,
  parsePemPrivateKey,
  publicKeyType,
  TrustStore,
  verifyCertificateChain,
  verifyServerName,
  X509Error,
} from '@godwit/x509'
import type { Certificate } from '@godwit/x509'
import { formatTime } from '../../../x509/src/calendar.ts'
import { DerReader } from '../../../x509/src/der-reader.ts'
import { encodeElement, encodeOid } from '../../../x509/src/der-writer.ts'
import { namesOf } from '../../../x509/src/server-name.ts'
import { signatureAlgorithmOf } from '../../../x509/src/signature-algorithm.ts'
import { seededRandomBytes } from '../../src/prng.ts'
import { derElements } from '../engine/outlines.ts'
import { Script, blockBytes } from '../engine/script.ts'
import { attempt, hex, must, mustEqual } from '../engine/target.ts'
import type { Element, Target } from '../engine/target.ts'

const VECTORS = new URL('../../../x509/test/vectors/', import.meta.url)

function vectors(prefix: RegExp): string[] {
  return readdirSync(VECTORS)
    .filter((name) => prefix.test(name) && name.endsWith('.pem'))
    .map((name) => readFileSync(new URL(name, VECTORS), 'utf8'))
}

const certificates = (): Uint8Array[] =>
  vectors(/^(?:leaf|int|root|self|v1)/).flatMap((text) => parsePem(text).map(({ der }) => der))

const outline = (input: Uint8Array): readonly Element[] => derElements(input, 0, input.length)

/** 2030-01-01T00:00:00Z, when the vectors are valid. */
const TIME = 1_893_456_000_000

export const x509Der: Target = {
  name: 'x509-der',
  about: 'DerReader: only X509Error; an element written by our writer has the same bytes',
  maxLength: 300,
  steps: { base: 600, perByte: 200 },
  seeds: () => [
    Uint8Array.of(0x30, 0x0a, 0x02, 0x01, 0x05, 0x06, 0x03, 0x55, 0x04, 0x03, 0x05, 0x00),
    Uint8Array.of(0x30, 0x81, 0x80, 0x04, 0x7e, ...new Array<number>(126).fill(1)),
    Uint8Array.of(0x01, 0x01, 0xff, 0x03, 0x02, 0x00, 0x07, 0x06, 0x02, 0x88, 0x37),
  ],
  outline,
  run(input) {
    attempt(() => walk(new DerReader(input)), X509Error)
  },
}

function walk(reader: DerReader): void {
  while (!reader.done) {
    const tag = reader.peek()
    const contents = reader.any('element')
    must(reader.lastTag === tag, 'another tag')
    const { lastRaw } = reader
    // DER has one encoding for each value.
    mustEqual(encodeElement(tag, contents), lastRaw, 'written again')
    if ((tag & 0x20) !== 0) {
      walk(new DerReader(lastRaw).constructed(tag, 'inside'))
      continue
    }
    const { value: oid } = attempt(() => new DerReader(lastRaw).oid('oid'), X509Error)
    if (oid !== null) mustEqual(encodeOid(oid), lastRaw, `object identifier ${oid}`)
    const { value: small } = attempt(() => new DerReader(lastRaw).smallInteger('int'), X509Error)
    if (small !== null) must(small >= 0 && small < 2 ** 31, `a small integer ${small}`)
    for (const read of ['integer', 'bitStringBytes', 'booleanDefaultFalse'] as const) {
      attempt(() => new DerReader(lastRaw)[read]('element'), X509Error)
    }
  }
}

export const x509Certificate: Target = {
  name: 'x509-certificate',
  about: 'parseCertificate: only X509Error; what OpenSSL reads of it is the same',
  maxLength: 2000,
  steps: { base: 6000, perByte: 100 },
  dictionary: ['*.example.org', 'example.org', '20300101000000Z', '300101000000Z'],
  seeds: certificates,
  outline,
  run(input) {
    const { value: certificate } = attempt(() => parseCertificate(input), X509Error)
    if (certificate === null) return
    for (const name of ['example.org', 'a.example.org', '127.0.0.1', '::1', 'x.test.']) {
      verifyServerName(certificate, name)
    }
    must(namesOf(certificate).length <= input.length, 'more names than bytes')
    must(certificate.subject.text.length <= 10 * 201, 'a long name is shown whole')
    attempt(() => publicKeyType(certificate.subjectPublicKeyInfo), X509Error)
    attempt(() => signatureAlgorithmOf(certificate.signatureAlgorithm), X509Error)
    compareWithOpenssl(certificate, input)
  },
}

/** Dates as node:crypto prints them: `Jan  1 00:00:00 2030 GMT`. */
function opensslTime(text: string): string {
  const time = Date.parse(text)
  return Number.isNaN(time) ? '' : `${new Date(time).toISOString().slice(0, 19)}Z`
}

function compareWithOpenssl(certificate: Certificate, input: Uint8Array): void {
  let other: X509Certificate
  try {
    other = new X509Certificate(input)
  } catch {
    return // it is stricter here and there, about what is in the fields that we pass over
  }
  must(hex(Uint8Array.from(other.raw)) === hex(input), 'OpenSSL saw less than all bytes')
  const serial = hex(certificate.serialNumber)
  const negative = certificate.serialNumber[0] >= 0x80
  if (!negative) {
    const strip = (text: string): string => text.toLowerCase().replace(/^0+/, '')
    must(strip(other.serialNumber) === strip(serial), `serial ${serial}, ${other.serialNumber}`)
  }
  for (const [ours, theirs] of [
    [certificate.notBefore, other.validFrom],
    [certificate.notAfter, other.validTo],
  ] as const) {
    const expected = opensslTime(theirs)
    // Years below 1000 are printed in a way that Date reads otherwise.
    if (expected === '' || ours < -30_000_000_000_000) continue
    must(formatTime(ours) === expected, `${formatTime(ours)} where OpenSSL has ${expected}`)
  }
}

/** Names and addresses of any text, one a line. */
export const x509Names: Target = {
  name: 'x509-names',
  about: 'addresses and host names: written and read again; matching is consistent',
  maxLength: 100,
  steps: { base: 600, perByte: 200 },
  dictionary: ['::', '::ffff:', '127.0.0.1', '255', '[', ']', '*.', '.', 'xn--', '%', '1.2.3.4'],
  seeds: () => {
    sample ??= parseCertificate(parsePem(vectors(/^leaf-wildcards/)[0])[0].der)
    const texts = [
      '127.0.0.1',
      '::1',
      '2001:db8::8:800:200c:417a',
      '[::ffff:1.2.3.4]',
      'a-b.c.org.',
    ]
    return texts.map((text) => Uint8Array.from(Buffer.from(text)))
  },
  run(input) {
    const text = Buffer.from(input).toString('latin1')
    const address = parseIpAddress(text)
    if (address !== null) {
      must(address.length === 4 || address.length === 16, `${address.length} bytes`)
      const written = formatIpAddress(address)
      mustEqual(parseIpAddress(written) ?? new Uint8Array(0), address, `${text} as ${written}`)
      const url = `http://${address.length === 16 ? `[${written}]` : written}/`
      must(URL.canParse(url), `${written} is no address to WHATWG`)
      must(new URL(url).host === (address.length === 16 ? `[${written}]` : written), written)
    } else if (text.includes(':') && !text.includes('%')) {
      const bare = text.replace(/^\[(.*)\]$/s, '$1')
      must(!isIpv6OfUrl(bare), `${text} is an address to WHATWG`)
    }
    if (sample !== null) verifyServerName(sample, text)
  },
}

// Made with the seeds.
let sample: Certificate | null = null

function isIpv6OfUrl(text: string): boolean {
  return /^[0-9A-Fa-f:.]+$/.test(text) && URL.canParse(`http://[${text}]/`)
}

export const x509Pem: Target = {
  name: 'x509-pem',
  about: 'PEM: certificates and private keys of any text; blocks written and read again',
  maxLength: 3000,
  steps: { base: 2000, perByte: 60 },
  dictionary: [
    '-----BEGIN ',
    '-----END ',
    '-----',
    'CERTIFICATE',
    'PRIVATE KEY',
    'EC PRIVATE KEY',
    'RSA PRIVATE KEY',
    'ENCRYPTED PRIVATE KEY',
    'Proc-Type: 4,ENCRYPTED',
    '\r\n',
    '\n\n',
    '==',
  ],
  seeds: () => vectors(/^(?:key|leaf-ok|root)/).map((text) => Uint8Array.from(Buffer.from(text))),
  run(input) {
    const text = Buffer.from(input).toString('latin1')
    const { value: blocks } = attempt(() => parsePem(text), X509Error)
    for (const { label, der } of blocks ?? []) {
      must(der.length <= input.length, 'more bytes than characters')
      const again = parsePem(encodePem(label, der))
      must(again.length === 1 && again[0].label === label, 'another label')
      mustEqual(again[0].der, der, 'written and read again')
      // RFC 4648 §3.5: one text for each sequence of bytes.
      must(Buffer.from(der).toString('base64').length > 0, 'an empty block')
    }
    attempt(() => parsePemPrivateKey(text), X509Error)
  },
}

const provider = createNobleProvider(seededRandomBytes(509))

/** Private keys: the label by the first byte, then DER. */
export const x509Key: Target = {
  name: 'x509-key',
  about: 'private keys in DER, wrapped into PKCS #8: only X509Error, and nested well',
  maxLength: 1400,
  steps: { base: 2000, perByte: 200 },
  seeds: () =>
    vectors(/^key/).flatMap((text) =>
      parsePem(text).map(({ label, der }) => Uint8Array.of(KEY_LABELS.indexOf(label), ...der)),
    ),
  outline: (input) => derElements(input, 1, input.length),
  run(input) {
    const label = KEY_LABELS[(input[0] ?? 0) % KEY_LABELS.length]
    if (input.length < 2) return
    const text = encodePem(label, input.subarray(1))
    const { value: pkcs8 } = attempt(() => parsePemPrivateKey(text), X509Error)
    if (pkcs8 === null) return
    must(pkcs8.length <= input.length + 64, 'grown by more than its wrapping')
    const outer = new DerReader(pkcs8)
    outer.sequence('PrivateKeyInfo')
    outer.end('PrivateKeyInfo')
  },
}

const KEY_LABELS = ['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY']

const roots = (): Uint8Array[] =>
  vectors(/^root/).flatMap((text) => parsePem(text).map(({ der }) => der))

let store: TrustStore | undefined

/** Chains: certificates with their length, two bytes, in front. */
export const x509Chain: Target = {
  name: 'x509-chain',
  about: 'verifyCertificateChain: only X509Error; a path ends in a root and every link is of it',
  maxLength: 4000,
  seeds: () => {
    const all = certificates()
    return all.slice(0, 30).map((der, i) => {
      const chain = [der, all[(i * 7 + 3) % all.length]]
      return Uint8Array.from(chain.flatMap((one) => [...blockBytes([], one)]))
    })
  },
  outline: (input) => {
    const elements: Element[] = []
    for (let at = 0; at + 2 <= input.length;) {
      const end = at + 2 + ((input[at] << 8) | input[at + 1])
      if (end > input.length) break
      const children = derElements(input, at + 2, end)
      elements.push({
        start: at,
        end,
        contents: at + 2,
        length: { at, size: 2, kind: 'u16' },
        children,
      })
      at = end
    }
    return elements
  },
  run(input) {
    const trustStore = (store ??= new TrustStore(roots()))
    const script = new Script(input)
    const chain: Uint8Array[] = []
    while (!script.done && chain.length < 8) chain.push(script.block())
    const { value: path } = attempt(
      () =>
        verifyCertificateChain({
          chain,
          trustStore,
          serverName: 'example.org',
          usage: 'server',
          time: TIME,
          crypto: provider,
        }),
      X509Error,
    )
    if (path === null) return
    must(hex(path[0].raw) === hex(chain[0]), 'the path begins elsewhere')
    must(trustStore.has(path[path.length - 1]), 'the path ends outside of the store')
    must(verifyServerName(path[0], 'example.org'), 'for another name')
    for (const certificate of path) {
      must(certificate.notBefore <= TIME && TIME <= certificate.notAfter, 'not valid now')
    }
    for (const issuer of path.slice(1)) {
      must(
        issuer.basicConstraints?.isCa === true || trustStore.has(issuer),
        'an issuer that is no CA',
      )
    }
  },
}
