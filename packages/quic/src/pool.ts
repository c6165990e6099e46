// Memory that one connection after another uses. A connection lives for a second and takes dozens of
// small arrays: left to the garbage collector they make it run every few handshakes, since memory
// outside of its heap counts as urgent.

/** Things of one kind that wait for their next use, the one given back last first. */
export class Pool<T> {
  readonly #free: T[]
  readonly #make: () => T
  readonly #limit: number

  /** @param limit most things that wait; what is given back beyond is garbage. */
  constructor(make: () => T, limit: number) {
    this.#free = []
    this.#make = make
    this.#limit = limit
  }

  take(): T {
    return this.#free.pop() ?? this.#make()
  }

  /** The giver has cleared it, and has kept nothing of it. */
  give(thing: T): void {
    if (this.#free.length < this.#limit) this.#free.push(thing)
  }
}
