// Bodies that user code gives: each must be read to its end, or be cancelled.

import type { Platform } from './platform.ts'
import { UserError, type Watch } from './watch.ts'

/** Bytes that a body which is always ready gives before it waits for ever: no case needs them all. */
const READY_BYTES = 2_000_000

/** Pulls of one body at one instant of virtual time that no connection needs. */
const MAX_PULLS = 400

export type BodyKind = 'close' | 'ready' | 'never' | 'error' | 'slow'

/** What became of a body. */
export class Source {
  pulls: number
  /** It was read to its end, failed, or was cancelled. */
  settled: boolean
  cancelled: boolean

  constructor() {
    this.pulls = 0
    this.settled = false
    this.cancelled = false
  }
}

export interface MadeStream {
  readonly stream: ReadableStream<Uint8Array>
  readonly source: Source
}

/** A body that is pulled. `n` varies sizes and delays; `chunks` is how many there are. */
export function makeStream(
  kind: BodyKind,
  n: number,
  platform: Platform,
  watch: Watch,
  chunks: number = kind === 'ready' ? Infinity : n % 6,
): MadeStream {
  const source = new Source()
  let left = chunks
  let given = 0
  let instant = -1
  let pulls = 0
  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      source.pulls++
      if (instant === platform.now) pulls++
      else pulls = 0
      instant = platform.now
      if (pulls === MAX_PULLS) watch.found('a body is pulled without end')
      if (kind === 'slow') {
        await new Promise((resolve) => {
          setTimeout(resolve, 1 + (n % 90))
        })
        if (source.cancelled) return
      }
      if (left-- > 0 && given < READY_BYTES) {
        const chunk = new Uint8Array(kind === 'ready' ? 16_384 : 1 + ((n * 7) % 3000))
        given += chunk.length
        controller.enqueue(chunk)
        return
      }
      if (kind === 'close' || kind === 'slow') {
        source.settled = true
        controller.close()
      } else if (kind === 'error') {
        source.settled = true
        controller.error(new UserError('the body fails'))
      } else {
        await new Promise(() => {})
      }
    },
    cancel: () => {
      if (source.cancelled) watch.found('a body is cancelled twice')
      source.cancelled = true
      source.settled = true
      if (n % 5 === 0) throw new UserError('cancel fails')
    },
  })
  return { stream, source }
}

/** A body that a generator makes. */
export function makeGenerator(n: number): MadeStream {
  const source = new Source()
  // A generator that nobody has begun to read holds nothing.
  source.settled = true
  async function* parts(): AsyncGenerator<Uint8Array> {
    source.settled = false
    try {
      for (let i = 0; i < n % 6; i++) {
        await new Promise((resolve) => {
          setTimeout(resolve, 1 + (n % 20))
        })
        yield new Uint8Array(10 + n)
      }
    } finally {
      source.settled = true
    }
  }
  return { stream: ReadableStream.from(parts()) as ReadableStream<Uint8Array>, source }
}
