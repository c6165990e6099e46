import type { KeyType } from '@godwit/crypto'

export function publicKeyType(spki: Uint8Array): KeyType {
  throw new Error(`not yet ${spki.length}`)
}
