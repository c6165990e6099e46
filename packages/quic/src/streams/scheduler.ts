// Which stream writes next. Round robin, a packet's worth each: where the priorities of RFC 9218 will
// go. Two queues, because only new data need credit of the connection: what is repeated, and a FIN
// alone, go first and always may.

import type { SendPart } from './send-part.ts'

/** A circular, doubly linked list threaded through the parts: joining, leaving and rotating are O(1). */
class Queue {
  head: SendPart | null

  constructor() {
    this.head = null
  }

  push(part: SendPart): void {
    const head = this.head
    if (head === null) {
      part.next = part
      part.previous = part
      this.head = part
      return
    }
    const last = head.previous as SendPart // in a list, the links are never null
    part.previous = last
    part.next = head
    last.next = part
    head.previous = part
  }

  remove(part: SendPart): void {
    const next = part.next as SendPart
    const previous = part.previous as SendPart
    if (next === part) this.head = null
    else {
      previous.next = next
      next.previous = previous
      if (this.head === part) this.head = next
    }
    part.next = null
    part.previous = null
  }
}

// Values of SendPart.queue.
export const NOT_QUEUED = 0
export const QUEUED_FREE = 1
export const QUEUED_NEW = 2

export class Scheduler {
  readonly #free: Queue
  readonly #new: Queue

  constructor() {
    this.#free = new Queue()
    this.#new = new Queue()
  }

  /** Puts `part` into the queue where it belongs now; it keeps its place when that is the same. */
  update(part: SendPart): void {
    const queue = part.hasFreeData ? QUEUED_FREE : part.hasNewData ? QUEUED_NEW : NOT_QUEUED
    if (queue === part.queue) return
    this.remove(part)
    part.queue = queue
    if (queue === QUEUED_FREE) this.#free.push(part)
    else if (queue === QUEUED_NEW) this.#new.push(part)
  }

  remove(part: SendPart): void {
    if (part.queue === QUEUED_FREE) this.#free.remove(part)
    else if (part.queue === QUEUED_NEW) this.#new.remove(part)
    part.queue = NOT_QUEUED
  }

  /** After `part` has written a frame: it stays where it belongs, behind the others. */
  rotate(part: SendPart): void {
    if (part.queue === QUEUED_FREE && this.#free.head === part) this.#free.head = part.next
    else if (part.queue === QUEUED_NEW && this.#new.head === part) this.#new.head = part.next
    this.update(part)
  }

  /** Next of those that need no credit of the connection, or null. */
  get firstFree(): SendPart | null {
    return this.#free.head
  }

  /** Next of those with new data, or null. */
  get firstNew(): SendPart | null {
    return this.#new.head
  }
}
