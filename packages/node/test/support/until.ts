/** Far more than any machine needs, and less than the test runner waits: so that the test says what it waits for. */
const DEADLINE = 60_000

/** Resolves when `condition` holds; asks again with each turn of the event loop. Rejects after a minute. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + DEADLINE
  while (!condition()) {
    if (performance.now() > deadline) {
      throw new Error(`not within ${DEADLINE} ms: ${String(condition)}`)
    }
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 1)
    })
  }
}
