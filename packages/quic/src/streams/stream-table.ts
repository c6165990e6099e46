// Which streams exist, RFC 9000 §2.1 and §3: opening them, ours and the peer's, finding the one that a
// frame is about, and forgetting those that are over.

import { NumberMap } from '@godwit/wire'
import { STREAM_LIMIT_ERROR, STREAM_STATE_ERROR, TransportError } from '../errors.ts'
import type { TransportParameters } from '../transport-parameters.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import { ReceivePart } from './receive-part.ts'
import { ReceiveWindow } from './receive-window.ts'
import { SendPart } from './send-part.ts'
import type { StreamHost } from './stream-host.ts'
import { INITIATOR_BIT, isUnidirectional, streamIndex, UNIDIRECTIONAL_BIT } from './stream-id.ts'
import type { PeerStreams } from './stream-limits.ts'
import { Stream } from './stream.ts'

// Whether a frame is about the bytes that the peer sends, or about those that we send.
export const RECEIVE = true
export const SEND = false

export class StreamTable {
  /** Streams that are not over, by ID. */
  readonly all: NumberMap<Stream>
  /** The initiator bit of the streams that the peer opens. */
  readonly peerBit: number

  readonly #localBit: number
  readonly #local: TransportParameters
  readonly #maxStreamData: number
  readonly #limits: ConnectionLimits
  readonly #host: StreamHost
  #peer: TransportParameters | null

  /**
   * @param local what we announced.
   * @param maxStreamData bytes that the receive window of a stream may grow to.
   */
  constructor(
    side: 'client' | 'server',
    local: TransportParameters,
    maxStreamData: number,
    limits: ConnectionLimits,
    host: StreamHost,
  ) {
    this.all = new NumberMap()
    this.#localBit = side === 'client' ? 0 : INITIATOR_BIT
    this.peerBit = this.#localBit ^ INITIATOR_BIT
    this.#local = local
    this.#maxStreamData = maxStreamData
    this.#limits = limits
    this.#host = host
    this.#peer = null
  }

  setPeerLimits(peer: TransportParameters): void {
    this.#peer = peer
    for (const stream of this.all.values()) {
      stream.send?.handleMaxStreamData(this.#initialSendLimit(stream.id))
    }
  }

  /** Opens a stream of ours; the caller has looked at the limit. */
  open(bidi: boolean, now: number): Stream {
    const streams = bidi ? this.#limits.localBidi : this.#limits.localUni
    const id = streams.opened * 4 + (bidi ? 0 : UNIDIRECTIONAL_BIT) + this.#localBit
    streams.opened++
    return this.#create(id, true, now)
  }

  /**
   * The stream that a frame is about; opens those of the peer. Null: the stream is over and forgotten,
   * the frame comes late.
   *
   * @param towards RECEIVE for frames that a sender sends, SEND for those of a receiver.
   * @throws TransportError STREAM_STATE_ERROR, STREAM_LIMIT_ERROR.
   */
  find(id: number, towards: boolean, frameType: number, now: number): Stream | null {
    const stream = this.all.get(id)
    if (stream !== undefined) {
      if ((towards === RECEIVE ? stream.receive : stream.send) === null) {
        throw streamError(STREAM_STATE_ERROR, frameType, id, 'has no such direction')
      }
      return stream
    }
    const local = (id & INITIATOR_BIT) === this.#localBit
    const uni = isUnidirectional(id)
    // RFC 9000 §19.4, §19.5, §19.8, §19.10, §19.13: a frame for a part that the stream does not have.
    if (uni && local === (towards === RECEIVE)) {
      throw streamError(STREAM_STATE_ERROR, frameType, id, 'has no such direction')
    }
    const index = streamIndex(id)
    if (!local) return this.#findOfPeer(id, index, frameType, now)
    // "a locally initiated stream that has not yet been created"
    if (index >= (uni ? this.#limits.localUni : this.#limits.localBidi).opened) {
      throw streamError(STREAM_STATE_ERROR, frameType, id, 'was never opened')
    }
    return null
  }

  /** Limits for the streams of the peer that are of the type of stream `id`. */
  peerStreams(id: number): PeerStreams {
    return isUnidirectional(id) ? this.#limits.peerUni : this.#limits.peerBidi
  }

  #findOfPeer(id: number, index: number, frameType: number, now: number): Stream | null {
    const streams = this.peerStreams(id)
    if (index < streams.opened) return null
    // RFC 9000 §4.6: "An endpoint that receives a frame with a stream ID exceeding the limit it has
    // sent MUST treat this as a connection error of type STREAM_LIMIT_ERROR".
    if (index >= streams.limit) {
      throw streamError(STREAM_LIMIT_ERROR, frameType, id, 'is past the limit')
    }
    // RFC 9000 §3.2: "Before a stream is created, all streams of the same type with lower-numbered
    // stream IDs MUST be created."
    let opened = this.#create(id - (index - streams.opened) * 4, false, now)
    streams.opened++
    for (; streams.opened <= index; streams.opened++) {
      opened = this.#create(opened.id + 4, false, now)
    }
    return opened
  }

  #create(id: number, local: boolean, now: number): Stream {
    const stream = new Stream(id, local, this.#host)
    const uni = isUnidirectional(id)
    if (local || !uni) stream.send = new SendPart(stream, this.#host, this.#initialSendLimit(id))
    if (!local || !uni) {
      const window = new ReceiveWindow(this.#announced(uni, local), this.#maxStreamData, now)
      stream.receive = new ReceivePart(stream, this.#host, window)
    }
    this.all.set(id, stream)
    return stream
  }

  #announced(uni: boolean, local: boolean): number {
    if (uni) return this.#local.initialMaxStreamDataUni
    return local
      ? this.#local.initialMaxStreamDataBidiLocal
      : this.#local.initialMaxStreamDataBidiRemote
  }

  /** RFC 9000 §18.2: what is local and remote is as the peer sees it. */
  #initialSendLimit(id: number): number {
    if (this.#peer === null) return 0
    if (isUnidirectional(id)) return this.#peer.initialMaxStreamDataUni
    return (id & INITIATOR_BIT) === this.#localBit
      ? this.#peer.initialMaxStreamDataBidiRemote
      : this.#peer.initialMaxStreamDataBidiLocal
  }
}

function streamError(
  errorCode: number,
  frameType: number,
  id: number,
  why: string,
): TransportError {
  return new TransportError(errorCode, frameType, `stream ${id} ${why}`)
}
