// A collection without order whose members know their own places, so that one leaves in constant
// time. Not a `Set`, see number-map.ts: members that come and go would outlive their time.

/** What a bag keeps in each of its members, which are in one bag at a time. */
export interface BagMember {
  /** Place in the bag, or -1. Owned by the bag. */
  bagIndex: number
}

/** Whoever adds on behalf of a peer keeps `size` below a limit. */
export class Bag<T extends BagMember> {
  readonly #members: T[]

  constructor() {
    this.#members = []
  }

  get size(): number {
    return this.#members.length
  }

  /** Adding a member again changes nothing. */
  add(member: T): void {
    if (member.bagIndex >= 0) return
    member.bagIndex = this.#members.length
    this.#members.push(member)
  }

  /** True: it was a member. */
  delete(member: T): boolean {
    const index = member.bagIndex
    if (index < 0) return false
    member.bagIndex = -1
    const last = this.#members.pop() as T // there is one: `member` itself
    if (last !== member) {
      this.#members[index] = last
      last.bagIndex = index
    }
    return true
  }

  /** The members in an array of the caller's own: the bag may change meanwhile. */
  values(): T[] {
    return this.#members.slice()
  }
}
