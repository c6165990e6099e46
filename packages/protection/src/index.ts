// Seam, to be implemented: see packet-protection.ts
export { PacketProtection } from './packet-protection.ts'
export type { Version, KeyPair } from './packet-protection.ts'
