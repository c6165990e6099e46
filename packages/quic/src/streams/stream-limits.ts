// How many streams there may be, RFC 9000 §4.6: one of each class for either direction.

/** Streams of one type that the peer opens. Credit comes back as they finish. */
export class PeerStreams {
  /** Streams that may be open at a time. */
  readonly window: number
  /** Cumulative number of streams that the peer may open, as last announced. */
  limit: number
  /** Streams opened so far, the lower-numbered ones that open by implication among them. */
  opened: number
  /** Streams that the application was told of: the others are yet to be polled as events. */
  reported: number
  /** Streams over, released by the layer above, and forgotten. */
  closed: number

  constructor(window: number) {
    this.window = window
    this.limit = window
    this.opened = 0
    this.reported = 0
    this.closed = 0
  }

  /** What the limit could be now. */
  get nextLimit(): number {
    return this.closed + this.window
  }

  /**
   * True when a higher limit is worth a frame: the peer has used half of what it may have open, and
   * would gain an eighth; or it has nothing left and would gain anything.
   */
  get isRaiseDue(): boolean {
    const gain = this.nextLimit - this.limit
    const left = this.limit - this.opened
    if (gain <= 0) return false
    return left === 0 || (left * 2 <= this.window && gain * 8 >= this.window)
  }
}

/** Streams of one type that we open. */
export class LocalStreams {
  /** Cumulative number of streams that we may open. */
  limit: number
  opened: number
  /** True after `open` failed, until the limit is raised. */
  wanted: boolean
  /** The limit that STREAMS_BLOCKED was last sent for, or -1. */
  blockedAt: number
  /** True: the application is to be told that `open` works again. */
  available: boolean

  constructor() {
    this.limit = 0
    this.opened = 0
    this.wanted = false
    this.blockedAt = -1
    this.available = false
  }
}
