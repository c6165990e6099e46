// The sockets of clients: one endpoint per address family and kind of cryptography serves every
// connection of the process and is closed with the last of them.

import type { CryptoProvider } from '@godwit/crypto'
import { EndpointHost } from '../endpoint-host.ts'

interface SharedEndpoint {
  readonly family: number
  readonly provider: CryptoProvider
  readonly opening: Promise<EndpointHost>
  /** Sessions that hold it. */
  users: number
  /** Of those, the ones that keep the process alive. */
  busy: number
}

const SHARED = new Set<SharedEndpoint>()

/** A claim on the endpoint of a family, with the packets of `provider`. */
export class EndpointLease {
  readonly host: EndpointHost
  readonly #shared: SharedEndpoint
  #busy: boolean
  #released: boolean

  private constructor(host: EndpointHost, shared: SharedEndpoint) {
    this.host = host
    this.#shared = shared
    this.#busy = false
    this.#released = false
  }

  static async take(family: number, provider: CryptoProvider): Promise<EndpointLease> {
    const shared = find(family, provider) ?? open(family, provider)
    shared.users++
    try {
      const lease = new EndpointLease(await shared.opening, shared)
      lease.busy = true
      return lease
    } catch (error) {
      SHARED.delete(shared)
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
    SHARED.delete(this.#shared)
    this.host.destroy()
  }
}

function find(family: number, provider: CryptoProvider): SharedEndpoint | undefined {
  for (const shared of SHARED) {
    if (shared.family === family && shared.provider === provider) return shared
  }
  return undefined
}

function open(family: number, provider: CryptoProvider): SharedEndpoint {
  const opening = EndpointHost.open({
    provider,
    host: family === 6 ? '::' : '0.0.0.0',
    port: 0,
    onError: () => {
      // Connections time out, which tells their owners more than this would.
    },
  })
  const shared = { family, provider, opening, users: 0, busy: 0 }
  SHARED.add(shared)
  return shared
}
