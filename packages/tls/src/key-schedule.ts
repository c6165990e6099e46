// The key schedule, RFC 9846 §7.1, without a pre-shared key:
//
//              0
//              |
//    0 ->  HKDF-Extract = Early Secret
//              |   (a PSK, binders and 0-RTT secrets branch off here)
//       Derive-Secret(., "derived", "")
//              |
//  (EC)DHE -> HKDF-Extract = Handshake Secret
//              +--> "c hs traffic", "s hs traffic"   ClientHello...ServerHello
//       Derive-Secret(., "derived", "")
//              |
//    0 ->  HKDF-Extract = Main Secret
//              +--> "c ap traffic", "s ap traffic", "exp master"   ClientHello...server Finished
//              +--> "res master"                                   ClientHello...client Finished

import { cipherSuiteParameters, hkdfExpandLabel, wipe } from '@godwit/crypto'
import type { CipherSuite, CryptoProvider } from '@godwit/crypto'

const EMPTY = new Uint8Array(0)

/** What every handshake without a pre-shared key begins with: constants of the hash function. */
interface Beginning {
  /** Hash of nothing. */
  readonly emptyHash: Uint8Array
  /** Derive-Secret(Early Secret, "derived", ""). */
  readonly derivedFromEarly: Uint8Array
}

const BEGINNINGS = new WeakMap<CryptoProvider, Map<string, Beginning>>()

function beginningOf(
  crypto: CryptoProvider,
  hash: 'sha256' | 'sha384',
  hashLength: number,
): Beginning {
  let byHash = BEGINNINGS.get(crypto)
  if (byHash === undefined) {
    byHash = new Map()
    BEGINNINGS.set(crypto, byHash)
  }
  let beginning = byHash.get(hash)
  if (beginning === undefined) {
    const zeros = new Uint8Array(hashLength)
    const early = crypto.hmac(hash, zeros, zeros)
    const emptyHash = crypto.createHash(hash).digest()
    const derivedFromEarly = hkdfExpandLabel(crypto, hash, early, 'derived', emptyHash, hashLength)
    beginning = { emptyHash, derivedFromEarly }
    byHash.set(hash, beginning)
  }
  return beginning
}

/** Secrets of one handshake. Those handed out are the schedule's own; `dispose` wipes them. */
export class KeySchedule {
  readonly suite: CipherSuite
  readonly hash: 'sha256' | 'sha384'
  readonly hashLength: number
  clientHandshake: Uint8Array
  serverHandshake: Uint8Array
  clientApplication: Uint8Array
  serverApplication: Uint8Array
  exporter: Uint8Array
  #crypto: CryptoProvider
  readonly #beginning: Beginning
  // The secret of the stage that has been reached: Handshake or Main Secret. Empty: the Early one.
  #current: Uint8Array

  constructor(crypto: CryptoProvider, suite: CipherSuite) {
    const { hash, hashLength } = cipherSuiteParameters(suite)
    this.suite = suite
    this.hash = hash
    this.hashLength = hashLength
    this.clientHandshake = EMPTY
    this.serverHandshake = EMPTY
    this.clientApplication = EMPTY
    this.serverApplication = EMPTY
    this.exporter = EMPTY
    this.#crypto = crypto
    this.#beginning = beginningOf(crypto, hash, hashLength)
    this.#current = EMPTY
  }

  /** Enters the Handshake Secret; `transcriptHash` ends with the ServerHello. Wipes `sharedSecret`. */
  enterHandshake(sharedSecret: Uint8Array, transcriptHash: Uint8Array): void {
    this.#extract(sharedSecret)
    wipe(sharedSecret)
    this.clientHandshake = this.#derive('c hs traffic', transcriptHash)
    this.serverHandshake = this.#derive('s hs traffic', transcriptHash)
  }

  /** Enters the Main Secret; `transcriptHash` ends with the server's Finished. */
  enterApplication(transcriptHash: Uint8Array): void {
    this.#extract(new Uint8Array(this.hashLength))
    this.clientApplication = this.#derive('c ap traffic', transcriptHash)
    this.serverApplication = this.#derive('s ap traffic', transcriptHash)
    this.exporter = this.#derive('exp master', transcriptHash)
  }

  /** The resumption secret; `transcriptHash` ends with the client's Finished. The caller wipes it. */
  resumptionSecret(transcriptHash: Uint8Array): Uint8Array {
    return this.#derive('res master', transcriptHash)
  }

  /** The verify_data of a Finished message, RFC 9846 §4.5.3. */
  verifyData(handshakeSecret: Uint8Array, transcriptHash: Uint8Array): Uint8Array {
    const key = this.#expandLabel(handshakeSecret, 'finished', EMPTY, this.hashLength)
    const data = this.#crypto.hmac(this.hash, key, transcriptHash)
    wipe(key)
    return data
  }

  /** TLS-Exporter, RFC 9846 §7.5. `label` is ASCII. */
  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array {
    const { emptyHash } = this.#beginning
    const secret = this.#expandLabel(this.exporter, label, emptyHash, this.hashLength)
    const material = this.#expandLabel(secret, 'exporter', this.#hashOf(context), length)
    wipe(secret)
    return material
  }

  /** Wipes what only the handshake needed, and keeps the exporter secret. */
  disposeHandshake(): void {
    wipe(
      this.#current,
      this.clientHandshake,
      this.serverHandshake,
      this.clientApplication,
      this.serverApplication,
    )
  }

  dispose(): void {
    this.disposeHandshake()
    wipe(this.exporter)
  }

  #extract(inputKeyingMaterial: Uint8Array): void {
    const { emptyHash, derivedFromEarly } = this.#beginning
    if (this.#current.length === 0) {
      this.#current = this.#crypto.hmac(this.hash, derivedFromEarly, inputKeyingMaterial)
      return
    }
    const salt = this.#derive('derived', emptyHash)
    wipe(this.#current)
    this.#current = this.#crypto.hmac(this.hash, salt, inputKeyingMaterial)
    wipe(salt)
  }

  #derive(label: string, transcriptHash: Uint8Array): Uint8Array {
    return this.#expandLabel(this.#current, label, transcriptHash, this.hashLength)
  }

  #expandLabel(secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
    return hkdfExpandLabel(this.#crypto, this.hash, secret, label, context, length)
  }

  #hashOf(data: Uint8Array): Uint8Array {
    return this.#crypto.createHash(this.hash).update(data).digest()
  }
}
