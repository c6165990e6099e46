import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { connect, createSecureContext, fetch } from '../src/index.ts'
import { makeIdentity, makeIdentityAt, otherAuthority } from './support/identity.ts'
import { startServer } from './support/server.ts'

t.test('an unknown authority is refused with a code', async (t) => {
  const { url } = await startServer(t)
  await t.rejects(connect(url, { ca: otherAuthority() }), { code: 'ERR_X509_UNKNOWN_ISSUER' })
  await t.rejects(connect(url), { code: 'ERR_X509_UNKNOWN_ISSUER' })
})

t.test('fetch tells it as code and cause', async (t) => {
  const { url } = await startServer(t)
  await t.rejects(fetch(url, { ca: otherAuthority() }), {
    name: 'TypeError',
    message: 'fetch failed',
    code: 'ERR_X509_UNKNOWN_ISSUER',
    cause: { code: 'ERR_X509_UNKNOWN_ISSUER' },
  })
})

t.test('an expired certificate is refused with a code, and one of tomorrow', async (t) => {
  const expired = makeIdentityAt(-10, -1)
  const old = await startServer(t, undefined, { key: expired.key, cert: expired.cert })
  await t.rejects(connect(old.url, { ca: expired.ca }), { code: 'ERR_X509_EXPIRED' })
  const future = makeIdentityAt(1, 10)
  const young = await startServer(t, undefined, { key: future.key, cert: future.cert })
  await t.rejects(connect(young.url, { ca: future.ca }), { code: 'ERR_X509_NOT_YET_VALID' })
})

t.test('a certificate for another name is refused with a code', async (t) => {
  const other = makeIdentity(['other.test'])
  const { url } = await startServer(t, undefined, { key: other.key, cert: other.cert })
  await t.rejects(connect(url, { ca: other.ca }), { code: 'ERR_X509_NAME_MISMATCH' })
  const session = await connect(url, { ca: other.ca, servername: 'other.test' })
  t.equal(session.authorized, true)
  session.destroy()
})

t.test('rejectUnauthorized: false goes on, and says what was wrong', async (t) => {
  const { url } = await startServer(t)
  const session = await connect(url, { ca: otherAuthority(), rejectUnauthorized: false })
  t.equal(session.authorized, false)
  t.match(session.authorizationError, { code: 'ERR_X509_UNKNOWN_ISSUER' })
  t.equal(session.peerCertificates.length, 1)
  session.destroy()
})

t.test('RFC 7301 §3.2: no common protocol fails with no_application_protocol', async (t) => {
  const { url, ca } = await startServer(t)
  await t.rejects(connect(url, { ca, ALPNProtocols: ['other'] }), { code: 'ERR_QUIC_CRYPTO' })
})

t.test('SNI chooses the certificate: addContext, wildcards, SNICallback', async (t) => {
  const a = makeIdentity(['a.test'])
  const b = makeIdentity(['*.b.test'])
  const c = makeIdentity(['c.test'])
  const context = createSecureContext({ key: c.key, cert: c.cert })
  const { server, url, ca } = await startServer(t, undefined, {
    SNICallback: (name, callback) => {
      if (name === 'c.test') callback(null, context)
      else if (name === 'bad.test') callback(new Error('unknown'))
      else callback(null)
    },
  })
  server.addContext('a.test', { key: a.key, cert: a.cert })
  server.addContext('*.b.test', { key: b.key, cert: b.cert })
  for (const servername of ['a.test', 'x.b.test', 'c.test', 'localhost']) {
    const session = await connect(url, { ca, servername })
    t.equal(session.authorized, true, servername)
    t.equal(session.servername, servername)
    session.destroy()
  }
  await t.rejects(connect(url, { ca, servername: 'bad.test' }), { code: 'ERR_QUIC_CRYPTO' })
  await t.rejects(connect(url, { ca, servername: 'd.test' }), { code: 'ERR_X509_NAME_MISMATCH' })
})

t.test('SSLKEYLOGFILE gets the secrets of both sides', async (t) => {
  const file = join(t.testdir(), 'keys')
  process.env['SSLKEYLOGFILE'] = file
  t.teardown(() => {
    delete process.env['SSLKEYLOGFILE']
  })
  const { connect: dial } = await startServer(t)
  const session = await dial()
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const labels = new Set(lines.map((line) => line.split(' ')[0]))
  t.ok(labels.has('CLIENT_TRAFFIC_SECRET_0'))
  t.ok(labels.has('SERVER_HANDSHAKE_TRAFFIC_SECRET'))
  session.destroy()
})
