// Faults that were once here and were found by hand: the machine shows its strength by finding each again.

import type { Area } from './case.ts'

export interface Edit {
  /** Below the root of the repository. */
  readonly file: string
  /** Text of the sources, which must be there once. */
  readonly from: string
  readonly to: string
}

export interface Defect {
  readonly name: string
  readonly area: Area
  readonly edits: readonly Edit[]
  /** What must be found. */
  readonly rule: RegExp
}

const SENDER = 'packages/http3/src/message-sender.ts'
const REQUEST_STREAM = 'packages/http3/src/request-stream.ts'

export const DEFECTS: readonly Defect[] = [
  {
    name: 'the head of a response to a client that is gone leaves the message where it was',
    area: 'server',
    edits: [
      {
        file: SENDER,
        from: 'if (!this.over && (this.#core.closed || !this.#quic.writable)) this.abort()',
        to: '',
      },
      {
        file: SENDER,
        from: 'const state = this.#next(event)\n    if (state === MESSAGE_ABORTED) return false\n    if (end &&',
        to: 'const state = this.#next(event)\n    if (state === MESSAGE_ABORTED || !this.#quic.writable) return false\n    if (end &&',
      },
    ],
    rule: /throws ERR_HTTP3_STREAM_STATE|uncaught exception: ERR_HTTP3_STREAM_STATE/,
  },
  {
    name: 'STOP_SENDING before the request is not told',
    area: 'server',
    edits: [{ file: REQUEST_STREAM, from: 'else this.#stopCode = errorCode', to: '' }],
    rule: /a response whose client is gone is not told/,
  },
]
