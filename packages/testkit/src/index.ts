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
