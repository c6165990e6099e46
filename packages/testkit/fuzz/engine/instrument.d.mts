/** The module `source` with counters, which it registers under `name`. */
export function instrument(source: string, name: string): string
