// The sockets of clients: one endpoint per address family serves every connection of the process
// and is closed with the last of them.

import { selectProvider } from '../crypto/select-provider.ts'
import { EndpointHost } from '../endpoint-host.ts'

interface SharedEndpoint {
  readonly opening: Promise<EndpointHost>
  /** Sessions that hold it. */
  users: number
  /** Of those, the ones that keep the process alive. */
  busy: number
}

const SHARED = new Map<number, SharedEndpoint>()

/** A claim on the endpoint of a family. */
export class EndpointLease {
  readonly host: EndpointHost
  readonly #family: number
  readonly #shared: SharedEndpoint
  #busy: boolean
  #released: boolean

  private constructor(host: EndpointHost, family: number, shared: SharedEndpoint) {
    this.host = host
    this.#family = family
    this.#shared = shared
    this.#busy = false
    this.#released = false
  }

  static async take(family: number): Promise<EndpointLease> {
    let shared = SHARED.get(family)
    if (shared === undefined) {
      shared = { opening: openClientEndpoint(family), users: 0, busy: 0 }
      SHARED.set(family, shared)
    }
    shared.users++
    try {
      const lease = new EndpointLease(await shared.opening, family, shared)
      lease.busy = true
      return lease
    } catch (error) {
      SHARED.delete(family)
      throw error
    }
  }

  /** Whether this use keeps the process alive. */
  set busy(busy: boolean) {
    if (busy === this.#busy || this.#released) return
    this.#busy = busy
    this.#shared.busy += busy ? 1 : -1
    if (this.#shared.busy === 1 && busy) this.host.ref()
    else if (this.#shared.busy === 0) this.host.unref()
  }

  release(): void {
    if (this.#released) return
    this.busy = false
    this.#released = true
    this.#shared.users--
    if (this.#shared.users > 0) return
    if (SHARED.get(this.#family) === this.#shared) SHARED.delete(this.#family)
    this.host.destroy()
  }
}

function openClientEndpoint(family: number): Promise<EndpointHost> {
  return EndpointHost.open({
    provider: selectProvider(),
    host: family === 6 ? '::' : '0.0.0.0',
    port: 0,
    onError: () => {
      // Connections time out, which tells their owners more than this would.
    },
  })
}
