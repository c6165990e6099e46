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
        to: 'const state = this.#next(event)\n    if (!this.#quic.writable) return true\n    if (end &&',
      },
    ],
    rule: /ERR_HTTP3_STREAM_STATE/,
  },
  {
    name: 'STOP_SENDING before the request is not told',
    area: 'server',
    edits: [
      { file: REQUEST_STREAM, from: 'if (!this.#visible) this.#stopCode = errorCode', to: '' },
    ],
    rule: /a response whose client is gone is not told/,
  },
  {
    name: 'serve() forgets the body for a client that has left meanwhile',
    area: 'serve',
    edits: [
      {
        file: 'packages/node/src/server/send-response.ts',
        from: 'if (to.destroyed) {\n    cancelBody(from, undefined)\n',
        to: 'if (to.destroyed) {\n',
      },
    ],
    rule: /a body is neither read to its end nor cancelled|a body is not cancelled/,
  },
]
