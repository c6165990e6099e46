// Lets everything else have its turn.

/**
 * Resolves in the next turn of the event loop. Promises alone never let go of the process: a loop over
 * a source that is always ready waits for this now and then.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
