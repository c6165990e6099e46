// Congestion controllers by the name that an application chooses them by.

import type { RandomBytes } from '@godwit/protection'
import { Bbr } from './bbr/bbr.ts'
import type { CongestionController } from './congestion-controller.ts'
import { Cubic } from './cubic.ts'
import { NewReno } from './new-reno.ts'
import type { Bytes } from './params.ts'

/** RFC 9438, RFC 9002 §7, draft-ietf-ccwg-bbr. */
export type CongestionControl = 'cubic' | 'newreno' | 'bbr'

export const CONGESTION_CONTROLS: readonly CongestionControl[] = ['cubic', 'newreno', 'bbr']

/** A controller for a path that is not known yet. */
export function createCongestionController(
  name: CongestionControl,
  maxDatagramSize: Bytes,
  randomBytes: RandomBytes,
): CongestionController {
  if (name === 'cubic') return new Cubic(maxDatagramSize)
  if (name === 'newreno') return new NewReno(maxDatagramSize)
  return new Bbr(maxDatagramSize, () => {
    const [a, b] = randomBytes(2)
    return ((a << 8) | b) / 65_536
  })
}
