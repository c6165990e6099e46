// What a server holds of large files that a client asks for and does not take.

import { once } from 'node:events'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { connect, createServer, developmentCertificate } from '../src/index.ts'
import { createStaticHandler } from '../src/static/static-handler.ts'

t.test(
  'a hundred unread responses on a connection hold little, and the others go on',
  async (t) => {
    const base = t.testdir({ certificate: {}, site: { small: 'still here' } })
    const site = join(base, 'site')
    writeFileSync(join(site, 'large.bin'), '')
    truncateSync(join(site, 'large.bin'), 1_000_000_000)
    const { key, cert, ca } = developmentCertificate({ directory: join(base, 'certificate') })
    const handler = await createStaticHandler(site)
    let arrived = 0
    const server = createServer({ key, cert }, (request, response) => {
      arrived++
      handler(request, response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server[Symbol.asyncDispose]())
    const url = `https://127.0.0.1:${server.address()?.port}`
    const greedy = await connect(url, { ca, transport: { initialMaxData: 1024 } })
    t.teardown(() => greedy.destroy())
    for (let i = 0; i < 100; i++) greedy.request('/large.bin').on('error', () => {})
    let held = -1
    for (let quiet = 0; quiet < 5;) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const now = server.stats?.bytesHeld ?? 0
      quiet = arrived === 100 && now === held ? quiet + 1 : 0
      held = now
    }
    t.ok(held > 100_000 && held < 2_500_000, `${held} bytes are held`)
    const honest = await connect(url, { ca })
    t.equal(await (await honest.fetch('/small')).text(), 'still here')
    const response = await honest.fetch('/large.bin', { headers: { range: 'bytes=0-4999999' } })
    t.equal((await response.arrayBuffer()).byteLength, 5_000_000)
    honest.destroy()
    greedy.destroy()
    for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
      if (server.stats?.bytesHeld === 0) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    t.equal(server.stats?.bytesHeld, 0, 'and nothing when the client has gone')
  },
)
