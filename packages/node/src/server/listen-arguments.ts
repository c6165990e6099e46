// The arguments of `listen`, in the forms of node:net that make sense for UDP.

import { aFunction, aPort, aString, parseOptions, wrongType } from '../options.ts'

/** Where to listen. */
export interface ListenOptions {
  /** 0, the default, lets the system choose. */
  readonly port?: number
  /** Name or address. Default: every address, IPv6 and IPv4. */
  readonly host?: string
  /** As node:net has it; means nothing for UDP. */
  readonly backlog?: number
  readonly exclusive?: boolean
  readonly signal?: AbortSignal
  readonly listenTextResolver?: unknown
}

export interface ListenTarget {
  readonly port: number
  readonly host: string | undefined
  readonly callback: (() => void) | undefined
}

/** listen(port?, host?, callback?), listen(options, callback?). */
export function parseListenArguments(args: readonly unknown[]): ListenTarget {
  const rest = [...args]
  const last = rest.at(-1)
  let callback: (() => void) | undefined
  if (typeof last === 'function') callback = aFunction<() => void>('callback', rest.pop())
  const [first, second] = rest
  if (typeof first === 'object' && first !== null) {
    // Frameworks pass node:net's other options too: they are theirs to know.
    const { port, host } = parseOptions(pick(first), { port: aPort, host: aString })
    return { port: port ?? 0, host: emptyIsAny(host), callback }
  }
  const port = first === undefined ? 0 : aPort('port', typeof first === 'string' ? +first : first)
  if (second !== undefined && typeof second !== 'string' && typeof second !== 'number') {
    throw wrongType('host', 'string', second)
  }
  return { port, host: typeof second === 'string' ? emptyIsAny(second) : undefined, callback }
}

function pick(options: object): object {
  const { port, host } = options as { port?: unknown; host?: unknown }
  return { port: typeof port === 'string' ? +port : port, host }
}

function emptyIsAny(host: string | undefined): string | undefined {
  return host === '' ? undefined : host
}
