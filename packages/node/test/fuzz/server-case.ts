// Cases against servers: a scripted client, real servers with real handlers, and a second client that
// must be served whatever the first one does.

import { createServer, serve } from '../../src/index.ts'
import type {
  Http3Server,
  Http3ServerRequest,
  Http3ServerResponse,
  Http3ServerSession,
} from '../../src/index.ts'
import { createStaticHandler } from '../../../godwit/src/static/static-handler.ts'
import { get } from '../attacks/raw-peer.ts'
import type { Case, UserStep } from './case.ts'
import { FetchCall } from './fetch-handler.ts'
import { servedFolder } from './files.ts'
import { Exchange } from './handler.ts'
import { IDENTITY, Peer, type PeerStream } from './peer.ts'
import type { Platform } from './platform.ts'
import { controlOf, Script } from './script.ts'
import type { Watch } from './watch.ts'

const WITNESS_PATH = '/witness'
const WITNESS_BODY = 'here is the witness'

/** Time in which everything that a case began must come to rest, in virtual ms. */
const SETTLE_TIME = 4_000
/** Time in which a connection whose peer is gone ends, and everything with it. */
const END_TIME = 200_000

export async function runServerCase(given: Case, platform: Platform, watch: Watch): Promise<void> {
  const exchanges: Exchange[] = []
  const calls: FetchCall[] = []
  const sessions = new Set<Http3ServerSession>()
  let server: Http3Server | null = null
  let userClosed = false
  const surroundings = {
    sessionOf: (request: Http3ServerRequest) => {
      const { remotePort } = request.socket
      return [...sessions].find((session) => session.remotePort === remotePort)
    },
    closeServer: () => {
      userClosed = true
      server?.close()
    },
  }
  const stepsOf = (index: number): readonly UserStep[] =>
    given.user[Math.min(index, given.user.length - 1)] ?? []
  const options = {
    key: IDENTITY.key,
    cert: IDENTITY.cert,
    crypto: 'node',
    closeTimeout: 1_000,
    transport: {
      initialMaxStreamsBidi: given.maxStreams,
      initialMaxStreamData: given.window,
      initialMaxData: given.window * 4,
    },
  } as const
  if (given.area === 'static') {
    const creating = createStaticHandler(servedFolder())
    await platform.run(() => false, platform.now + 100)
    const answer = await creating
    const handler = (request: Http3ServerRequest, response: Http3ServerResponse): void => {
      if (request.url === WITNESS_PATH) {
        response.end(WITNESS_BODY)
        return
      }
      exchanges.push(new Exchange(request, response, watch, surroundings))
      answer(request, response)
    }
    server = createServer(options, handler).listen(0, '127.0.0.1')
    await platform.run(() => server?.listening === true, platform.now + 1_000)
  } else if (given.area === 'server') {
    server = createServer(options, (request, response) => {
      if (request.url === WITNESS_PATH) {
        response.end(WITNESS_BODY)
        return
      }
      const exchange = new Exchange(request, response, watch, surroundings)
      exchanges.push(exchange)
      const open = exchanges.filter((e) => !e.responseEvents.closed && !e.response.writableEnded)
      if (open.length > given.maxStreams) {
        watch.found('more open requests than streams are permitted')
      }
      exchange.run(given, stepsOf(exchanges.length - 1))
    }).listen(0, '127.0.0.1')
    await platform.run(() => server?.listening === true, platform.now + 1_000)
  } else {
    const starting = serve({
      ...options,
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) => {
        if (new URL(request.url).pathname === WITNESS_PATH) return new Response(WITNESS_BODY)
        const call = new FetchCall(request, platform, watch)
        calls.push(call)
        return call.run(stepsOf(calls.length - 1))
      },
    })
    starting.then(
      (started) => (server = started),
      (error: unknown) => watch.found('serve() rejects', String(error)),
    )
    await platform.run(() => server !== null, platform.now + 1_000)
  }
  const subject = server as Http3Server | null
  if (subject === null || subject.address() === null) {
    watch.found('the server does not start')
    return
  }
  subject.on('session', (session: Http3ServerSession) => sessions.add(session))
  const port = (subject.address() as { port: number }).port

  const peer = new Peer(platform, 'client')
  peer.reading = given.reading === 'always'
  const connection = peer.connect(port, { initialMaxStreamData: given.window })
  await platform.run(() => peer.isConfirmed(connection), platform.now + 5_000)
  controlOf(connection, given.fieldSize)
  platform.delay = given.delay
  const script = new Script(platform, peer, given, false)
  const witness = new Witness(platform, watch, port, () => userClosed)
  await witness.ask('before')
  script.run()
  // While the script runs, and what it began settles.
  await platform.run(() => script.over, platform.now + 60_000)
  await witness.ask('during')
  await platform.run(() => false, platform.now + SETTLE_TIME)
  if (given.reading === 'late') {
    peer.readAll()
    await platform.run(() => false, platform.now + SETTLE_TIME)
  }
  await witness.ask('after')
  checkSettled(watch, peer, exchanges, calls, sessions)
  if (platform.stuck) watch.found('the loop is busy without end')

  if (given.ending === 'close') connection.close(0x100, '')
  else if (given.ending === 'vanish') peer.vanished = true
  else if (given.ending === 'destroy') for (const session of sessions) session.destroy()
  peer.flush('packet')
  await platform.run(() => false, platform.now + END_TIME)
  for (const exchange of exchanges) {
    if (exchange.closed) continue
    const what = exchange.responseEvents.closed ? 'request' : 'response'
    const { names } = what === 'request' ? exchange.requestEvents : exchange.responseEvents
    if (given.ending !== 'stay') watch.found(`no 'close' of a ${what}`, names.join(' '))
  }
  if (given.ending !== 'stay') checkSources(watch, calls)
  witness.leave()
  peer.leave()
  await close(subject, platform, watch)
  checkSources(watch, calls)
  for (const exchange of exchanges) {
    if (!exchange.closed) watch.found("no 'close' after the server's")
  }
  if (platform.stuck) watch.found('the loop is busy without end')
}

/** While the connection lives: what has ended for the peer has ended here. */
function checkSettled(
  watch: Watch,
  peer: Peer,
  exchanges: readonly Exchange[],
  calls: readonly FetchCall[],
  sessions: ReadonlySet<Http3ServerSession>,
): void {
  const connection = peer.connections[0]
  const alive = connection !== undefined && !peer.isClosed(connection) && !peer.vanished
  // The server was told of the end.
  const gone = !alive && !peer.vanished && !peer.closeLost
  for (const exchange of exchanges) {
    const { request, response } = exchange
    const stream = peer.streams.find((s) => s.quic.id === request.stream.id)
    if (stream === undefined) continue
    const { closed } = exchange.responseEvents
    if (gone || (alive && stream.sentStop)) {
      if (!closed) watch.found('a response whose client is gone is not told', describe(stream))
    }
    if (alive && stream.resetCode !== null && !closed) {
      watch.found('a response that was reset is not told', describe(stream))
    }
    if (alive && stream.sentReset && !stream.sentFin && !exchange.requestEvents.closed) {
      watch.found('a request that was reset is not told', describe(stream))
    }
    if (alive && peer.reading && response.writableFinished) {
      const told = stream.ended || stream.resetCode !== null || stream.sentStop
      if (!told) watch.found('a finished response does not arrive', describe(stream))
    }
  }
  for (const call of calls) {
    if (gone && !call.answered && !call.request.signal.aborted) {
      watch.found('the client is gone, and the signal is not aborted')
    }
    if (gone)
      for (const source of call.sources) if (!source.settled) watch.found('a body is not cancelled')
  }
  if (alive && calls.length > 0 && peer.streams.every((stream) => stream.sentStop))
    checkSources(watch, calls)
  if (!alive) return
  // Streams count until both sides have ended, and no longer.
  const open = peer.streams.filter((stream) => !isOver(stream)).length
  for (const session of sessions) {
    if (session.remotePort !== peer.port || session.closed) continue
    if (session.activeRequests > open) {
      watch.found('requests are kept that are over', `${session.activeRequests} of ${open}`)
    }
  }
}

function isOver(stream: PeerStream): boolean {
  const sent = stream.sentFin || stream.sentReset || stream.stopCode !== null
  const received = stream.ended || stream.resetCode !== null
  return sent && received
}

function describe(stream: PeerStream): string {
  const { quic, connection, ...rest } = stream
  void connection
  return JSON.stringify({ id: quic.id, ...rest })
}

function checkSources(watch: Watch, calls: readonly FetchCall[]): void {
  for (const call of calls) {
    for (const source of call.sources) {
      if (!source.settled) watch.found('a body is neither read to its end nor cancelled')
    }
  }
}

async function close(server: Http3Server, platform: Platform, watch: Watch): Promise<void> {
  let closed = server.address() === null && !server.listening
  server.once('close', () => (closed = true))
  if (server.listening) server.close()
  if (!(await platform.run(() => closed, platform.now + 20_000))) {
    watch.found('the server does not close')
  }
  await platform.run(() => false, platform.now + 100)
}

/** A client that does nothing wrong. */
class Witness {
  readonly #platform: Platform
  readonly #watch: Watch
  readonly #peer: Peer
  readonly #isExcused: () => boolean

  /** @param isExcused whether the server was told to take no more requests */
  constructor(platform: Platform, watch: Watch, port: number, isExcused: () => boolean) {
    this.#platform = platform
    this.#watch = watch
    this.#isExcused = isExcused
    this.#peer = new Peer(platform, 'client')
    controlOf(this.#peer.connect(port))
  }

  /** Asks for something that every server answers at once. */
  async ask(when: string): Promise<void> {
    const connection = this.#peer.connections.at(-1)
    if (connection === undefined || this.#isExcused()) return
    await this.#platform.run(() => this.#peer.isConfirmed(connection), this.#platform.now + 5_000)
    let stream = this.#peer.openStream(connection)
    if (stream === null) {
      // The stream before counts until its end is acknowledged.
      await this.#platform.run(
        () => (stream ??= this.#peer.openStream(connection)) !== null,
        this.#platform.now + 5_000,
      )
    }
    if (stream === null) {
      if (!this.#isExcused()) this.#watch.found(`the witness has no stream ${when}`)
      return
    }
    stream.quic.write(get(WITNESS_PATH))
    stream.quic.finish()
    this.#peer.flush('packet')
    const asked = stream
    await this.#platform.run(() => asked.ended, this.#platform.now + 5_000)
    if (!stream.tail.endsWith(WITNESS_BODY) && !this.#isExcused()) {
      this.#watch.found(`the witness is not answered ${when}`, describe(stream))
    }
  }

  leave(): void {
    this.#peer.connections.at(-1)?.close(0x100, '')
    this.#peer.flush('packet')
    this.#peer.leave()
  }
}
