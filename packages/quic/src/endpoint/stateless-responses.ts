// Answers to datagrams that belong to no connection, waiting to be sent. A bounded queue: under a
// flood the answers that matter least are the ones that do not fit.

import { Ring } from '@godwit/wire'
import type { PacketProtection, RandomBytes } from '@godwit/protection'
import { MAX_STATELESS_RESPONSES, MIN_STATELESS_RESET_SIZE } from '../limits.ts'
import type { NetworkPath } from '../network-path.ts'
import type { PacketHeader } from '../packet-header.ts'
import { ResetLimiter, statelessResetPacket } from '../stateless-reset.ts'
import { versionNegotiationPacket } from '../version-negotiation.ts'
import { writeRefusal } from './refusal.ts'

type Response =
  | { readonly kind: 'packet'; readonly path: NetworkPath; readonly packet: Uint8Array }
  | {
      readonly kind: 'refusal'
      readonly path: NetworkPath
      readonly dcid: Uint8Array
      readonly scid: Uint8Array
    }

export class StatelessResponses {
  readonly #protection: PacketProtection
  readonly #randomBytes: RandomBytes
  readonly #bytes: Uint8Array
  readonly #queue: Ring<Response>
  readonly #resets: ResetLimiter
  /** Where the response that `write` wrote goes. */
  path: NetworkPath

  constructor(protection: PacketProtection, randomBytes: RandomBytes) {
    this.#protection = protection
    this.#randomBytes = randomBytes
    this.#bytes = protection.engine.memory.bytes
    this.#queue = new Ring()
    this.#resets = new ResetLimiter()
    this.path = { address: '', port: 0 }
  }

  get length(): number {
    return this.#queue.length
  }

  /** Version Negotiation. False: no room. */
  negotiateVersion(path: NetworkPath, header: PacketHeader): boolean {
    if (this.#full) return false
    const [random] = this.#randomBytes(1)
    const packet = versionNegotiationPacket(this.#bytes, header, random)
    this.#queue.push({ kind: 'packet', path, packet })
    return true
  }

  /** Refusal of a connection. False: no room. */
  refuse(path: NetworkPath, header: PacketHeader): boolean {
    if (this.#full) return false
    const { dcidStart, dcidLength, scidStart, scidLength } = header
    const dcid = this.#bytes.slice(dcidStart, dcidStart + dcidLength)
    const scid = this.#bytes.slice(scidStart, scidStart + scidLength)
    this.#queue.push({ kind: 'refusal', path, dcid, scid })
    return true
  }

  /**
   * Stateless reset for connection ID `id`. False: no room, too many already, or the datagram was too
   * short for one. The token is computed last: a flood must not cost a hash each.
   */
  reset(
    now: number,
    path: NetworkPath,
    key: Uint8Array,
    id: Uint8Array,
    triggerSize: number,
  ): boolean {
    if (triggerSize <= MIN_STATELESS_RESET_SIZE) return false
    if (this.#full || !this.#resets.take(now)) return false
    const token = this.#protection.statelessResetToken(key, id)
    const packet = statelessResetPacket(token, triggerSize, this.#randomBytes)
    if (packet === null) return false
    this.#queue.push({ kind: 'packet', path, packet })
    return true
  }

  /** Writes the oldest response at `offset` and returns its size; 0: none. */
  write(offset: number): number {
    const response = this.#queue.shift()
    if (response === undefined) return 0
    this.path = response.path
    if (response.kind === 'refusal') {
      return writeRefusal(this.#protection, offset, response.dcid, response.scid)
    }
    this.#bytes.set(response.packet, offset)
    return response.packet.length
  }

  get #full(): boolean {
    return this.#queue.length >= MAX_STATELESS_RESPONSES
  }
}
