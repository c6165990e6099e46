import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { developmentCertificate } from '../src/index.ts'

t.test('a certificate is made once and kept, with keys that only the user may read', async (t) => {
  const directory = join(t.testdir(), 'cache')
  const first = developmentCertificate({ directory })
  const leaf = new X509Certificate(first.cert)
  t.equal(leaf.checkHost('localhost'), 'localhost')
  t.equal(leaf.checkIP('127.0.0.1'), '127.0.0.1')
  t.ok(leaf.verify(new X509Certificate(first.ca).publicKey))
  t.equal(first.fingerprint256, leaf.fingerprint256)
  t.match(first.spkiFingerprint, /^[A-Za-z0-9+/]{43}=$/)
  t.equal(readFileSync(first.keyFile, 'latin1'), first.key)
  if (process.platform !== 'win32') {
    t.equal(statSync(first.keyFile).mode & 0o777, 0o600)
    t.equal(statSync(join(directory, 'ca-key.pem')).mode & 0o777, 0o600)
    t.equal(statSync(directory).mode & 0o777, 0o700)
  }
  t.strictSame(developmentCertificate({ directory }), first)
})

t.test('other names get a certificate of their own, by the same authority', async (t) => {
  const directory = t.testdir()
  const first = developmentCertificate({ directory })
  const other = developmentCertificate({ directory, names: ['h3.test'] })
  t.not(other.cert, first.cert)
  t.equal(other.ca, first.ca)
  t.equal(new X509Certificate(other.cert).checkHost('h3.test'), 'h3.test')
})

t.test('what is damaged or of another authority is made anew', async (t) => {
  const directory = t.testdir()
  const first = developmentCertificate({ directory })
  writeFileSync(first.certFile, 'not a certificate')
  const second = developmentCertificate({ directory })
  t.not(second.cert, first.cert)
  t.equal(second.ca, first.ca)
  writeFileSync(join(directory, 'ca.pem'), 'not a certificate')
  const third = developmentCertificate({ directory })
  t.not(third.ca, first.ca)
  t.ok(new X509Certificate(third.cert).verify(new X509Certificate(third.ca).publicKey))
})
