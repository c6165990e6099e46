// The option `crypto` of clients.
import t from 'tap'
import type { ConnectOptions } from '../src/index.ts'
import { readAll, startServer } from './support/server.ts'

const BACKENDS = ['simd', 'node', 'noble'] as const

t.test('a client of each backend with a server of each', async (t) => {
  for (const theirs of BACKENDS) {
    const { connect } = await startServer(t, (request, response) => request.pipe(response), {
      crypto: theirs,
    })
    for (const ours of BACKENDS) {
      const session = await connect({ crypto: ours })
      const request = session.request('/', { method: 'POST' })
      request.end(`${ours} to ${theirs}`)
      t.equal((await readAll(request)).toString(), `${ours} to ${theirs}`)
    }
  }
})

t.test('connections share a socket with those of the same backend only', async (t) => {
  const { connect } = await startServer(t)
  const portOf = async (options: ConnectOptions): Promise<number | undefined> =>
    (await connect(options)).localPort
  const noble = await portOf({ crypto: 'noble' })
  const node = await portOf({ crypto: 'node' })
  t.not(noble, node)
  t.equal(await portOf({ crypto: 'noble' }), noble)
  t.equal(await portOf({ crypto: 'node' }), node)
})

t.test('a backend that there is not is an error that names the option', async (t) => {
  const { connect } = await startServer(t)
  await t.rejects(connect({ crypto: 'openssl' as 'node' }), {
    name: 'TypeError',
    message: '"crypto" expected simd, node, noble, got openssl',
  })
})
