// The connection IDs that we issue and the peer addresses us by, RFC 9000 §5.1.1, §19.15, §19.16.

import { PROTOCOL_VIOLATION, TransportError } from '../errors.ts'
import { LOCAL_CONNECTION_ID_COUNT } from '../limits.ts'
import { FRAME_RETIRE_CONNECTION_ID } from '../constants.ts'
import { newConnectionIdLength, writeNewConnectionId } from '../frame-encoder.ts'
import type { PacketWriter } from '../packet-writer.ts'

/** One connection ID with what goes into its NEW_CONNECTION_ID frame. */
export interface IssuedConnectionId {
  readonly sequenceNumber: number
  readonly id: Uint8Array
  readonly resetToken: Uint8Array
}

/** Makes connection IDs and keeps the routes to them. The endpoint implements it. */
export interface ConnectionIdIssuer {
  /** A fresh ID that nobody else has, routed to the connection from now on. */
  issue(): Uint8Array
  /** The stateless reset token of an ID, RFC 9000 §10.3.2. */
  resetToken(id: Uint8Array): Uint8Array
  /** Takes the route away. */
  retire(id: Uint8Array): void
}

interface LocalId extends IssuedConnectionId {
  /** The peer should be told (again). Never true for the first ID, which the handshake carries. */
  pending: boolean
}

/**
 * Keeps the peer supplied with connection IDs up to its active_connection_id_limit or ours,
 * whichever is lower. Never more than that are alive, so there is nothing here to grow.
 */
export class LocalConnectionIds {
  readonly #issuer: ConnectionIdIssuer
  #active: LocalId[]
  #nextSequenceNumber: number
  /** The highest sequence number that the peer can know. */
  #lastSent: number
  #wanted: number
  /** The Source Connection ID of our long headers: the first ID, even after it was retired. */
  readonly handshakeId: Uint8Array

  constructor(issuer: ConnectionIdIssuer) {
    this.#issuer = issuer
    this.#active = []
    this.#nextSequenceNumber = 0
    this.#lastSent = 0
    this.#wanted = 1
    this.#issue(false)
    this.handshakeId = this.#active[0].id
  }

  /** The ID that our first packets carried as Source Connection ID: sequence number 0. */
  get initial(): IssuedConnectionId | null {
    const first = this.#active[0]
    return first !== undefined && first.sequenceNumber === 0 ? first : null
  }

  get activeCount(): number {
    return this.#active.length
  }

  /** The peer has told its active_connection_id_limit, RFC 9000 §18.2. */
  setPeerLimit(activeConnectionIdLimit: number): void {
    this.#wanted = Math.min(activeConnectionIdLimit, LOCAL_CONNECTION_ID_COUNT)
    while (this.#active.length < this.#wanted) this.#issue(true)
  }

  /**
   * RETIRE_CONNECTION_ID, RFC 9000 §19.16.
   *
   * @param usedAt offset in `bytes` of the Destination Connection ID of the packet that carried it
   */
  handleRetire(sequenceNumber: number, bytes: Uint8Array, usedAt: number): void {
    // RFC 9000 §19.16: "a sequence number greater than any previously sent to the peer". One that is
    // made and not sent does not count, or a packet of guessed numbers would make hundreds of IDs.
    if (sequenceNumber > this.#lastSent) {
      throw violation('RETIRE_CONNECTION_ID for a connection ID that was never issued')
    }
    const index = this.#active.findIndex((id) => id.sequenceNumber === sequenceNumber)
    if (index < 0) return
    const { id } = this.#active[index]
    if (matchesAt(id, bytes, usedAt)) {
      throw violation('RETIRE_CONNECTION_ID for the connection ID of the packet that carries it')
    }
    this.#active.splice(index, 1)
    this.#issuer.retire(id)
    while (this.#active.length < this.#wanted) this.#issue(true)
  }

  hasPending(): boolean {
    for (const id of this.#active) if (id.pending) return true
    return false
  }

  /** Writes the NEW_CONNECTION_ID frames that are due and fit. */
  writeFrames(writer: PacketWriter): void {
    for (const id of this.#active) {
      if (!id.pending) continue
      // Retire Prior To stays 0: we never ask the peer to give up an ID.
      if (writer.remaining < newConnectionIdLength(id.sequenceNumber, 0, id.id)) return
      writeNewConnectionId(writer, id.sequenceNumber, 0, id.id, id.resetToken)
      id.pending = false
      if (id.sequenceNumber > this.#lastSent) this.#lastSent = id.sequenceNumber
    }
  }

  /** The frame for `sequenceNumber` was lost: it goes again while the ID is active. */
  onLost(sequenceNumber: number): void {
    for (const id of this.#active) if (id.sequenceNumber === sequenceNumber) id.pending = true
  }

  /** The connection is over: no route is left. */
  retireAll(): void {
    for (const { id } of this.#active) this.#issuer.retire(id)
    this.#active = []
    this.#wanted = 0
  }

  #issue(pending: boolean): void {
    const id = this.#issuer.issue()
    const resetToken = this.#issuer.resetToken(id)
    this.#active.push({ sequenceNumber: this.#nextSequenceNumber++, id, resetToken, pending })
  }
}

function violation(reason: string): TransportError {
  return new TransportError(PROTOCOL_VIOLATION, FRAME_RETIRE_CONNECTION_ID, reason)
}

function matchesAt(id: Uint8Array, bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < id.length; i++) if (bytes[offset + i] !== id[i]) return false
  return true
}
