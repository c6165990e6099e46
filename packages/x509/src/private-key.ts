// Private keys as they are found in PEM, brought into PKCS #8 (RFC 5958): 'PRIVATE KEY' is that
// already, 'EC PRIVATE KEY' is RFC 5915 §3, 'RSA PRIVATE KEY' RFC 8017 appendix A.1.2. No message
// ever holds a part of a key.

import { constructedContextTag, DerReader, TAG_OCTET_STRING } from './der-reader.ts'
import {
  encodeElement,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSmallInteger,
} from './der-writer.ts'
import { malformed, X509Error } from './errors.ts'
import { MAX_PRIVATE_KEY_LENGTH } from './limits.ts'
import { OID_EC_PUBLIC_KEY, OID_RSA_ENCRYPTION } from './oids.ts'
import { parsePem, type PemBlock } from './pem.ts'
import { printable } from './text.ts'

/**
 * The private key of a PEM block as PKCS #8 DER, for `CryptoProvider.importSigningKey`. Throws
 * {@link X509Error} `ERR_X509_ENCRYPTED_KEY` when it needs a passphrase, `ERR_X509_INVALID_KEY` for
 * other labels and malformed keys.
 */
export function privateKeyToPkcs8(block: PemBlock): Uint8Array {
  const { label, headers, der } = block
  if (label === 'ENCRYPTED PRIVATE KEY' || headers.some((line) => /ENCRYPTED/.test(line))) {
    throw new X509Error(
      'ERR_X509_ENCRYPTED_KEY',
      'the private key is encrypted; decrypt it first: openssl pkey -in KEY -out PLAIN_KEY',
    )
  }
  if (der.length > MAX_PRIVATE_KEY_LENGTH) {
    throw new X509Error('ERR_X509_LIMIT', `a private key of ${der.length} bytes`)
  }
  try {
    switch (label) {
      case 'PRIVATE KEY':
        return checkedPkcs8(der)
      case 'EC PRIVATE KEY':
        return wrapEcKey(der)
      case 'RSA PRIVATE KEY':
        return wrapRsaKey(der)
      default:
        throw new X509Error(
          'ERR_X509_INVALID_KEY',
          `expected PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY, got ${printable(label)}`,
        )
    }
  } catch (cause) {
    if (!(cause instanceof X509Error) || cause.code !== 'ERR_X509_MALFORMED') throw cause
    throw new X509Error('ERR_X509_INVALID_KEY', `the ${label} is malformed: ${cause.message}`, {
      cause,
    })
  }
}

/**
 * The first private key of a PEM text (which may hold certificates too) as PKCS #8 DER. Throws like
 * `parsePem` and `privateKeyToPkcs8`, and `ERR_X509_INVALID_KEY` when there is none.
 */
export function parsePemPrivateKey(text: string): Uint8Array {
  const blocks = parsePem(text)
  const block = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'))
  if (block !== undefined) return privateKeyToPkcs8(block)
  const labels = blocks.map(({ label }) => printable(label)).join(', ')
  throw new X509Error(
    'ERR_X509_INVALID_KEY',
    `expected a PEM PRIVATE KEY, found ${labels === '' ? 'nothing in PEM' : `only ${labels}`}`,
  )
}

// Only the outside: what is in it is for the provider, which knows the algorithms.
function checkedPkcs8(der: Uint8Array): Uint8Array {
  const outer = new DerReader(der)
  const info = outer.sequence('PrivateKeyInfo')
  outer.end('PrivateKeyInfo')
  // RFC 5958 §2: v1(0), or v2(1) with a public key.
  if (info.smallInteger('version') > 1) throw malformed('version: unknown')
  info.sequence('privateKeyAlgorithm').oid('privateKeyAlgorithm')
  info.element(TAG_OCTET_STRING, 'privateKey')
  return der
}

function wrapEcKey(der: Uint8Array): Uint8Array {
  const outer = new DerReader(der)
  const key = outer.sequence('ECPrivateKey')
  outer.end('ECPrivateKey')
  if (key.smallInteger('version') !== 1) throw malformed('version: unknown')
  const secret = key.element(TAG_OCTET_STRING, 'privateKey')
  // RFC 5915 §3: the parameters field MUST be there when the key stands by itself.
  const curve = key.constructed(constructedContextTag(0), 'parameters').oid('curve')
  const publicTag = constructedContextTag(1)
  const publicKey = key.peek() === publicTag ? [encodeElement(publicTag, key.any('publicKey'))] : []
  key.end('ECPrivateKey')
  // The curve moves to where PKCS #8 has it.
  const inner = encodeSequence(encodeSmallInteger(1), encodeOctetString(secret), ...publicKey)
  return encodeSequence(
    encodeSmallInteger(0),
    encodeSequence(encodeOid(OID_EC_PUBLIC_KEY), encodeOid(curve)),
    encodeOctetString(inner),
  )
}

function wrapRsaKey(der: Uint8Array): Uint8Array {
  const outer = new DerReader(der)
  const key = outer.sequence('RSAPrivateKey')
  outer.end('RSAPrivateKey')
  // RFC 8017 appendix A.1.2: version 1 has more than two primes, which nothing here can read.
  if (key.smallInteger('version') !== 0) {
    throw new X509Error('ERR_X509_INVALID_KEY', 'an RSA key with more than two primes')
  }
  for (const what of ['modulus', 'publicExponent', 'privateExponent', 'prime1', 'prime2']) {
    key.integer(what)
  }
  return encodeSequence(
    encodeSmallInteger(0),
    encodeSequence(encodeOid(OID_RSA_ENCRYPTION), encodeNull()),
    encodeOctetString(der),
  )
}
