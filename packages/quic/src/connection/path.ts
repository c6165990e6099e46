// One path of a connection: a remote address, whether it is validated, what may be sent there, how large
// datagrams may be, its capacity, challenges to answer, and challenges of ours. RFC 9000 §8, §9, §14.

import { PATH_FRAME_LENGTH, writePathChallenge, writePathResponse } from '../frame-encoder.ts'
import {
  ANTI_AMPLIFICATION_FACTOR,
  BASE_DATAGRAM_SIZE,
  LOCAL_CONNECTION_ID_LENGTH,
  MAX_PATH_CHALLENGES,
  MAX_PENDING_PATH_RESPONSES,
  MIN_PATH_DATAGRAM,
  MTU_SEARCH_AFTER,
  PATH_CHALLENGE_RESERVE,
} from '../limits.ts'
import type { NetworkPath } from '../network-path.ts'
import type { PacketWriter } from '../packet-writer.ts'
import type { PathCapacity } from '../recovery/path-capacity.ts'
import { MtuSearch } from './mtu-search.ts'

const CHALLENGE_LENGTH = 8

export class Path {
  readonly remote: NetworkPath
  /** UDP payload received from and sent to this address, in bytes. */
  bytesReceived: number
  bytesSent: number
  /** Null until it becomes the active path. Paths that differ in the port only share one, RFC 9000 §9.4. */
  capacity: PathCapacity | null
  /** The connection ID that we send to here. Of the active path `PeerConnectionIds.current` counts. */
  peerId: Uint8Array
  /** The connection ID of ours that the peer last sent to from here. */
  readonly localId: Uint8Array
  /** When validation is given up, or an idle path forgotten; Infinity: never. */
  expiresAt: number
  /** When a challenge is to be sent again; Infinity: never. */
  challengeAt: number
  /** A PATH_CHALLENGE is to be sent. */
  challengePending: boolean
  readonly #mtu: MtuSearch
  #validated: boolean
  /** Datagrams of 1200 bytes arrive there. */
  #sizeValidated: boolean
  /** The first path: what it carries first are Initial packets in datagrams of 1200 bytes. */
  readonly #first: boolean
  readonly #responses: Uint8Array
  #responseCount: number
  /** Data of the challenges sent, and whether their datagrams were expanded. Null before the first. */
  #challenges: Uint8Array | null
  readonly #expanded: boolean[]

  /**
   * @param validated true for a client: it chose the address itself, RFC 9000 §8.1
   * @param first the path of the handshake
   */
  constructor(remote: NetworkPath, validated: boolean, first: boolean = true) {
    this.remote = remote
    this.bytesReceived = 0
    this.bytesSent = 0
    this.capacity = null
    this.peerId = NO_ID
    this.localId = new Uint8Array(LOCAL_CONNECTION_ID_LENGTH)
    this.expiresAt = Infinity
    this.challengeAt = Infinity
    this.challengePending = false
    this.#mtu = new MtuSearch()
    this.#validated = validated
    this.#sizeValidated = first
    this.#first = first
    this.#responses = new Uint8Array(CHALLENGE_LENGTH * MAX_PENDING_PATH_RESPONSES)
    this.#responseCount = 0
    this.#challenges = null
    this.#expanded = []
  }

  get validated(): boolean {
    return this.#validated
  }

  /** The address is validated, and datagrams of 1200 bytes arrive there. */
  get wide(): boolean {
    return this.#validated && this.#sizeValidated
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

  /** Bytes of a datagram with data that may go now: a further challenge keeps its part. */
  get dataAllowance(): number {
    if (this.#validated) return Infinity
    const { allowance } = this
    return this.#first ? allowance : Math.max(0, allowance - PATH_CHALLENGE_RESERVE)
  }

  /** The anti-amplification limit lets nothing go that elicits an answer. */
  get blocked(): boolean {
    // RFC 9000 §14.1 wants a server's Initial in 1200 bytes; less than that is kept for ACKs.
    return this.dataAllowance < (this.#first ? BASE_DATAGRAM_SIZE : MIN_PATH_DATAGRAM)
  }

  // --- how large datagrams may be, RFC 9000 §14

  /** The largest datagram that we send here, in bytes, but for probes. */
  get maxDatagramSize(): number {
    return this.#mtu.size
  }

  /** The path carries 1200 bytes: the search for more may begin. `maxUdpPayloadSize` is the peer's. */
  startMtuSearch(maxUdpPayloadSize: number): void {
    this.#mtu.start(maxUdpPayloadSize)
  }

  /** Bytes of the probe to send now for larger datagrams; 0: none. A short exchange needs none. */
  mtuProbeSize(now: number): number {
    return this.bytesSent < MTU_SEARCH_AFTER ? 0 : this.#mtu.probeSize(now)
  }

  onMtuProbeSent(now: number, packetNumber: number): void {
    this.#mtu.onProbeSent(now, packetNumber)
  }

  onMtuProbeAcked(packetNumber: number): void {
    if (this.#mtu.onProbeAcked(packetNumber)) this.applyDatagramSize()
  }

  onMtuProbeLost(packetNumber: number): void {
    this.#mtu.onProbeLost(packetNumber)
  }

  /** Nothing arrives any more: full datagrams may be too large now. */
  onBlackHole(): void {
    if (this.#mtu.onBlackHole()) this.applyDatagramSize()
  }

  /** A datagram of `size` bytes left in fragments. */
  onFragmented(size: number): void {
    if (this.#mtu.onFragmented(size)) this.applyDatagramSize()
  }

  /** Whether the host is to see if a datagram of `size` bytes, just sent, left in fragments. */
  watchesFragments(now: number, size: number, packetsLost: number): boolean {
    return this.#mtu.watches(now, size, packetsLost)
  }

  /** Pacer and window reckon with the size of datagrams. */
  applyDatagramSize(): void {
    this.capacity?.setMaxDatagramSize(this.#mtu.size)
  }

  /** Notes the ID in `bytes` that the peer sent to. */
  noteLocalId(bytes: Uint8Array, offset: number): void {
    const { localId } = this
    for (let i = 0; i < localId.length; i++) localId[i] = bytes[offset + i]
  }

  /** Whether the peer last sent to the ID at `offset` from here. */
  usesLocalId(bytes: Uint8Array, offset: number): boolean {
    const { localId } = this
    for (let i = 0; i < localId.length; i++) if (localId[i] !== bytes[offset + i]) return false
    return true
  }

  // --- the peer's challenges, RFC 9000 §8.2.2

  /** A few responses wait at a time; a peer that sends challenges faster than we may send loses the rest. */
  handleChallenge(bytes: Uint8Array, start: number): void {
    if (this.#responseCount === MAX_PENDING_PATH_RESPONSES) return
    const at = this.#responseCount * CHALLENGE_LENGTH
    for (let i = 0; i < CHALLENGE_LENGTH; i++) this.#responses[at + i] = bytes[start + i]
    this.#responseCount++
  }

  // --- our challenges, RFC 9000 §8.2.1

  /** Validation is under way. */
  get challenged(): boolean {
    return this.#challenges !== null
  }

  /** Begins to validate; the caller sets `expiresAt`. */
  startChallenge(): void {
    this.#challenges = new Uint8Array(CHALLENGE_LENGTH * MAX_PATH_CHALLENGES)
    this.#expanded.length = 0
    this.challengePending = true
    this.challengeAt = Infinity
  }

  /** Validation has ended, one way or the other. */
  stopChallenge(): void {
    this.#challenges = null
    this.challengePending = false
    this.challengeAt = Infinity
  }

  /** A challenge may have been lost: once more, if any is left. */
  repeatChallenge(): void {
    this.challengeAt = Infinity
    if (this.#challenges !== null && this.#expanded.length < MAX_PATH_CHALLENGES) {
      this.challengePending = true
    }
  }

  /**
   * PATH_RESPONSE, RFC 9000 §8.2.3, on whatever path it came.
   *
   * @returns whether it answers a challenge that went here: the address is validated now.
   */
  handleResponse(bytes: Uint8Array, start: number): boolean {
    const challenges = this.#challenges
    if (challenges === null) return false
    for (let n = 0; n < this.#expanded.length; n++) {
      let same = true
      for (let i = 0; i < CHALLENGE_LENGTH && same; i++) {
        same = challenges[n * CHALLENGE_LENGTH + i] === bytes[start + i]
      }
      if (!same) continue
      this.#validated = true
      if (this.#expanded[n]) this.#sizeValidated = true
      this.stopChallenge()
      return true
    }
    return false
  }

  // --- output

  hasPending(): boolean {
    return this.#responseCount > 0 || this.challengePending
  }

  /**
   * Writes what is pending and fits: PATH_RESPONSE frames, and one PATH_CHALLENGE with 8 bytes of
   * `data`. Recovery repeats neither, RFC 9000 §13.3.
   *
   * @param expanded whether the datagram will have 1200 bytes
   * @returns whether a PATH_CHALLENGE was written.
   */
  writeFrames(writer: PacketWriter, data: Uint8Array | null, expanded: boolean): boolean {
    let challenged = false
    const challenges = this.#challenges
    if (this.challengePending && challenges !== null && data !== null) {
      if (writer.remaining < PATH_FRAME_LENGTH) return false
      challenges.set(data, this.#expanded.length * CHALLENGE_LENGTH)
      this.#expanded.push(expanded)
      writePathChallenge(writer, data)
      this.challengePending = false
      challenged = true
    }
    let written = 0
    while (written < this.#responseCount && writer.remaining >= PATH_FRAME_LENGTH) {
      const at = written * CHALLENGE_LENGTH
      writePathResponse(writer, this.#responses.subarray(at, at + CHALLENGE_LENGTH))
      written++
    }
    this.#responses.copyWithin(0, written * CHALLENGE_LENGTH)
    this.#responseCount -= written
    return challenged
  }
}

const NO_ID = new Uint8Array(0)
