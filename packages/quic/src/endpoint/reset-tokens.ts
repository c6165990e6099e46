// The stateless reset tokens by which peers may end our connections, RFC 9000 §10.3.1.
//
// "When comparing a datagram to stateless reset token values, endpoints MUST perform the comparison
// without leaking information about the value of the token." So what is stored and compared is a
// keyed pseudorandom function of each token, the RFC's second way: the look-up then costs the same
// however many connections there are, and its timing tells about the function's values only.

import type { PacketProtection } from '@godwit/protection'
import { STATELESS_RESET_TOKEN_LENGTH } from '../constants.ts'

/** A map from reset tokens to their connections. */
export class ResetTokens<T> {
  readonly #protection: PacketProtection
  readonly #key: Uint8Array
  readonly #connections: Map<string, T>

  /** @param key 32 secret random bytes, of this object alone */
  constructor(protection: PacketProtection, key: Uint8Array) {
    this.#protection = protection
    this.#key = key
    this.#connections = new Map()
  }

  get size(): number {
    return this.#connections.size
  }

  /** Returns what stands for the token when it is to be deleted. */
  add(token: Uint8Array, connection: T): string {
    const key = this.#transform(token)
    this.#connections.set(key, connection)
    return key
  }

  /** Removes what `add` returned `key` for, unless another connection has given the same since. */
  delete(key: string, connection: T): void {
    if (this.#connections.get(key) === connection) this.#connections.delete(key)
  }

  /** The connection whose token the datagram that ends at `end` ends with, or null. */
  find(bytes: Uint8Array, end: number): T | null {
    if (this.#connections.size === 0) return null
    const token = bytes.subarray(end - STATELESS_RESET_TOKEN_LENGTH, end)
    return this.#connections.get(this.#transform(token)) ?? null
  }

  #transform(token: Uint8Array): string {
    const value = this.#protection.statelessResetToken(this.#key, token)
    let key = ''
    for (let i = 0; i < value.length; i++) key += String.fromCharCode(value[i])
    return key
  }
}
