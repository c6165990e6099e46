// The connection IDs that the peer issued and we address it by, RFC 9000 §5.1.1, §5.1.2, §19.15.

import { equalBytes } from '@godwit/protection'
import { FRAME_NEW_CONNECTION_ID } from '../constants.ts'
import { CONNECTION_ID_LIMIT_ERROR, PROTOCOL_VIOLATION, TransportError } from '../errors.ts'
import { retireConnectionIdLength, writeRetireConnectionId } from '../frame-encoder.ts'
import {
  ACTIVE_CONNECTION_ID_LIMIT,
  MAX_OUTSTANDING_RETIREMENTS,
  MAX_REMEMBERED_RETIREMENTS,
} from '../limits.ts'
import type { PacketWriter } from '../packet-writer.ts'

/**
 * Told of the reset tokens in force, RFC 9000 §10.3.1: "An endpoint MUST NOT check for any stateless
 * reset tokens associated with connection IDs it has not used or for connection IDs that have been
 * retired." The endpoint implements it.
 */
export interface ResetTokenListener {
  onResetToken(token: Uint8Array): void
  onResetTokenRetired(token: Uint8Array): void
}

interface PeerId {
  readonly sequenceNumber: number
  readonly id: Uint8Array
  /** Absent for the ID of the handshake, unless the server's transport parameters bring it. */
  resetToken: Uint8Array | null
  /** It was sent to some address: no other may be sent to with it, RFC 9000 §9.5. */
  used: boolean
}

/** A RETIRE_CONNECTION_ID frame that the peer has not acknowledged. */
interface Retirement {
  readonly sequenceNumber: number
  pending: boolean
}

/**
 * Bounded both ways: at most `ACTIVE_CONNECTION_ID_LIMIT` active IDs, at most
 * `MAX_OUTSTANDING_RETIREMENTS` retirements that wait for an acknowledgement. A peer that rotates
 * IDs while it withholds acknowledgements is cut off, RFC 9000 §5.1.2.
 */
export class PeerConnectionIds {
  readonly #listener: ResetTokenListener
  #active: PeerId[]
  #retirements: Retirement[]
  /** Numbers that we retired without being asked: late copies of their frames bring nothing back. */
  readonly #retired: number[]
  #retirePriorTo: number
  /** The ID that we send to on the active path. */
  current: Uint8Array

  /** @param initial the Destination Connection ID to begin with */
  constructor(initial: Uint8Array, listener: ResetTokenListener) {
    this.#listener = listener
    this.#active = [{ sequenceNumber: 0, id: initial, resetToken: null, used: true }]
    this.#retirements = []
    this.#retired = []
    this.#retirePriorTo = 0
    this.current = initial
  }

  get activeCount(): number {
    return this.#active.length
  }

  /** Retirements that the peer has not acknowledged. */
  get outstandingRetirements(): number {
    return this.#retirements.length
  }

  /** The peer has chosen its own ID, RFC 9000 §7.2: a client changes to it once (twice on Retry). */
  replaceInitial(id: Uint8Array): void {
    this.#active[0] = { sequenceNumber: 0, id, resetToken: null, used: true }
    this.current = id
  }

  /** The server's stateless_reset_token, for its first connection ID. */
  setInitialResetToken(token: Uint8Array): void {
    for (const id of this.#active) {
      if (id.sequenceNumber !== 0 || id.resetToken !== null) continue
      id.resetToken = token
      this.#listener.onResetToken(token)
    }
  }

  /** NEW_CONNECTION_ID, RFC 9000 §19.15. `id` and `resetToken` are kept. */
  handleNew(
    sequenceNumber: number,
    retirePriorTo: number,
    id: Uint8Array,
    resetToken: Uint8Array,
  ): void {
    if (this.current.length === 0) {
      throw violation('NEW_CONNECTION_ID although the peer uses a zero-length connection ID')
    }
    for (const known of this.#active) {
      const sameNumber = known.sequenceNumber === sequenceNumber
      const sameId = equalBytes(known.id, id)
      if (sameNumber && sameId) {
        // A retransmission; its Retire Prior To may still be news.
        if (known.resetToken !== null && !equalBytes(known.resetToken, resetToken)) {
          throw violation('NEW_CONNECTION_ID repeated with another reset token')
        }
        this.#retireBelow(retirePriorTo)
        return
      }
      if (sameNumber || sameId) throw violation('NEW_CONNECTION_ID contradicts an earlier one')
    }
    if (this.#retired.includes(sequenceNumber)) {
      this.#retireBelow(retirePriorTo)
      return
    }
    if (sequenceNumber < this.#retirePriorTo) {
      // RFC 9000 §19.15: a number below an earlier Retire Prior To is retired at once.
      this.#retire(sequenceNumber)
      return
    }
    this.#active.push({ sequenceNumber, id, resetToken, used: false })
    this.#retireBelow(retirePriorTo)
    if (this.#active.length > ACTIVE_CONNECTION_ID_LIMIT) {
      throw new TransportError(
        CONNECTION_ID_LIMIT_ERROR,
        FRAME_NEW_CONNECTION_ID,
        `more than ${ACTIVE_CONNECTION_ID_LIMIT} active connection IDs`,
      )
    }
  }

  /**
   * An ID for another path, RFC 9000 §9.5: one that was not used yet. A peer that has chosen to have
   * none, with a zero-length ID, is addressed without everywhere. Null: the peer has not supplied one.
   */
  takeSpare(): Uint8Array | null {
    if (this.current.length === 0) return this.current
    for (const known of this.#active) {
      if (known.used) continue
      this.#use(known)
      return known.id
    }
    return null
  }

  /** False for an ID that was retired meanwhile, as the peer may ask at any time. */
  holds(id: Uint8Array): boolean {
    for (const known of this.#active) if (known.id === id) return true
    return false
  }

  /** Nothing is sent with `id` any more: RFC 9000 §5.1.2. */
  retire(id: Uint8Array): void {
    const index = this.#active.findIndex((known) => known.id === id)
    if (index < 0 || id === this.current || id.length === 0) return
    // A peer that does not acknowledge retirements keeps its ID.
    if (this.#retirements.length >= MAX_OUTSTANDING_RETIREMENTS) return
    const [known] = this.#active.splice(index, 1)
    this.#dropToken(known)
    this.#retire(known.sequenceNumber)
    this.#retired.push(known.sequenceNumber)
    if (this.#retired.length > MAX_REMEMBERED_RETIREMENTS) this.#retired.shift()
  }

  hasPending(): boolean {
    for (const retirement of this.#retirements) if (retirement.pending) return true
    return false
  }

  /** Writes the RETIRE_CONNECTION_ID frames that are due and fit. */
  writeFrames(writer: PacketWriter): void {
    for (const retirement of this.#retirements) {
      if (!retirement.pending) continue
      if (writer.remaining < retireConnectionIdLength(retirement.sequenceNumber)) return
      writeRetireConnectionId(writer, retirement.sequenceNumber)
      retirement.pending = false
    }
  }

  onAcked(sequenceNumber: number): void {
    const index = this.#retirements.findIndex((r) => r.sequenceNumber === sequenceNumber)
    if (index >= 0) this.#retirements.splice(index, 1)
  }

  onLost(sequenceNumber: number): void {
    for (const retirement of this.#retirements) {
      if (retirement.sequenceNumber === sequenceNumber) retirement.pending = true
    }
  }

  /** The connection is over: its reset tokens mean nothing any more. */
  dispose(): void {
    for (const known of this.#active) this.#dropToken(known)
    this.#active = []
    this.#retirements = []
  }

  #retireBelow(retirePriorTo: number): void {
    if (retirePriorTo <= this.#retirePriorTo) return
    this.#retirePriorTo = retirePriorTo
    const kept: PeerId[] = []
    for (const id of this.#active) {
      if (id.sequenceNumber >= retirePriorTo) {
        kept.push(id)
        continue
      }
      this.#dropToken(id)
      this.#retire(id.sequenceNumber)
    }
    this.#active = kept
    // The frame that brought Retire Prior To also brought an ID that is not below it.
    if (!kept.some((id) => id.id === this.current)) {
      const next = kept.find((id) => !id.used) ?? kept[0]
      if (!next.used) this.#use(next)
      this.current = next.id
    }
  }

  // From now on packets go out with the ID: its token counts.
  #use(known: PeerId): void {
    known.used = true
    if (known.resetToken !== null) this.#listener.onResetToken(known.resetToken)
  }

  // The ID is retired: if its token counted, it does no longer.
  #dropToken({ used, resetToken }: PeerId): void {
    if (used && resetToken !== null) this.#listener.onResetTokenRetired(resetToken)
  }

  #retire(sequenceNumber: number): void {
    if (this.#retirements.some((r) => r.sequenceNumber === sequenceNumber)) return
    if (this.#retirements.length >= MAX_OUTSTANDING_RETIREMENTS) {
      throw new TransportError(
        CONNECTION_ID_LIMIT_ERROR,
        FRAME_NEW_CONNECTION_ID,
        'too many connection IDs to retire',
      )
    }
    this.#retirements.push({ sequenceNumber, pending: true })
  }
}

function violation(reason: string): TransportError {
  return new TransportError(PROTOCOL_VIOLATION, FRAME_NEW_CONNECTION_ID, reason)
}
