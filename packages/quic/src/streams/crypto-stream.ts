// The CRYPTO data of one packet number space, both ways, RFC 9000 §19.6: like a stream without an ID,
// an end, and flow control, so a limit of ours takes the place of the last (RFC 9000 §7.5).

import { FRAME_CRYPTO } from '../constants.ts'
import { CRYPTO_BUFFER_EXCEEDED, TransportError } from '../errors.ts'
import { cryptoHeaderLength, writeCryptoHeader } from '../frame-encoder.ts'
import { MAX_CRYPTO_BUFFER, MAX_CRYPTO_GAPS, MIN_STREAM_FRAGMENT } from '../limits.ts'
import type { PacketWriter } from '../packet-writer.ts'
import { Reassembly } from './reassembly.ts'
import { SendBuffer } from './send-buffer.ts'

export class CryptoStream {
  readonly #send: SendBuffer
  readonly #receive: Reassembly

  constructor() {
    this.#send = new SendBuffer()
    this.#receive = new Reassembly()
  }

  /** Queues bytes of the handshake; keeps the array. */
  write(data: Uint8Array): void {
    this.#send.append(data)
  }

  hasPending(): boolean {
    return this.#send.hasLost || this.hasUnsent
  }

  /** Something that was written has not been sent once. */
  get hasUnsent(): boolean {
    return this.#send.sent < this.#send.end
  }

  /** Writes as many CRYPTO frames as fit: first what was lost, then what is new. */
  writeFrames(writer: PacketWriter): void {
    while (this.hasPending() && this.#writeFrame(writer)) continue
  }

  onAcked(offset: number, length: number): void {
    this.#send.onAcked(offset, length)
  }

  /** `[offset, offset + length)` was lost, or a probe repeats it. */
  onLost(offset: number, length: number): void {
    this.#send.onLost(offset, length)
  }

  /**
   * Takes the data of a CRYPTO frame.
   *
   * @throws TransportError CRYPTO_BUFFER_EXCEEDED when they lie too far ahead of what was read.
   */
  handleFrame(offset: number, bytes: Uint8Array, start: number, end: number): void {
    const receive = this.#receive
    if (offset + (end - start) > receive.readOffset + MAX_CRYPTO_BUFFER) {
      throw new TransportError(CRYPTO_BUFFER_EXCEEDED, FRAME_CRYPTO, 'too much CRYPTO data ahead')
    }
    receive.insert(offset, bytes, start, end, Infinity)
    if (receive.gaps > MAX_CRYPTO_GAPS) {
      throw new TransportError(CRYPTO_BUFFER_EXCEEDED, FRAME_CRYPTO, 'CRYPTO data in shreds')
    }
  }

  /** The keys of its space are gone: nothing of it will be sent or read any more. */
  dispose(): void {
    this.#send.clear()
    this.#receive.clear()
  }

  /** The next bytes in order, or null. */
  read(): Uint8Array | null {
    return this.#receive.read()
  }

  /** True when the peer has everything that was written. */
  get acknowledged(): boolean {
    return this.#send.base === this.#send.end
  }

  /** True when bytes arrived that cannot be read yet, for others before them are missing. */
  get hasGap(): boolean {
    return this.#receive.gaps > 0
  }

  #writeFrame(writer: PacketWriter): boolean {
    const send = this.#send
    const again = send.hasLost
    const offset = again ? send.lostStart : send.sent
    const available = (again ? send.lostEnd : send.end) - offset
    const room = writer.remaining - cryptoHeaderLength(offset, 0)
    let length = Math.min(available, room, 16383)
    if (length >= 64 && length > room - 1) length = room - 1
    if (length <= 0 || (length < available && length < MIN_STREAM_FRAGMENT)) return false
    writeCryptoHeader(writer, offset, length)
    send.copy(offset, length, writer.bytes, writer.position)
    writer.position += length
    if (again) send.onRetransmitted(offset, length)
    else send.sent = offset + length
    return true
  }
}
