// The keys of QUIC packet protection, RFC 9001 §5, for one packet engine.

import type { CipherSuite, CryptoProvider, PacketEngine, PacketKey } from '@godwit/crypto'

/** A QUIC version number: 1 (RFC 9000) or 0x6b3343cf (RFC 9369). */
export type Version = number

/** The keys of one encryption level: `seal` for what we send, `open` for what we receive. */
export interface KeyPair {
  readonly seal: PacketKey
  readonly open: PacketKey
}

/** Derives packet keys. One per endpoint: it holds no state of a connection. */
export class PacketProtection {
  readonly #provider: CryptoProvider
  readonly #engine: PacketEngine

  constructor(provider: CryptoProvider, engine: PacketEngine) {
    this.#provider = provider
    this.#engine = engine
  }

  get engine(): PacketEngine {
    return this.#engine
  }

  /** Initial keys, RFC 9001 §5.2: from the Destination Connection ID of the client's first Initial. */
  initialKeys(
    version: Version,
    destinationConnectionId: Uint8Array,
    side: 'client' | 'server',
  ): KeyPair {
    ;(void version, destinationConnectionId, side, this.#provider)
    throw new Error('to be written')
  }

  /** The packet key of a traffic secret, RFC 9001 §5.1. The secret is copied where it is kept. */
  packetKey(version: Version, suite: CipherSuite, secret: Uint8Array): PacketKey {
    ;(void version, suite, secret)
    throw new Error('to be written')
  }
}
