// Choice of cipher suites, and key updates, as a user asks for them.

import t from 'tap'
import { startServer } from './support/server.ts'

const AES_128 = 'TLS_AES_128_GCM_SHA256'
const AES_256 = 'TLS_AES_256_GCM_SHA384'
const CHACHA20 = 'TLS_CHACHA20_POLY1305_SHA256'

for (const [server, client, expected] of [
  [undefined, undefined, AES_128],
  [undefined, CHACHA20, CHACHA20],
  [AES_256, undefined, AES_256],
  [`${CHACHA20}:${AES_128}`, `${AES_128}:${CHACHA20}`, CHACHA20],
] as const) {
  t.test(`ciphers: server ${server}, client ${client}`, async (t) => {
    const running = await startServer(
      t,
      (_request, response) => response.end('hello'),
      server === undefined ? {} : { ciphers: server },
    )
    const accepted: (string | null)[] = []
    running.server.on('session', (session) => accepted.push(session.cipher))
    const session = await running.connect(client === undefined ? {} : { ciphers: client })
    t.equal(await (await session.fetch('/')).text(), 'hello')
    t.equal(session.cipher, expected)
    t.same(accepted, [expected])
  })
}

t.test('no cipher suite in common fails with handshake_failure', async (t) => {
  const running = await startServer(t, undefined, { ciphers: AES_256 })
  await t.rejects(running.connect({ ciphers: CHACHA20 }), { code: 'ERR_QUIC_CRYPTO' })
})

t.test('updateKeys: requests go on under new keys, again and again, from both sides', async (t) => {
  const running = await startServer(t, (request, response) => request.pipe(response))
  const servers: { updateKeys(): boolean }[] = []
  running.server.on('session', (session) => servers.push(session))
  const session = await running.connect()
  const body = Buffer.alloc(100_000, 'x')
  const echo = async (): Promise<boolean> => {
    const response = await session.fetch('/', { method: 'POST', body })
    return body.equals(Buffer.from(await response.arrayBuffer()))
  }
  t.ok(await echo())
  let updates = 0
  for (let round = 0; round < 200 && updates < 4; round++) {
    const who = updates % 2 === 0 ? session : servers[0]
    if (who.updateKeys()) {
      updates++
      t.notOk(who.updateKeys(), 'one at a time')
    }
    t.ok(await echo())
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.equal(updates, 4)
  session.destroy()
  t.notOk(session.updateKeys())
})
