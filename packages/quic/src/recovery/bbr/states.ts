// The states of BBR, draft-ietf-ccwg-bbr §5.1, and how each paces and fills the window (§5.6.1).
//
//             |
//             V
//    +---> Startup  ------------+
//    |        | pipe full       |
//    |        V                 |
//    |     Drain  --------------+
//    |        | queue drained   |
//    |        V                 |
//    +---> ProbeBW_DOWN  -------+
//    | ^      | room made       |
//    | |      V                 |
//    | |   ProbeBW_CRUISE ------+
//    | |      | time to probe   |
//    | |      V                 |  the least RTT is 5 s old
//    | |   ProbeBW_REFILL  -----+
//    | |      | a round trip    |
//    | |      V                 |
//    | |   ProbeBW_UP  ---------+
//    | |      | pipe full, loss |
//    | +------+                 |
//    |                          |
//    +---- ProbeRTT <-----------+

export const STARTUP = 0
export const DRAIN = 1
export const PROBE_DOWN = 2
export const PROBE_CRUISE = 3
export const PROBE_REFILL = 4
export const PROBE_UP = 5
export const PROBE_RTT = 6

export type BbrState = 0 | 1 | 2 | 3 | 4 | 5 | 6

export const BBR_STATE_NAMES: readonly string[] = [
  'Startup',
  'Drain',
  'ProbeBW_DOWN',
  'ProbeBW_CRUISE',
  'ProbeBW_REFILL',
  'ProbeBW_UP',
  'ProbeRTT',
]

/** BBR.StartupPacingGain: 4 ln 2 doubles the rate in each round. */
export const STARTUP_PACING_GAIN: number = 4 * Math.LN2
/** BBR.ProbeRTTCwndGain. */
export const PROBE_RTT_CWND_GAIN = 0.5

/** BBR.pacing_gain by state. */
export const PACING_GAINS: readonly number[] = [STARTUP_PACING_GAIN, 0.5, 0.9, 1, 1, 1.25, 1]
/** BBR.cwnd_gain by state. */
export const CWND_GAINS: readonly number[] = [2, 2, 2, 2, 2, 2.25, PROBE_RTT_CWND_GAIN]

/** IsInAProbeBWState. */
export function isProbeBw(state: BbrState): boolean {
  return state >= PROBE_DOWN && state <= PROBE_UP
}

/** IsProbingBW: the flow is speeding up, so that loss is no news of the path. */
export function isAccelerating(state: BbrState): boolean {
  return state === STARTUP || state === PROBE_REFILL || state === PROBE_UP
}
