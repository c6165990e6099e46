// One path of a connection: a remote address, whether it is validated, what may be sent there, and
// challenges to answer. RFC 9000 §8, §9, §14. A connection has one path today; it asks this object
// for everything that belongs to the address, so that it can have several.

import { PATH_FRAME_LENGTH, writePathResponse } from '../frame-encoder.ts'
import {
  ANTI_AMPLIFICATION_FACTOR,
  BASE_DATAGRAM_SIZE,
  CONFIRMED_DATAGRAM_SIZE,
  MAX_PENDING_PATH_RESPONSES,
} from '../limits.ts'
import type { NetworkPath } from '../network-path.ts'
import type { PacketWriter } from '../packet-writer.ts'

const CHALLENGE_LENGTH = 8

export class PathState {
  readonly remote: NetworkPath
  /** UDP payload received from and sent to this address, in bytes. */
  bytesReceived: number
  bytesSent: number
  /** The largest datagram that we send here, in bytes. */
  maxDatagramSize: number
  #validated: boolean
  readonly #responses: Uint8Array
  #responseCount: number

  /** @param validated true for a client: it chose the address itself, RFC 9000 §8.1 */
  constructor(remote: NetworkPath, validated: boolean) {
    this.remote = remote
    this.bytesReceived = 0
    this.bytesSent = 0
    this.maxDatagramSize = BASE_DATAGRAM_SIZE
    this.#validated = validated
    this.#responses = new Uint8Array(CHALLENGE_LENGTH * MAX_PENDING_PATH_RESPONSES)
    this.#responseCount = 0
  }

  get validated(): boolean {
    return this.#validated
  }

  /** The peer has shown that it receives at this address. */
  validate(): void {
    this.#validated = true
  }

  /**
   * A datagram came. RFC 9000 §8.1 counts the payload of every datagram that is uniquely attributed
   * to the connection, whatever is in it.
   */
  onDatagramReceived(size: number): void {
    this.bytesReceived += size
  }

  onDatagramSent(size: number): void {
    this.bytesSent += size
  }

  /** Bytes that may still be sent: three times what came until the address is validated. */
  get allowance(): number {
    if (this.#validated) return Infinity
    return Math.max(0, ANTI_AMPLIFICATION_FACTOR * this.bytesReceived - this.bytesSent)
  }

  /** The handshake is confirmed: datagrams grow, to what the peer takes at most. */
  raiseDatagramSize(peerMaxUdpPayloadSize: number): void {
    this.maxDatagramSize = Math.min(CONFIRMED_DATAGRAM_SIZE, peerMaxUdpPayloadSize)
  }

  /** Nothing large seems to arrive: back to the size that every QUIC path carries. */
  lowerDatagramSize(): void {
    this.maxDatagramSize = BASE_DATAGRAM_SIZE
  }

  /**
   * PATH_CHALLENGE, RFC 9000 §8.2.2. A few responses wait at a time; a peer that sends challenges
   * faster than we may send loses the rest.
   */
  handleChallenge(bytes: Uint8Array, start: number): void {
    if (this.#responseCount === MAX_PENDING_PATH_RESPONSES) return
    const at = this.#responseCount * CHALLENGE_LENGTH
    for (let i = 0; i < CHALLENGE_LENGTH; i++) this.#responses[at + i] = bytes[start + i]
    this.#responseCount++
  }

  hasPending(): boolean {
    return this.#responseCount > 0
  }

  /** Writes the PATH_RESPONSE frames that fit; they are not repeated when lost, RFC 9000 §13.3. */
  writeFrames(writer: PacketWriter): void {
    let written = 0
    while (written < this.#responseCount && writer.remaining >= PATH_FRAME_LENGTH) {
      const at = written * CHALLENGE_LENGTH
      writePathResponse(writer, this.#responses.subarray(at, at + CHALLENGE_LENGTH))
      written++
    }
    this.#responses.copyWithin(0, written * CHALLENGE_LENGTH)
    this.#responseCount -= written
  }
}
