// The paths of a connection, RFC 9000 §8.2 and §9: the active one, and for a server the addresses that
// its client was, is or may be at. A client moves, or a NAT gives it another port; the server follows
// the newest packet that is more than a probe, and finds out whether it was deceived.
//
//   others ──non-probing packet with the highest number──▶ active ──PATH_RESPONSE──▶ validated
//     ▲                                                      │  │
//     └──────────── left: probed (§9.3.3), then forgotten ───┘  └─ no answer: back to the last validated

import { BASE_DATAGRAM_SIZE, MAX_OTHER_PATHS } from '../limits.ts'
import type { NetworkPath } from '../network-path.ts'
import { isLoopback, samePath } from '../network-path.ts'
import type { CongestionController } from '../recovery/congestion-controller.ts'
import { NEW_PATH_PTO } from '../recovery/params.ts'
import type { PathCapacities } from '../recovery/path-capacity.ts'
import { PathCapacity } from '../recovery/path-capacity.ts'
import { RttEstimator } from '../recovery/rtt.ts'
import { MAX_PATH_NUMBER } from '../recovery/sent-packets.ts'
import { isReflectionPort } from '../reflection-ports.ts'
import type { ConnectionCore } from './core.ts'
import { Path } from './path.ts'

/** PTOs after which validation is given up, RFC 9000 §8.2.4, and after which a silent path is forgotten. */
const PATIENCE = 3

export class Paths implements PathCapacities {
  /** Where everything but answers to probes is sent. */
  active: Path
  /** The active path's. */
  current: PathCapacity
  /** Where the last datagram was built for. */
  sending: Path
  /**
   * Where the datagram under way came from. Null: from a new address; nothing is kept of it before one
   * of its packets is authentic, or when there is no connection ID to answer with.
   */
  receiving: Path | null
  readonly #core: ConnectionCore
  readonly #newCongestion: (maxDatagramSize: number) => CongestionController
  #capacityCount: number
  /** Oldest first; `MAX_OTHER_PATHS` at most. Only paths that were active are validated. */
  readonly #others: Path[]
  #remote: NetworkPath
  #size: number

  /** @param newCongestion a controller as for a new connection */
  constructor(
    core: ConnectionCore,
    first: Path,
    newCongestion: (maxDatagramSize: number) => CongestionController,
  ) {
    this.active = first
    this.sending = first
    this.receiving = first
    this.#core = core
    this.#newCongestion = newCongestion
    this.#capacityCount = 0
    this.#others = []
    this.#remote = first.remote
    this.#size = 0
    this.current = this.#capacityOf(first)
  }

  // --- input

  /** A datagram of `size` bytes came from `remote`. False: nobody may look into it. */
  onDatagram(remote: NetworkPath, size: number): boolean {
    this.receiving = this.#find(remote)
    if (this.receiving !== null) {
      this.receiving.onDatagramReceived(size)
      return true
    }
    const { side, handshake, options } = this.#core
    // RFC 9000 §9: "If a client receives packets from an unknown server address, the client MUST
    // discard these packets." Nobody moves before the handshake is confirmed. A server that has sent
    // disable_active_migration may drop what comes from elsewhere, without a stateless reset.
    if (side === 'client' || !handshake.confirmed || options.disableActiveMigration) return false
    // RFC 9000 §21.5.6: what answers datagrams of any kind is not a client, and nobody moves into the
    // host of a server that was reached from outside.
    if (isReflectionPort(remote.port)) return false
    if (isLoopback(remote) && !isLoopback(this.active.remote)) return false
    this.#remote = remote
    this.#size = size
    return true
  }

  /** An authentic 1-RTT packet that is no duplicate; its Destination Connection ID is at `dcidStart`. */
  onPacket(now: number, bytes: Uint8Array, dcidStart: number): void {
    const path = this.receiving ?? this.#add(bytes, dcidStart)
    if (path === null) return
    if (!path.usesLocalId(bytes, dcidStart)) path.noteLocalId(bytes, dcidStart)
    if (path !== this.active) path.expiresAt = now + this.#patience()
  }

  /**
   * The packet was more than a probe, and none before it had a higher number: RFC 9000 §9.3, the
   * peer is where it came from. §9.3.1: it gets no more than three times what it sent until it has
   * shown that it is there.
   */
  follow(now: number): void {
    const path = this.receiving
    if (path === null || path === this.active || !this.#ensureId(path)) return
    const old = this.active
    this.#switch(now, path)
    if (old.validated) {
      this.#others.push(old)
      // RFC 9000 §9.3.3: "In response to an apparent migration, endpoints MUST validate the previously
      // active path using a PATH_CHALLENGE frame." If somebody forwarded the packet faster than the
      // network, the peer answers from where it is, and we are back.
      if (!old.challenged) old.startChallenge()
      old.expiresAt = now + this.#patience()
    } else {
      this.#release(old)
    }
  }

  /** PATH_CHALLENGE. RFC 9000 §8.2.2: the response goes where it came from. */
  handleChallenge(bytes: Uint8Array, start: number): void {
    this.receiving?.handleChallenge(bytes, start)
  }

  /**
   * PATH_RESPONSE. RFC 9000 §8.2.3: it counts for the path that the challenge went to, whatever path
   * it came on. One that answers nothing is ignored, as §19.18 permits.
   */
  handleResponse(now: number, bytes: Uint8Array, start: number): void {
    const { active } = this
    if (active.handleResponse(bytes, start)) {
      this.#validateSize(now)
      return
    }
    for (const path of this.#others) {
      if (!path.handleResponse(bytes, start)) continue
      path.expiresAt = now + this.#patience()
      return
    }
  }

  /**
   * To call when `deadline` has come.
   *
   * @returns false when no address of the peer is left that was validated. RFC 9000 §9.3.2: then the
   *   connection ends without a word.
   */
  handleTimeout(now: number): boolean {
    const { active } = this
    if (active.challengeAt <= now) active.repeatChallenge()
    if (active.expiresAt <= now && !this.#giveUpActive(now)) return false
    for (let i = this.#others.length - 1; i >= 0; i--) {
      const path = this.#others[i]
      if (path.challengeAt <= now) path.repeatChallenge()
      if (path.expiresAt > now) continue
      // RFC 9000 §9.3.2: the last validated address is kept for as long as we may have to return.
      if (path === this.#lastValidated && !this.active.wide) path.expiresAt = Infinity
      else this.#remove(i)
    }
    return true
  }

  // --- output

  get deadline(): number {
    let deadline = Math.min(this.active.challengeAt, this.active.expiresAt)
    for (const { challengeAt, expiresAt } of this.#others) {
      deadline = Math.min(deadline, challengeAt, expiresAt)
    }
    return deadline
  }

  /** A path beside the active one that a PATH_CHALLENGE or PATH_RESPONSE waits for, after `last`. */
  nextProbe(last: Path | null): Path | null {
    const from = last === null ? 0 : this.#others.indexOf(last) + 1
    for (let i = from; i < this.#others.length; i++) {
      if (this.#others[i].hasPending() && this.#ensureId(this.#others[i])) return this.#others[i]
    }
    return null
  }

  /** A datagram with a PATH_CHALLENGE left for `path`. */
  onChallengeSent(now: number, path: Path): void {
    path.challengeAt = now + this.#pto()
  }

  /** The capacity that sent packets name by `number`, of a path that is still kept. */
  find(number: number): PathCapacity | null {
    if (number === this.current.number) return this.current
    for (const { capacity } of this.#others) {
      if (capacity !== null && capacity.number === number) return capacity
    }
    return null
  }

  /** Other addresses that are kept. */
  get otherCount(): number {
    return this.#others.length
  }

  // --- private

  #find(remote: NetworkPath): Path | null {
    if (samePath(remote, this.active.remote)) return this.active
    for (const path of this.#others) if (samePath(remote, path.remote)) return path
    return null
  }

  #add(bytes: Uint8Array, dcidStart: number): Path | null {
    const { peerIds } = this.#core
    // RFC 9000 §9.5: a peer that goes on with its connection ID has not noticed that its address
    // changed, and we may go on, too. One that moved uses another, and "an endpoint MUST NOT reuse a
    // connection ID when sending to more than one destination address"; without one it is not followed.
    const same = this.active.usesLocalId(bytes, dcidStart)
    const id = same ? peerIds.current : peerIds.takeSpare()
    if (id === null) return null
    if (this.#others.length === MAX_OTHER_PATHS) {
      this.#remove(this.#others[0] === this.#lastValidated ? 1 : 0)
    }
    const path = new Path(this.#remote, false, false)
    path.peerId = id
    path.onDatagramReceived(this.#size)
    this.#others.push(path)
    this.receiving = path
    return path
  }

  // The peer may have retired the ID that we had for a path.
  #ensureId(path: Path): boolean {
    const { peerIds } = this.#core
    if (peerIds.holds(path.peerId)) return true
    const id = peerIds.takeSpare()
    if (id !== null) path.peerId = id
    return id !== null
  }

  #capacityOf(path: Path): PathCapacity {
    if (path.capacity === null) {
      this.#capacityCount = (this.#capacityCount % MAX_PATH_NUMBER) + 1
      const { maxDatagramSize } = path
      path.capacity = new PathCapacity(
        this.#capacityCount,
        new RttEstimator(),
        this.#newCongestion(maxDatagramSize),
        maxDatagramSize,
      )
    }
    return path.capacity
  }

  // Makes one of the others the active path. The old one is with nobody then.
  #switch(now: number, path: Path): void {
    const { peerIds, recovery } = this.#core
    const old = this.active
    const oldCapacity = this.current
    this.#others.splice(this.#others.indexOf(path), 1)
    this.active = path
    old.peerId = peerIds.current
    peerIds.current = path.peerId
    path.expiresAt = Infinity
    if (path.remote.address === old.remote.address) {
      // RFC 9000 §9.4: "Because port-only changes are commonly the result of NAT rebinding or other
      // middlebox activity, the endpoint MAY instead retain its congestion control state".
      path.capacity = oldCapacity
    }
    this.current = this.#capacityOf(path)
    path.applyDatagramSize()
    if (this.current !== oldCapacity) recovery.onPathChanged(now)
    if (path.wide) path.stopChallenge()
    else this.#challenge(now, path)
  }

  #challenge(now: number, path: Path): void {
    path.startChallenge()
    path.expiresAt = now + this.#patience()
  }

  // The active path has answered. RFC 9000 §8.2.3: if the challenge did not fill a datagram, since too
  // little had come from there, another one has to.
  #validateSize(now: number): void {
    const { active } = this
    if (!active.wide) {
      this.#challenge(now, active)
      return
    }
    const { handshake } = this.#core
    active.expiresAt = Infinity
    for (const path of this.#others) {
      if (path.expiresAt === Infinity) path.expiresAt = now + this.#patience()
    }
    active.startMtuSearch(handshake.peerParameters?.maxUdpPayloadSize ?? BASE_DATAGRAM_SIZE)
  }

  // RFC 9000 §9.3.2: "an endpoint MUST revert to using the last validated peer address when validation
  // of a new peer address fails." False: there is none.
  #giveUpActive(now: number): boolean {
    const old = this.active
    const last = this.#lastValidated
    old.stopChallenge()
    old.expiresAt = Infinity
    if (last === null || !this.#ensureId(last)) return old.validated
    this.#switch(now, last)
    this.#release(old)
    return true
  }

  get #lastValidated(): Path | null {
    for (let i = this.#others.length - 1; i >= 0; i--) {
      if (this.#others[i].validated) return this.#others[i]
    }
    return null
  }

  #remove(index: number): void {
    const [path] = this.#others.splice(index, 1)
    this.#release(path)
  }

  // A path that is with nobody any more: RFC 9000 §5.1.2, its connection ID goes, unless others share it.
  #release({ peerId }: Path): void {
    if (!this.#others.some((other) => other.peerId === peerId)) this.#core.peerIds.retire(peerId)
  }

  // RFC 9000 §8.2.4: "the larger of the current PTO or the PTO for the new path".
  #pto(): number {
    return Math.max(this.#core.recovery.ptoInterval(), NEW_PATH_PTO)
  }

  #patience(): number {
    return PATIENCE * this.#pto()
  }
}
