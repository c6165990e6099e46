// Inputs made smaller while something stays true.

import { join } from './mutate.ts'

/** Runs that a failure is worth. */
const MAX_RUNS = 3000

/** The smallest input found that still `fails`: pieces taken out, then bytes made zero. */
export function minimizeFailure(
  input: Uint8Array,
  fails: (candidate: Uint8Array) => boolean,
): Uint8Array {
  let best = input
  let runs = 0
  const accept = (candidate: Uint8Array): boolean => {
    if (runs++ >= MAX_RUNS || !fails(candidate)) return false
    best = candidate
    return true
  }
  for (let size = best.length >>> 1; size >= 1; size >>>= 1) {
    for (let at = 0; at < best.length;) {
      const shorter = join(best.subarray(0, at), best.subarray(at + size))
      if (!accept(shorter)) at += size
    }
  }
  for (let at = 0; at < best.length; at++) {
    if (best[at] === 0) continue
    const simpler = best.slice()
    simpler[at] = 0
    accept(simpler)
  }
  return best
}

/** Seen bits are what an input is kept for: the inputs that are left reach as much as all did. */
export function minimizeCorpus(
  inputs: readonly Uint8Array[],
  isNew: (input: Uint8Array) => boolean,
): Uint8Array[] {
  return inputs.toSorted((a, b) => a.length - b.length).filter((input) => isNew(input))
}
