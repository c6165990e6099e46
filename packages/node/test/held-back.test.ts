// Bodies on a connection that takes little at a time arrive whole, however they are written.

import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { connect, createServer, developmentCertificate } from '../src/index.ts'

const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff))

t.test('bodies on a connection that is held back arrive whole', async (t) => {
  const { key, cert, ca } = developmentCertificate({
    directory: join(t.testdir({}), 'certificate'),
  })
  let requests = 0
  let onAll = (): void => {}
  const all = new Promise<void>((resolve) => (onAll = resolve))
  // A stream takes little as soon as anything waits on any of them.
  const options = { key, cert, transport: { maxUnsentData: 0 } }
  const server = createServer(options, (request, response) => {
    if (++requests === 60) onAll()
    const how = request.url.slice(1)
    if (how === 'end') response.end(BODY.subarray(0, 60_000))
    else if (how === 'large') response.end(BODY)
    else if (how === 'text') response.end(BODY.toString('latin1'), 'latin1')
    else if (how === 'pieces') {
      for (let at = 0; at < BODY.length; at += 10_000)
        response.write(BODY.subarray(at, at + 10_000))
      response.end()
    } else Readable.from([BODY.subarray(0, 100_000), BODY.subarray(100_000)]).pipe(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = await connect(`https://127.0.0.1:${server.address()?.port}`, { ca })
  t.teardown(async () => {
    session.destroy()
    await server[Symbol.asyncDispose]()
  })
  const bodies = Array.from({ length: 60 }, async (_, i) => {
    const how = ['end', 'large', 'text', 'pieces', 'stream'][i % 5] as string
    const response = await session.fetch(`/${how}`)
    await all
    const body = Buffer.from(await response.arrayBuffer())
    return { how, same: body.equals(how === 'end' ? BODY.subarray(0, 60_000) : BODY) }
  })
  for (const { how, same } of await Promise.all(bodies)) t.ok(same, how)
})
