// Which identity a server shows for which name (RFC 6066 §3): the names of `addContext`, then
// SNICallback, then the server's own.

import type { CryptoProvider } from '@godwit/crypto'
import type { Identity } from '@godwit/x509'
import { selectProvider } from '../crypto/select-provider.ts'
import { wrongType } from '../options.ts'
import { loadIdentities, type IdentityOptions } from './identity.ts'

/**
 * Chooses the certificate for a name, like node:tls. Call `callback` before returning: the
 * handshake does not wait. Without a context the server's own certificate is used.
 */
export type SNICallback = (
  servername: string,
  callback: (error: Error | null, context?: SecureContext) => void,
) => void

/** A loaded certificate and key; made by `createSecureContext`. */
export interface SecureContext {
  readonly identities: readonly Identity[]
  /** As it was given, for the server over TCP. */
  readonly options: IdentityOptions
}

export class ServerIdentities {
  readonly #provider: CryptoProvider
  readonly #callback: SNICallback | undefined
  readonly #byName: Map<string, SecureContext>
  #default: readonly Identity[]

  constructor(
    provider: CryptoProvider,
    options: IdentityOptions,
    callback: SNICallback | undefined,
  ) {
    this.#provider = provider
    this.#callback = callback
    this.#byName = new Map()
    this.#default = loadIdentities(provider, options)
  }

  /** Shows `options` to clients that ask for `hostname`, which may start with `*.`. */
  addContext(hostname: string, options: IdentityOptions): void {
    const identities = loadIdentities(this.#provider, options)
    this.#byName.set(hostname.toLowerCase(), { identities, options })
  }

  /** Replaces the server's own certificate; connections that exist keep theirs. */
  setDefault(options: IdentityOptions): void {
    this.#default = loadIdentities(this.#provider, options)
  }

  /** For the handshake. Null: the name is refused with unrecognized_name. */
  select(serverName: string | null): readonly Identity[] | null {
    if (serverName === null) return this.#default
    const name = serverName.toLowerCase()
    const wildcard = name.replace(/^[^.]+/, '*')
    const found = this.#byName.get(name) ?? this.#byName.get(wildcard)
    if (found !== undefined) return found.identities
    if (this.#callback === undefined) return this.#default
    let answer: readonly Identity[] | null | undefined
    const returned: unknown = this.#callback(name, (error, context) => {
      if (error !== null && error !== undefined) answer = null
      else if (context !== undefined && context !== null) answer = contextIdentities(context)
      else answer = this.#default
    })
    // An async function that fails later: its handshake has failed already, and nobody else may.
    if (returned instanceof Promise) returned.catch(() => {})
    if (answer === undefined) {
      throw new TypeError('"SNICallback" expected to call its callback before it returns')
    }
    return answer
  }
}

function contextIdentities(context: SecureContext): readonly Identity[] {
  if (Array.isArray(context.identities)) return context.identities
  throw wrongType('SNICallback context', 'the result of createSecureContext()', context)
}

/** Loads a certificate and key for `SNICallback`. Throws as `createServer` does. */
export function createSecureContext(options: IdentityOptions): SecureContext {
  return { identities: loadIdentities(selectProvider(), options), options }
}
