// What godwit makes of a KeyObject: its type, and whether we work with it at all.

import type { KeyObject } from 'node:crypto'
import {
  RSA_EXPONENT_MAX_BITS,
  RSA_MODULUS_MAX_BITS,
  RSA_MODULUS_MIN_BITS,
  type KeyType,
} from '@godwit/crypto'

/** The type of a key, or null for one that godwit does not work with. */
export function keyTypeOf(key: KeyObject): KeyType | null {
  const details = key.asymmetricKeyDetails ?? {}
  const kind: string = key.asymmetricKeyType ?? ''
  switch (kind) {
    case 'ec':
      if (details.namedCurve === 'prime256v1') return 'p256'
      if (details.namedCurve === 'secp384r1') return 'p384'
      if (details.namedCurve === 'secp521r1') return 'p521'
      return null
    case 'ed25519':
      return 'ed25519'
    case 'rsa':
    case 'rsa-pss': {
      const bits = details.modulusLength ?? 0
      if (bits < RSA_MODULUS_MIN_BITS || bits > RSA_MODULUS_MAX_BITS) return null
      const exponent = details.publicExponent ?? 0n
      if (exponent < 3n || exponent >> BigInt(RSA_EXPONENT_MAX_BITS) !== 0n) return null
      return 'rsa'
    }
    default:
      return null
  }
}
