// The transcript hash, RFC 9846 §4.1: a running hash over all handshake messages with their headers.

import type { CryptoProvider, HashContext } from '@godwit/crypto'

import { MESSAGE_HASH } from './constants.ts'

/** Hash of the handshake so far. Messages that come before the hash is known are kept until it is. */
export class Transcript {
  #crypto: CryptoProvider
  #name: 'sha256' | 'sha384'
  #context: HashContext | null
  #waiting: Uint8Array[]

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto
    this.#name = 'sha256'
    this.#context = null
    this.#waiting = []
  }

  /** Adds a message with its header; it is copied where it has to be kept. */
  add(message: Uint8Array): void {
    if (this.#context === null) this.#waiting.push(message.slice())
    else this.#context.update(message)
  }

  /** Fixes the hash of the selected cipher suite. A second call changes nothing. */
  useHash(name: 'sha256' | 'sha384'): void {
    if (this.#context !== null) return
    this.#name = name
    this.#context = this.#crypto.createHash(name)
    for (const message of this.#waiting) this.#context.update(message)
    this.#waiting = []
  }

  /**
   * Replaces what is there, the first ClientHello, by a message_hash message: the step that a
   * HelloRetryRequest asks for.
   */
  replaceWithMessageHash(): void {
    const hash = this.hash()
    const context = this.#crypto.createHash(this.#name)
    context.update(Uint8Array.of(MESSAGE_HASH, 0, 0, hash.length))
    context.update(hash)
    this.#context = context
  }

  /** Transcript-Hash of everything so far. */
  hash(): Uint8Array {
    if (this.#context === null) throw new Error('the transcript has no hash yet')
    return this.#context.digest()
  }
}
