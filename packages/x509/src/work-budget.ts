// How much work one chain may cause. A peer can send certificates that sign each other in every
// order, with thousands of names and constraints; without a bound that is exponential, or quadratic.

import { X509Error } from './errors.ts'
import { MAX_CANDIDATES, MAX_CONSTRAINT_COMPARISONS, MAX_SIGNATURE_CHECKS } from './limits.ts'

/** Ends the search for a path, where other errors only end one branch of it. */
export class WorkLimitError extends X509Error {
  constructor(what: string) {
    super('ERR_X509_LIMIT', `gave up on the chain: ${what}`)
  }
}

/** Counts down; each method throws `WorkLimitError` when its kind of work is used up. */
export class WorkBudget {
  #signatures = MAX_SIGNATURE_CHECKS
  #candidates = MAX_CANDIDATES
  #comparisons = MAX_CONSTRAINT_COMPARISONS

  spendSignature(): void {
    this.#signatures -= 1
    if (this.#signatures < 0) throw new WorkLimitError('too many signatures to check')
  }

  spendCandidate(): void {
    this.#candidates -= 1
    if (this.#candidates < 0) throw new WorkLimitError('too many possible issuers')
  }

  spendComparisons(count: number): void {
    this.#comparisons -= count
    if (this.#comparisons < 0) throw new WorkLimitError('too many names and name constraints')
  }
}
