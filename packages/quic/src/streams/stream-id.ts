// Stream identifiers, RFC 9000 §2.1 table 1: bit 0 says who opened the stream, bit 1 how many
// directions it has.

/** `id & INITIATOR_BIT`: 0 opened by the client, 1 by the server. */
export const INITIATOR_BIT = 0x01
/** `id & UNIDIRECTIONAL_BIT`: 0 bidirectional, 2 unidirectional. */
export const UNIDIRECTIONAL_BIT = 0x02

// IDs go up to 2^53-1 here, so the bits are taken without 32-bit arithmetic on the whole number:
// ToInt32 keeps the low bits of any safe integer.

export function isUnidirectional(id: number): boolean {
  return (id & UNIDIRECTIONAL_BIT) !== 0
}

export function isClientInitiated(id: number): boolean {
  return (id & INITIATOR_BIT) === 0
}

/** Position of the stream among those of its type: 0, 1, 2, ... */
export function streamIndex(id: number): number {
  return Math.floor(id / 4)
}
