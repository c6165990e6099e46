export { countSteps } from './count-steps.ts'
export { Prng, seededRandomBytes } from './prng.ts'
export {
  blackhole,
  chain,
  congestionExperienced,
  corrupt,
  delay,
  dropList,
  duplicate,
  loss,
  mtu,
  observe,
  rate,
  reorder,
} from './sim/nodes.ts'
export type { Emit, Millis, NetworkNode, SimDatagram } from './sim/nodes.ts'
export { Simulator } from './sim/simulator.ts'
export type { SimAddress, SimHost, SimTransmit } from './sim/simulator.ts'
export { acknowledge, congestionControllerContract } from './contracts/congestion.ts'
export { packetEngineContract } from './contracts/crypto-packet-engine.ts'
export { cryptoProviderContract } from './contracts/crypto-provider.ts'
export type { CryptoProviderContractOptions } from './contracts/crypto-provider.ts'
export { createNullEngine } from './null-engine.ts'
export { createNullHandshake, NullHandshake, nullSecret } from './null-handshake.ts'
export type { NullHandshakeOptions } from './null-handshake.ts'
export { CLIENT_ADDRESS, pair, SERVER_ADDRESS } from './pair.ts'
export type { Pair, PairOptions } from './pair.ts'
export { SimConnection, SimEndpoint } from './sim-endpoint.ts'
export type { SimStream } from './sim-endpoint.ts'
