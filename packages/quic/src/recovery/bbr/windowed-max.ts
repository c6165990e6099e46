// The largest of the values of a sliding window, in constant memory: Kathleen Nichols' algorithm, which keeps the
// best value and the best of the later parts of the window.

export class WindowedMax {
  readonly #values: [number, number, number]
  readonly #times: [number, number, number]

  constructor() {
    this.#values = [0, 0, 0]
    this.#times = [0, 0, 0]
  }

  get best(): number {
    return this.#values[0]
  }

  /** A value at `time`, which never goes back. Returns the largest of the last `length`. */
  update(value: number, time: number, length: number): number {
    const values = this.#values
    const times = this.#times
    if (value >= values[0] || time - times[2] > length) {
      values.fill(value)
      times.fill(time)
      return value
    }
    if (value >= values[1]) this.#set(1, value, time)
    else if (value >= values[2]) this.#set(2, value, time)
    const age = time - times[0]
    if (age > length) {
      // The best has left the window: the next best take its place.
      this.#shift(value, time)
      if (time - times[0] > length) this.#shift(value, time)
    } else if (times[1] === times[0] && age > length / 4) {
      this.#set(1, value, time)
    } else if (times[2] === times[1] && age > length / 2) {
      this.#set(2, value, time)
    }
    return values[0]
  }

  #set(from: number, value: number, time: number): void {
    for (let i = from; i < 3; i++) {
      this.#values[i] = value
      this.#times[i] = time
    }
  }

  #shift(value: number, time: number): void {
    this.#values[0] = this.#values[1]
    this.#times[0] = this.#times[1]
    this.#values[1] = this.#values[2]
    this.#times[1] = this.#times[2]
    this.#values[2] = value
    this.#times[2] = time
  }
}
