// SSLKEYLOGFILE, draft-ietf-tls-keylogfile: the secrets of each connection, for Wireshark.

import { appendFileSync } from 'node:fs'

/** Receives lines without their newline. */
export type KeyLog = (line: string) => void

/**
 * Appends to the file that SSLKEYLOGFILE names, and tells `listener`. Undefined when neither is
 * there. A file that cannot be written stops nothing: the log is an aid.
 */
export function keyLogOf(listener?: KeyLog): KeyLog | undefined {
  const file = process.env['SSLKEYLOGFILE']
  if (file === undefined || file === '') return listener
  return (line) => {
    listener?.(line)
    try {
      // Synchronous: the log must be whole when the process dies. Debugging pays for it.
      appendFileSync(file, `${line}\n`, { mode: 0o600 })
    } catch (error) {
      process.emitWarning(`SSLKEYLOGFILE cannot be written: ${(error as Error).message}`)
    }
  }
}
