// Notices that the other side has gone quiet.

/** Nothing came for too long. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError'
}

/** Calls `onSilence` once, when nothing was heard for a while and something was waited for. */
export class Silence {
  readonly #timer: NodeJS.Timeout | null
  /** Whether it is the other side's turn. Default: always. */
  isWaiting: () => boolean

  /**
   * @param seconds of silence that are borne; 0: any
   * @param what is said when there were more
   */
  constructor(seconds: number, what: string, onSilence: (error: SilenceError) => void) {
    this.isWaiting = () => true
    this.#timer =
      seconds === 0
        ? null
        : setTimeout(() => {
            if (this.isWaiting()) onSilence(new SilenceError(`${what} ${seconds} s`))
            else this.heard()
          }, seconds * 1000)
  }

  /** Something came. */
  heard(): void {
    this.#timer?.refresh()
  }

  /** Nothing is waited for any more. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
