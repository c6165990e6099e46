// Whether a server takes one more connection, and which handshake makes room for it.
//
// Anyone can begin a handshake from a forged address; who receives the answer is known one round trip
// later. So at its limits a server keeps the handshakes of clients that have shown their address, and of
// the others the newest: a flood then pushes out itself, and an honest client is pushed out only by one
// that begins as many handshakes as there is room for within its round trip.

/** What admission keeps in each entry while its handshake is in progress. */
export interface HandshakeMember<T> {
  /** Counts among the handshakes in progress. Owned by `Admission`, as all but the last. */
  handshaking: boolean
  /** Neighbours among those that may be dropped, by age. */
  older: T | null
  newer: T | null
  droppable: boolean
  /** The client has shown that it receives at its address, RFC 9000 §8.1. */
  readonly addressValidated: boolean
}

export const ADMIT = 0
/** Answer with CONNECTION_REFUSED. */
export const REFUSE = 1
/** Drop without a word: the client repeats its packet. */
export const IGNORE = 2

/** The handshakes in progress of a server. Every operation takes constant time. */
export class Admission<T extends HandshakeMember<T>> {
  readonly #maxConnections: number
  readonly #maxHandshakes: number
  #handshakes: number
  #oldest: T | null
  #newest: T | null

  constructor(maxConnections: number, maxHandshakes: number) {
    this.#maxConnections = maxConnections
    this.#maxHandshakes = maxHandshakes
    this.#handshakes = 0
    this.#oldest = null
    this.#newest = null
  }

  /** What to do with the first packet of a client; `connections` are there already. */
  decide(connections: number): typeof ADMIT | typeof REFUSE | typeof IGNORE {
    const crowded = connections >= this.#maxConnections
    if (!crowded && this.#handshakes < this.#maxHandshakes) return ADMIT
    if (this.#oldestDroppable() !== null) return ADMIT
    return crowded ? REFUSE : IGNORE
  }

  /** A handshake has begun. Returns the one that has to be dropped for it, or null. */
  enter(entry: T, connections: number): T | null {
    const over = connections > this.#maxConnections || this.#handshakes >= this.#maxHandshakes
    const victim = over ? this.#oldestDroppable() : null
    this.#handshakes++
    entry.handshaking = true
    entry.droppable = true
    entry.older = this.#newest
    if (this.#newest === null) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
    return victim
  }

  /** The handshake is confirmed, or its connection forgotten. No-op when it has left before. */
  leave(entry: T): void {
    if (!entry.handshaking) return
    entry.handshaking = false
    this.#handshakes--
    this.#unlink(entry)
  }

  // Those that were validated meanwhile leave the list when they come to its front, once each.
  #oldestDroppable(): T | null {
    while (this.#oldest !== null && this.#oldest.addressValidated) this.#unlink(this.#oldest)
    return this.#oldest
  }

  #unlink(entry: T): void {
    if (!entry.droppable) return
    entry.droppable = false
    const { older, newer } = entry
    if (older === null) this.#oldest = newer
    else older.newer = newer
    if (newer === null) this.#newest = older
    else newer.older = older
    entry.older = null
    entry.newer = null
  }
}
