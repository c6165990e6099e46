// A progress line on a terminal.

const WIDTH = 24
/** Redraws at most this often, in ms. */
const INTERVAL = 100

/** Draws on `terminal` while bytes come; draws nothing when it is no terminal. */
export class Progress {
  readonly #terminal: NodeJS.WriteStream
  readonly #total: number | null
  readonly #startedAt: number
  #received: number
  #drawnAt: number

  /** `total` in bytes; null: not known. */
  constructor(terminal: NodeJS.WriteStream, total: number | null) {
    this.#terminal = terminal
    this.#total = total
    this.#startedAt = performance.now()
    this.#received = 0
    this.#drawnAt = 0
  }

  add(bytes: number): void {
    this.#received += bytes
    const now = performance.now()
    if (now - this.#drawnAt < INTERVAL) return
    this.#drawnAt = now
    this.#draw(now)
  }

  /** Draws the last state and ends the line. */
  finish(): void {
    this.#draw(performance.now())
    if (this.#terminal.isTTY) this.#terminal.write('\n')
  }

  #draw(now: number): void {
    if (!this.#terminal.isTTY) return
    const rate = this.#received / Math.max(0.001, (now - this.#startedAt) / 1000)
    let line = `${formatBytes(this.#received)}, ${formatBytes(rate)}/s`
    if (this.#total !== null && this.#total > 0) {
      const share = Math.min(1, this.#received / this.#total)
      const bar = '='.repeat(Math.round(share * WIDTH)).padEnd(WIDTH)
      const left = Math.ceil((this.#total - this.#received) / Math.max(1, rate))
      line = `[${bar}] ${String(Math.floor(share * 100)).padStart(3)} % of ${formatBytes(this.#total)}, ${formatBytes(rate)}/s, ${left} s left`
    }
    this.#terminal.write(`\r${line}\u001B[K`)
  }
}

/** As people read it: 1.5 MB. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}
