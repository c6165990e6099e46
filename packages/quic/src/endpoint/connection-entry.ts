// What the endpoint keeps about one of its connections, and what it does for it: routes, reset
// tokens, a place in the timer heap and in the queues.

import type { BagMember } from '@godwit/wire'
import type { PacketProtection, RandomBytes } from '@godwit/protection'
import type { Connection } from '../connection/connection.ts'
import type { ConnectionHost } from '../connection/core.ts'
import { LOCAL_CONNECTION_ID_LENGTH } from '../limits.ts'
import type { HandshakeMember } from './admission.ts'
import type { ConnectionIdTable } from './connection-id-table.ts'
import type { ResetTokens } from './reset-tokens.ts'
import type { HeapMember } from './timer-heap.ts'

/** The endpoint as its entries see it. */
export interface EntryOwner {
  readonly protection: PacketProtection
  readonly randomBytes: RandomBytes
  readonly statelessResetKey: Uint8Array
  readonly routes: ConnectionIdTable<ConnectionEntry>
  readonly resetTokens: ResetTokens<ConnectionEntry>
  wake(entry: ConnectionEntry): void
}

export class ConnectionEntry
  implements ConnectionHost, HeapMember, BagMember, HandshakeMember<ConnectionEntry>
{
  readonly #owner: EntryOwner
  /** The peer's reset tokens in force, as it gave them: as few as its connection IDs. */
  #resetTokens: Uint8Array[]
  /** What stands for each of them in the endpoint's table. */
  #resetValues: Uint8Array[]
  #connection: Connection | null
  /** The client's first Destination Connection ID while it routes here. */
  firstDcid: Uint8Array | null
  handshaking: boolean
  older: ConnectionEntry | null
  newer: ConnectionEntry | null
  droppable: boolean
  /** In the queue of connections that may have something to send. */
  transmitQueued: boolean
  /** In the queue of connections that may have events. */
  readyQueued: boolean
  heapIndex: number
  heapDeadline: number
  bagIndex: number

  constructor(owner: EntryOwner) {
    this.#owner = owner
    this.#resetTokens = NONE
    this.#resetValues = NONE
    this.#connection = null
    this.firstDcid = null
    this.handshaking = false
    this.older = null
    this.newer = null
    this.droppable = false
    this.transmitQueued = false
    this.readyQueued = false
    this.heapIndex = -1
    this.heapDeadline = Infinity
    this.bagIndex = -1
  }

  get connection(): Connection {
    return this.#connection as Connection // attached right after construction, see `attach`
  }

  /** An entry is made first, as the connection asks it for its first ID while it is made. */
  attach(connection: Connection): void {
    this.#connection = connection
  }

  get addressValidated(): boolean {
    return this.connection.addressValidated
  }

  get deadline(): number {
    return this.connection.pollTimeout()
  }

  // --- ConnectionHost

  wake(): void {
    // While the connection is being made there is nobody to wake; the endpoint looks afterwards.
    if (this.#connection !== null) this.#owner.wake(this)
  }

  issue(): Uint8Array {
    const { routes, randomBytes } = this.#owner
    let id = randomBytes(LOCAL_CONNECTION_ID_LENGTH)
    while (routes.get(id, 0) !== null) id = randomBytes(LOCAL_CONNECTION_ID_LENGTH)
    routes.set(id, this)
    return id
  }

  resetToken(id: Uint8Array): Uint8Array {
    return this.#owner.protection.statelessResetToken(this.#owner.statelessResetKey, id)
  }

  retire(id: Uint8Array): void {
    this.#owner.routes.delete(id)
  }

  onResetToken(token: Uint8Array): void {
    if (this.#resetTokens === NONE) {
      this.#resetTokens = []
      this.#resetValues = []
    }
    this.#resetTokens.push(token)
    this.#resetValues.push(this.#owner.resetTokens.add(token, this))
  }

  onResetTokenRetired(token: Uint8Array): void {
    const index = this.#resetTokens.indexOf(token)
    if (index < 0) return
    this.#owner.resetTokens.delete(this.#resetValues[index], this)
    this.#resetTokens.splice(index, 1)
    this.#resetValues.splice(index, 1)
  }
}

// Of entries without tokens, which are most at a server.
const NONE: Uint8Array[] = []
