// When which connection wants its timeout handled: a binary heap that is kept lazily. A deadline
// that moves later, as idle timers do with every packet, costs one comparison; the heap finds out
// when the old deadline comes to the top.

/** What the heap keeps in each of its members. */
export interface HeapMember {
  /** Position in the heap, or -1. Owned by the heap. */
  heapIndex: number
  /** The deadline that it is filed under: never after the true one. Owned by the heap. */
  heapDeadline: number
  /** The true deadline; Infinity: none. */
  readonly deadline: number
}

export class TimerHeap<T extends HeapMember> {
  readonly #heap: T[]

  constructor() {
    this.#heap = []
  }

  get length(): number {
    return this.#heap.length
  }

  /** Tells that the deadline of `member` may have changed. */
  update(member: T): void {
    const deadline = member.deadline
    if (member.heapIndex < 0) {
      if (deadline === Infinity) return
      member.heapDeadline = deadline
      member.heapIndex = this.#heap.length
      this.#heap.push(member)
      this.#up(member.heapIndex)
    } else if (deadline < member.heapDeadline) {
      member.heapDeadline = deadline
      this.#up(member.heapIndex)
    }
  }

  remove(member: T): void {
    const index = member.heapIndex
    if (index < 0) return
    member.heapIndex = -1
    const last = this.#heap.pop() as T
    if (last === member) return
    this.#heap[index] = last
    last.heapIndex = index
    this.#up(index)
    this.#down(last.heapIndex)
  }

  /** The earliest deadline, or Infinity. */
  next(): number {
    for (;;) {
      if (this.#heap.length === 0) return Infinity
      const top = this.#heap[0]
      const deadline = top.deadline
      if (deadline === top.heapDeadline) return deadline
      this.#refile(top, deadline)
    }
  }

  /** A member whose deadline is not after `now`, or null. It stays until its deadline moves. */
  expired(now: number): T | null {
    return this.next() <= now ? this.#heap[0] : null
  }

  #refile(member: T, deadline: number): void {
    if (deadline === Infinity) {
      this.remove(member)
      return
    }
    member.heapDeadline = deadline
    this.#up(member.heapIndex)
    this.#down(member.heapIndex)
  }

  #up(start: number): void {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >>> 1
      if (this.#heap[index].heapDeadline >= this.#heap[parent].heapDeadline) return
      this.#swap(index, parent)
      index = parent
    }
  }

  #down(start: number): void {
    const heap = this.#heap
    let index = start
    for (;;) {
      const left = 2 * index + 1
      if (left >= heap.length) return
      const right = left + 1
      const child =
        right < heap.length && heap[right].heapDeadline < heap[left].heapDeadline ? right : left
      if (heap[index].heapDeadline <= heap[child].heapDeadline) return
      this.#swap(index, child)
      index = child
    }
  }

  #swap(i: number, j: number): void {
    const a = this.#heap[i]
    const b = this.#heap[j]
    this.#heap[i] = b
    this.#heap[j] = a
    b.heapIndex = i
    a.heapIndex = j
  }
}
