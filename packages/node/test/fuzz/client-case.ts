// Cases against clients: a scripted server, real requests of `connect`, `session.request` and `fetch`, and
// an honest server that must be reached whatever the other one does.

import { closeIdleConnections, connect, fetch } from '../../src/index.ts'
import type { ConnectOptions, Http3ClientSession } from '../../src/index.ts'
import { bytes, frame, headers } from '../attacks/raw-peer.ts'
import type { Case } from './case.ts'
import { Asker } from './asker.ts'
import { IDENTITY, Peer } from './peer.ts'
import type { Platform } from './platform.ts'
import { controlOf, Script } from './script.ts'
import { Emissions, type Watch } from './watch.ts'

const WITNESS_BODY = 'here is the witness'

/** Time in which everything that a case began must come to rest, in virtual ms. */
const SETTLE_TIME = 4_000
/** Time in which a connection whose peer is gone ends, and everything with it. */
const END_TIME = 200_000

const OPTIONS: ConnectOptions = { ca: IDENTITY.ca, crypto: 'node' }

export async function runClientCase(given: Case, platform: Platform, watch: Watch): Promise<void> {
  const peer = new Peer(platform, 'server', {
    initialMaxStreamsBidi: given.maxStreams,
    initialMaxStreamData: given.window,
    initialMaxData: given.window * 4,
  })
  peer.reading = given.reading === 'always'
  peer.onEvent = (event, connection) => {
    if (event.type === 'connected') controlOf(connection, given.fieldSize)
  }
  const honest = honestServer(platform)
  platform.delay = given.delay
  const url = `https://127.0.0.1:${peer.port}`
  const options: ConnectOptions = {
    ...OPTIONS,
    transport: { initialMaxStreamData: given.window, initialMaxData: given.window * 4 },
  }
  await askWitness('before', honest, platform, watch)

  let session: Http3ClientSession | null = null
  let sessionEvents: Emissions | null = null
  const connecting = { settled: false }
  connect(url, options).then(
    (connected) => {
      session = connected
      connecting.settled = true
      if (given.errorListeners) connected.on('error', () => {})
      sessionEvents = new Emissions(connected, 'session', watch)
    },
    () => (connecting.settled = true),
  )
  await platform.run(() => connecting.settled, platform.now + 1_000)
  if (session === null) {
    watch.found('the client does not connect')
  }
  const askers = given.user.map((steps) => new Asker(steps, url, options, session, platform, watch))
  const script = new Script(platform, peer, given, true)
  for (const asker of askers) asker.start()
  script.run()
  await platform.run(() => script.over, platform.now + 60_000)
  await askWitness('during', honest, platform, watch)
  await platform.run(() => false, platform.now + SETTLE_TIME)
  if (given.reading === 'late') {
    peer.readAll()
    await platform.run(() => false, platform.now + SETTLE_TIME)
  }
  for (const asker of askers) asker.checkSettled(peer)
  await askWitness('after', honest, platform, watch)
  if (platform.stuck) watch.found('the loop is busy without end')

  if (given.ending === 'close') for (const c of peer.connections) c.close(0x100, '')
  else if (given.ending === 'vanish') peer.vanished = true
  else if (given.ending === 'destroy') (session as Http3ClientSession | null)?.destroy()
  peer.flush('packet')
  await platform.run(() => false, platform.now + END_TIME)
  if (given.ending === 'vanish' || given.ending === 'close') {
    for (const asker of askers) asker.checkOver('its connection')
  }

  // Whatever is still open is closed by the user.
  const closing = { settled: false }
  ;(session as Http3ClientSession | null)?.destroy()
  void closeIdleConnections().then(() => (closing.settled = true))
  peer.vanished = true
  await platform.run(() => false, platform.now + END_TIME)
  if (!closing.settled) {
    watch.found('closeIdleConnections does not settle')
  }
  for (const asker of askers) asker.checkOver('everything')
  if (session !== null && (sessionEvents as Emissions | null)?.closed === false) {
    watch.found("no 'close' of a session")
  }
  peer.leave()
  honest.leave()
  if (platform.stuck) watch.found('the loop is busy without end')
}

/** A server that answers every request at once. */
function honestServer(platform: Platform): Peer {
  const peer = new Peer(platform, 'server')
  peer.onEvent = (event, connection) => {
    if (event.type === 'connected') controlOf(connection)
    if (event.type !== 'stream-opened' || event.stream.direction !== 'bidi') return
    event.stream.write(headers(':status', '200'))
    event.stream.write(frame(0x00, bytes(WITNESS_BODY)))
    event.stream.finish()
  }
  return peer
}

async function askWitness(
  when: string,
  honest: Peer,
  platform: Platform,
  watch: Watch,
): Promise<void> {
  let answer: string | null = null
  fetch(`https://127.0.0.1:${honest.port}/`, OPTIONS)
    .then((response) => response.text())
    .then(
      (text) => (answer = text),
      (error: unknown) => (answer = String(error)),
    )
  await platform.run(() => answer !== null, platform.now + 5_000)
  if (answer !== WITNESS_BODY) watch.found(`the witness is not answered ${when}`, String(answer))
}
