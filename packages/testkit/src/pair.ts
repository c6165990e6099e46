// Two QUIC endpoints joined over the simulated network, under virtual time.

import { createNobleProvider } from '@godwit/crypto'
import type { CryptoProvider, PacketEngine } from '@godwit/crypto'
import { PacketProtection } from '@godwit/protection'
import { Endpoint } from '@godwit/quic'
import type { ConnectConfig, HandshakeSession, ServerConfig, TransportOptions } from '@godwit/quic'
import { createNullEngine } from './null-engine.ts'
import { createNullHandshake } from './null-handshake.ts'
import type { NullHandshakeOptions } from './null-handshake.ts'
import { Prng, seededRandomBytes } from './prng.ts'
import { SimEndpoint } from './sim-endpoint.ts'
import type { SimConnection } from './sim-endpoint.ts'
import { delay } from './sim/nodes.ts'
import type { Millis, NetworkNode } from './sim/nodes.ts'
import type { SimAddress } from './sim/simulator.ts'
import { Simulator } from './sim/simulator.ts'

export const CLIENT_ADDRESS: SimAddress = { address: '10.0.0.1', port: 40_000 }
export const SERVER_ADDRESS: SimAddress = { address: '10.0.0.2', port: 443 }

export interface PairOptions {
  /** Of every random decision of the endpoints, and of the null handshake. Default 1. */
  readonly seed?: number
  /** The network from client to server. Default: 10 ms of delay. */
  readonly toServer?: NetworkNode
  /** The network from server to client. Default: 10 ms of delay. */
  readonly toClient?: NetworkNode
  readonly client?: TransportOptions
  readonly server?: TransportOptions
  readonly maxConnections?: number
  readonly maxHandshakes?: number
  readonly memoryBudget?: number
  /** Default: the null handshake. */
  readonly clientHandshake?: () => HandshakeSession
  readonly serverHandshake?: () => HandshakeSession
  /** Options of the null handshakes. */
  readonly clientNull?: NullHandshakeOptions
  readonly serverNull?: NullHandshakeOptions
  /** Derives keys. Default: the portable one. */
  readonly provider?: CryptoProvider
  /** Packets are sealed by the provider's engine in place of `createNullEngine`. Default false. */
  readonly realProtection?: boolean
  /** Makes the packet engine of each endpoint, in place of either. */
  readonly engine?: (slotCount: number) => PacketEngine
  readonly statelessResetKey?: Uint8Array
}

export interface Pair {
  readonly sim: Simulator
  readonly prng: Prng
  readonly client: SimEndpoint
  readonly server: SimEndpoint
  /** Of either side: another view of the same packets, for tests that forge. */
  readonly protection: PacketProtection
  /** Starts one more connection. */
  connect(config?: Partial<ConnectConfig>): SimConnection
  /** Starts a connection and runs until both sides have confirmed the handshake. */
  establish(config?: Partial<ConnectConfig>): {
    client: SimConnection
    server: SimConnection
  }
  /** Runs until `done`, at most `ms` of virtual time (a minute unless told). True: done. */
  run(done: () => boolean, ms?: Millis): boolean
  /** Runs for `ms` of virtual time. */
  runFor(ms: Millis): void
  /** A server endpoint with the same configuration that knows nothing: the old one has crashed. */
  restartServer(): SimEndpoint
}

const providers = new Map<string, CryptoProvider>()

function defaultProvider(): CryptoProvider {
  let provider = providers.get('noble')
  if (provider === undefined) {
    provider = createNobleProvider(seededRandomBytes(1))
    providers.set('noble', provider)
  }
  return provider
}

/** Makes a client endpoint and a server endpoint; no connection yet. */
export function pair(options: PairOptions = {}): Pair {
  const seed = options.seed ?? 1
  const prng = new Prng(seed)
  const provider = options.provider ?? defaultProvider()
  const sim = new Simulator()
  const makeEngine = (slotCount: number): PacketEngine =>
    options.engine?.(slotCount) ??
    (options.realProtection === true
      ? provider.createPacketEngine(slotCount)
      : createNullEngine(slotCount))
  const makeHandshake = (side: 'client' | 'server'): HandshakeSession =>
    side === 'client'
      ? (options.clientHandshake?.() ??
        createNullHandshake('client', { seed, ...options.clientNull }))
      : (options.serverHandshake?.() ??
        createNullHandshake('server', { seed, ...options.serverNull }))
  const makeEndpoint = (address: SimAddress, server: ServerConfig | undefined): SimEndpoint => {
    const engine = makeEngine(2)
    const endpoint = new Endpoint({
      protection: new PacketProtection(provider, engine),
      randomBytes: seededRandomBytes(prng.u32()),
      ...(server === undefined ? {} : { server }),
      ...(server === undefined || options.statelessResetKey === undefined
        ? {}
        : { statelessResetKey: options.statelessResetKey }),
    })
    const host = new SimEndpoint(address, endpoint, engine)
    sim.addHost(host)
    return host
  }
  const serverConfig: ServerConfig = {
    createHandshake: () => makeHandshake('server'),
    ...(options.server === undefined ? {} : { transport: options.server }),
    ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
    ...(options.maxHandshakes === undefined ? {} : { maxHandshakes: options.maxHandshakes }),
    ...(options.memoryBudget === undefined ? {} : { memoryBudget: options.memoryBudget }),
  }
  sim.link(CLIENT_ADDRESS, SERVER_ADDRESS, options.toServer ?? delay(10))
  sim.link(SERVER_ADDRESS, CLIENT_ADDRESS, options.toClient ?? delay(10))
  const client = makeEndpoint(CLIENT_ADDRESS, undefined)
  const server = makeEndpoint(SERVER_ADDRESS, serverConfig)

  const connect = (config: Partial<ConnectConfig> = {}): SimConnection => {
    const connection = client.endpoint.connect(sim.now, SERVER_ADDRESS, {
      handshake: config.handshake ?? makeHandshake('client'),
      ...(options.client === undefined ? {} : { transport: options.client }),
      ...config,
    })
    return client.watch(connection)
  }
  const run = (done: () => boolean, ms: Millis = 60_000): boolean => sim.run(done, sim.now + ms)
  return {
    sim,
    prng,
    client,
    server,
    protection: new PacketProtection(provider, makeEngine(1)),
    connect,
    establish: (config) => {
      const before = server.accepted.length
      const clientSide = connect(config)
      const confirmed = (side: SimConnection | undefined): boolean =>
        side !== undefined && side.has('handshake-confirmed')
      if (!run(() => confirmed(clientSide) && confirmed(server.accepted[before]))) {
        throw new Error('the handshake did not complete')
      }
      return { client: clientSide, server: server.accepted[before] }
    },
    run,
    runFor: (ms) => sim.runFor(ms),
    restartServer: () => makeEndpoint(SERVER_ADDRESS, serverConfig),
  }
}
