// The stateless reset tokens by which peers may end our connections, RFC 9000 §10.3.1.
//
// "When comparing a datagram to stateless reset token values, endpoints MUST perform the comparison
// without leaking information about the value of the token." So what is stored and compared is a
// keyed pseudorandom function of each token, the RFC's second way: the look-up then costs the same
// however many connections there are, and its timing tells about the function's values only.

import type { PacketProtection, RandomBytes } from '@godwit/protection'
import { STATELESS_RESET_TOKEN_LENGTH } from '../constants.ts'
import { KeyTable } from './key-table.ts'

/** A map from reset tokens to their connections. */
export class ResetTokens<T extends object> {
  readonly #protection: PacketProtection
  readonly #key: Uint8Array
  readonly #connections: KeyTable<T>

  /** @param key 32 secret random bytes, of this object alone */
  constructor(protection: PacketProtection, key: Uint8Array, randomBytes: RandomBytes) {
    this.#protection = protection
    this.#key = key
    this.#connections = new KeyTable(randomBytes)
  }

  get size(): number {
    return this.#connections.size
  }

  /** Returns what stands for the token when it is to be deleted. */
  add(token: Uint8Array, connection: T): Uint8Array {
    const value = this.#transform(token)
    this.#connections.set(value, connection)
    return value
  }

  /** Removes what `add` returned, unless another connection has given the same token since. */
  delete(value: Uint8Array, connection: T): void {
    this.#connections.delete(value, connection)
  }

  /** The connection whose token the datagram that ends at `end` ends with, or null. */
  find(bytes: Uint8Array, end: number): T | null {
    if (this.#connections.size === 0) return null
    const value = this.#transform(bytes.subarray(end - STATELESS_RESET_TOKEN_LENGTH, end))
    return this.#connections.get(value, 0, value.length)
  }

  #transform(token: Uint8Array): Uint8Array {
    return this.#protection.statelessResetToken(this.#key, token)
  }
}
