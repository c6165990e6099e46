// What every program that makes load takes, and what it prints.

/** What a load program prints at its end, as one line of JSON. */
export interface LoadReport {
  /** From the first request to the last byte. */
  readonly seconds: number
  /** Body bytes, in the direction of the mode. */
  readonly bytes: number
  /** Requests or handshakes that were finished. */
  readonly count: number
  readonly errors: number
  /** The first error, or ''. */
  readonly error: string
  /** Latency percentiles in microseconds. */
  readonly p50: number
  readonly p99: number
  /** CPU seconds of the program. */
  readonly cpu: number
}

export type LoadMode = 'bulk' | 'upload' | 'requests' | 'handshakes' | 'idle'

export interface LoadOptions {
  readonly mode: LoadMode
  readonly port: number
  readonly path: string
  /** PEM file of the authority. */
  readonly ca: string
  readonly seconds: number
  readonly connections: number
  readonly streams: number
}

export function loadArguments(options: LoadOptions): string[] {
  const { mode, port, path, ca, seconds, connections, streams } = options
  const named = { port, path, ca, seconds, connections, streams }
  return [mode, ...Object.entries(named).flatMap(([name, value]) => [`--${name}`, String(value)])]
}

export function parseLoadArguments(args: readonly string[]): LoadOptions {
  const values = new Map<string, string>()
  for (let i = 1; i + 1 < args.length; i += 2) values.set(args[i], args[i + 1])
  const number = (name: string, absent: number): number => Number(values.get(name) ?? absent)
  return {
    mode: args[0] as LoadMode, // the programs are only started by the bench
    port: number('--port', 0),
    path: values.get('--path') ?? '/1k',
    ca: values.get('--ca') ?? '',
    seconds: number('--seconds', 3),
    connections: number('--connections', 1),
    streams: number('--streams', 1),
  }
}
