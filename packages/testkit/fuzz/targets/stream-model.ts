// What a receiver must make of STREAM and RESET_STREAM frames, RFC 9000 §2, §3.2, §4.5, §4.6, written
// as plainly as can be: bytes by offset in a map. Where the answer depends on what the receiver has
// granted since (its windows grow), the model says that it does not know, and is silent from then on.

import { FRAME_RESET_STREAM, FRAME_STREAM } from '../../../quic/src/constants.ts'
import type { Frame } from '../../../quic/src/frame.ts'

export interface StreamModelLimits {
  /** Bytes that are surely granted, and those beyond what was read that never are. */
  readonly stream: { readonly least: number; readonly most: number }
  readonly connection: { readonly least: number; readonly most: number }
  /** Streams that the peer may open at once. */
  readonly bidi: number
  readonly uni: number
}

interface ModelStream {
  /** Bytes by offset: the first that came. */
  readonly bytes: Map<number, number>
  highest: number
  finalSize: number | null
  reset: boolean
}

/** An error code's stable string, or why nothing can be said. */
export type Verdict = { readonly expects: string } | 'unknown' | null

export class StreamModel {
  readonly streams = new Map<number, ModelStream>()
  readonly #victim: 'client' | 'server'
  readonly #limits: StreamModelLimits
  readonly #localOpened: { readonly bidi: number; readonly uni: number }

  constructor(
    victim: 'client' | 'server',
    limits: StreamModelLimits,
    localOpened: { readonly bidi: number; readonly uni: number },
  ) {
    this.#victim = victim
    this.#limits = limits
    this.#localOpened = localOpened
  }

  /** The next frame of the peer. Null: nothing wrong. */
  handle(frame: Frame, payload: Uint8Array): Verdict {
    if (frame.type !== FRAME_STREAM && frame.type !== FRAME_RESET_STREAM) return 'unknown'
    const { streamId } = frame
    const wrong = this.#checkId(streamId)
    if (wrong !== null) return wrong
    const stream = this.streams.get(streamId) ?? {
      bytes: new Map<number, number>(),
      highest: 0,
      finalSize: null,
      reset: false,
    }
    this.streams.set(streamId, stream)
    const isReset = frame.type === FRAME_RESET_STREAM
    const end = isReset ? frame.finalSize : frame.offset + frame.end - frame.start
    const ends = isReset || frame.fin
    const { finalSize, highest } = stream
    const changes = finalSize !== null && (end > finalSize || (ends && end !== finalSize))
    // RFC 9000 §4.5. Of a stream that is over nothing need be known: "Generating these errors is not
    // mandatory".
    if (changes) return this.#isOver(streamId, stream) ? 'unknown' : { expects: FINAL_SIZE }
    if (ends && end < highest) return { expects: FINAL_SIZE }
    const flow = this.#checkFlow(stream, end)
    if (flow !== null) return flow
    stream.highest = Math.max(stream.highest, end)
    if (ends) stream.finalSize = end
    if (isReset) stream.reset = true
    if (isReset || stream.reset) return null
    for (let i = frame.start; i < frame.end; i++) {
      const at = frame.offset + i - frame.start
      if (!stream.bytes.has(at)) stream.bytes.set(at, payload[i])
    }
    return null
  }

  /** What an application can have read of a stream: all bytes before the first gap. */
  static readable(stream: ModelStream): Uint8Array {
    const bytes: number[] = []
    for (
      let byte = stream.bytes.get(0);
      byte !== undefined;
      byte = stream.bytes.get(bytes.length)
    ) {
      bytes.push(byte)
    }
    return Uint8Array.from(bytes)
  }

  // A stream of one direction whose end was reached.
  #isOver(id: number, { reset, bytes, finalSize }: ModelStream): boolean {
    return id % 4 >= 2 && (reset || bytes.size === finalSize)
  }

  // RFC 9000 §2.1, §4.6, §19.8.
  #checkId(id: number): Verdict {
    const byServer = id % 2 === 1
    const uni = id % 4 >= 2
    const index = Math.floor(id / 4)
    if (byServer === (this.#victim === 'server')) {
      if (uni || index >= this.#localOpened.bidi) return { expects: 'ERR_QUIC_STREAM_STATE' }
      return null
    }
    const limit = uni ? this.#limits.uni : this.#limits.bidi
    if (index < limit) return null
    // Streams that are over make room for others.
    let known = 0
    for (const other of this.streams.keys())
      if (other % 4 === id % 4) known = Math.max(known, other + 4)
    return index >= limit + known / 4 ? { expects: 'ERR_QUIC_STREAM_LIMIT' } : 'unknown'
  }

  // RFC 9000 §4.1.
  #checkFlow(stream: ModelStream, end: number): Verdict {
    const { stream: one, connection: all } = this.#limits
    let before = 0
    for (const { highest } of this.streams.values()) before += highest
    const total = before + Math.max(0, end - stream.highest)
    // Never more has been read than has come.
    if (end > stream.highest + one.most || total > before + all.most) {
      return { expects: FLOW_CONTROL }
    }
    return end > one.least || total > all.least ? 'unknown' : null
  }
}

const FINAL_SIZE = 'ERR_QUIC_FINAL_SIZE'
const FLOW_CONTROL = 'ERR_QUIC_FLOW_CONTROL'
