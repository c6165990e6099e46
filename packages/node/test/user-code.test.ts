// Every callback, listener and option that takes user code, misbehaving in every way: what it throws is
// its process's affair, as with node:http; nothing of ours fails because of it, nothing hangs, and the
// next client is answered. In child processes, without anybody who listens for 'error' on the server.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { BOOM } from './support/faulty-handlers.ts'
import { makeIdentity } from './support/identity.ts'
import { DEEDS, PLACES, type Outcome, type Place } from './support/user-code-host.ts'

const { key, cert, ca } = makeIdentity()
const script = fileURLToPath(new URL('support/user-code-host.ts', import.meta.url))

/** What goes wrong here fails one handshake, one connection or one response, and is not uncaught. */
const OWNED: readonly Place[] = [
  'SNICallback',
  'lookup',
  'serve fetch',
  'serve error',
  'body start',
  'body pull',
  'body cancel',
  'fetch pull',
  'fetch cancel',
]

// Some hundred servers and clients, one after another.
t.setTimeout(900_000)

for (const deed of DEEDS) {
  t.test(`user code that ${deed}`, async (t) => {
    const env = { ...process.env, KEY: key, CERT: cert, CA: ca }
    const child = fork(script, [deed], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    t.teardown(() => child.kill('SIGKILL'))
    const outcomes = new Map<Place, Outcome>()
    child.on('message', (outcome: Outcome) => outcomes.set(outcome.place, outcome))
    t.strictSame(await once(child, 'exit'), [0, null], 'the process ends by itself')
    for (const place of PLACES) {
      const outcome = outcomes.get(place)
      if (outcome === undefined) {
        t.fail(`${place}: no outcome`)
        continue
      }
      const { calls, uncaught, served, closed } = outcome
      const ours = uncaught.filter((text) => !text.endsWith(`: Error: ${BOOM}`))
      t.ok(calls > 0, `${place}: was called`)
      t.strictSame(ours, [], `${place}: no error but the user's own`)
      if (deed === 'throws' && !OWNED.includes(place)) {
        t.equal(uncaught.length, calls, `${place}: each of the user's own once`)
      }
      if (OWNED.includes(place)) t.strictSame(uncaught, [], `${place}: its failure has an owner`)
      if (deed !== 'closes') {
        t.equal(served, true, `${place}: another client is answered`)
      }
      t.equal(closed, true, `${place}: the server closes when it is asked to`)
    }
  })
}
