// Care with secret bytes.

/**
 * True when `a` and `b` hold the same bytes. Takes the same time wherever they differ; the lengths
 * are not secret.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i]
  return difference === 0
}

/** Overwrites secrets with zeros. (What the engine has copied elsewhere is out of reach.) */
export function wipe(...secrets: readonly (Uint8Array | null | undefined)[]): void {
  for (const secret of secrets) secret?.fill(0)
}
