import { RttEstimator } from '../../src/recovery/rtt.ts'

/** An estimator that has seen samples of `rtt` milliseconds only. */
export function steadyRtt(rtt: number): RttEstimator {
  const estimator = new RttEstimator()
  for (let i = 0; i < 200; i++) estimator.update(i, rtt, 0)
  return estimator
}
