// WebDriver BiDi: commands and events as JSON over a WebSocket.
// https://www.w3.org/TR/webdriver-bidi/

interface Waiting {
  readonly resolve: (result: any) => void
  readonly reject: (error: Error) => void
}

/** A session with a browser. */
export class Bidi {
  readonly #socket: any
  readonly #waiting: Map<number, Waiting>
  readonly #listeners: Map<string, (params: any) => void>
  #next: number

  private constructor(socket: any) {
    this.#socket = socket
    this.#waiting = new Map()
    this.#listeners = new Map()
    this.#next = 1
    socket.onmessage = (message: { data: string }) => this.#receive(JSON.parse(message.data))
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the browser is gone'))
    }
  }

  /** Connects to the address that the browser printed. */
  static connect(url: string): Promise<Bidi> {
    return new Promise((resolve, reject) => {
      const socket = new (globalThis as any).WebSocket(url)
      socket.onopen = () => resolve(new Bidi(socket))
      socket.onerror = () => reject(new Error(`cannot connect to ${url}`))
    })
  }

  command(method: string, params: object = {}): Promise<any> {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
  }

  /** Subscribes to an event, with one listener. */
  async on(event: string, listener: (params: any) => void): Promise<void> {
    this.#listeners.set(event, listener)
    await this.command('session.subscribe', { events: [event] })
  }

  #receive(message: any): void {
    if (message.type === 'event') {
      this.#listeners.get(message.method)?.(message.params)
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.type === 'error') waiting?.reject(new Error(`${message.error}: ${message.message}`))
    else waiting?.resolve(message.result)
  }
}
