// The NIST curves as this backend uses them.

import { p256, p384, p521 } from '@noble/curves/nist.js'
import type { RandomBytes } from '../provider.ts'

export interface NistCurve {
  readonly type: 'p256' | 'p384' | 'p521'
  /** Content of the curve's object identifier in hexadecimal, RFC 5480 §2.1.1.1. */
  readonly oid: string
  /** Bytes of a scalar and of a coordinate. */
  readonly length: number
  readonly ecdsa: typeof p256
}

export const P256: NistCurve = { type: 'p256', oid: '2a8648ce3d030107', length: 32, ecdsa: p256 }
export const P384: NistCurve = { type: 'p384', oid: '2b81040022', length: 48, ecdsa: p384 }
export const P521: NistCurve = { type: 'p521', oid: '2b81040023', length: 66, ecdsa: p521 }

export function nistCurveByOid(oid: string): NistCurve | null {
  if (oid === P256.oid) return P256
  if (oid === P384.oid) return P384
  if (oid === P521.oid) return P521
  return null
}

/** True for an uncompressed point (RFC 9846 §4.3.8.2 allows no other form) of the right length. */
export function isUncompressedPoint(curve: NistCurve, point: Uint8Array): boolean {
  return point.length === 1 + 2 * curve.length && point[0] === 0x04
}

/** A scalar in 1..n-1, uniform: drawn again until it is (for P-256 and P-384 hardly ever twice). */
export function generateScalar(curve: NistCurve, randomBytes: RandomBytes): Uint8Array {
  for (let attempt = 0; attempt < 100; attempt++) {
    const scalar = new Uint8Array(randomBytes(curve.length))
    if (curve.ecdsa.utils.isValidSecretKey(scalar)) return scalar
  }
  throw new Error('"randomBytes" expected random bytes, got none that make a key')
}
