import t from 'tap'
import { LocalConnectionIds } from '../../src/connection/local-connection-ids.ts'
import { PeerConnectionIds } from '../../src/connection/peer-connection-ids.ts'
import { MAX_OUTSTANDING_RETIREMENTS } from '../../src/limits.ts'
import { PacketWriter } from '../../src/packet-writer.ts'
import { TOKEN_NEW_CONNECTION_ID, TOKEN_RETIRE_CONNECTION_ID } from '../../src/recovery/tokens.ts'

class Issuer {
  next = 1
  readonly routes = new Set<number>()
  issue(): Uint8Array {
    this.routes.add(this.next)
    return new Uint8Array(8).fill(this.next++)
  }
  resetToken(id: Uint8Array): Uint8Array {
    return new Uint8Array(16).fill(id[0])
  }
  retire(id: Uint8Array): void {
    this.routes.delete(id[0])
  }
}

class Tokens {
  readonly known: number[] = []
  onResetToken(token: Uint8Array): void {
    this.known.push(token[0])
  }
  onResetTokenRetired(token: Uint8Array): void {
    const index = this.known.indexOf(token[0])
    if (index < 0) throw new Error(`token ${token[0]} is not known`)
    this.known.splice(index, 1)
  }
}

function writer(room: number): PacketWriter {
  const w = new PacketWriter(new Uint8Array(room))
  w.reset(0, room)
  return w
}

function tokensOf(w: PacketWriter, kind: number): number[] {
  const values: number[] = []
  for (let i = 0; i < w.tokenCount; i++)
    if (w.tokens[i * 4] === kind) values.push(w.tokens[i * 4 + 1])
  return values
}

const id = (n: number): Uint8Array => new Uint8Array(8).fill(n)
const token = (n: number): Uint8Array => new Uint8Array(16).fill(n)

t.test('RFC 9000 §5.1.1: IDs are issued up to the lower of the two limits', (t) => {
  for (const [peerLimit, expected] of [
    [2, 2],
    [4, 4],
    [1000, 4],
  ]) {
    const issuer = new Issuer()
    const ids = new LocalConnectionIds(issuer)
    t.equal(ids.activeCount, 1)
    t.equal(ids.hasPending(), false, 'the first goes with the handshake')
    ids.setPeerLimit(peerLimit)
    t.equal(ids.activeCount, expected, 'rfc9000#5.1.1-3, rfc9000#5.1.1-4')
    const w = writer(1200)
    ids.writeFrames(w)
    const issued = [1, 2, 3].slice(0, expected - 1)
    t.same(tokensOf(w, TOKEN_NEW_CONNECTION_ID), issued, 'rfc9000#5.1.1-1')
    t.equal(ids.hasPending(), false)
  }
  t.end()
})

t.test('RFC 9000 §5.1.2: a retired ID loses its route and is replaced (rfc9000#5.1.1-7)', (t) => {
  const issuer = new Issuer()
  const ids = new LocalConnectionIds(issuer)
  ids.setPeerLimit(4)
  ids.writeFrames(writer(1200))
  ids.handleRetire(0, id(2), 0)
  t.same([...issuer.routes], [2, 3, 4, 5])
  t.equal(ids.initial, null)
  t.same(ids.handshakeId, id(1), 'long headers keep theirs')
  ids.handleRetire(0, id(2), 0)
  t.equal(ids.activeCount, 4, 'a repeated frame changes nothing')
  const w = writer(1200)
  ids.writeFrames(w)
  t.same(tokensOf(w, TOKEN_NEW_CONNECTION_ID), [4])
  ids.onLost(4)
  ids.onLost(0)
  t.equal(ids.hasPending(), true)
  ids.retireAll()
  t.equal(issuer.routes.size, 0)
  t.end()
})

t.test(
  'RFC 9000 §19.16: retiring what was never issued, or what is in use, is a violation',
  (t) => {
    const ids = new LocalConnectionIds(new Issuer())
    t.throws(() => ids.handleRetire(1, id(2), 0), { code: 'ERR_QUIC_PROTOCOL_VIOLATION' })
    t.throws(() => ids.handleRetire(0, id(1), 0), { code: 'ERR_QUIC_PROTOCOL_VIOLATION' })
    t.end()
  },
)

t.test('frames that do not fit wait for the next packet', (t) => {
  const ids = new LocalConnectionIds(new Issuer())
  ids.setPeerLimit(4)
  const w = writer(60)
  ids.writeFrames(w)
  t.same(tokensOf(w, TOKEN_NEW_CONNECTION_ID), [1, 2])
  t.equal(ids.hasPending(), true)
  const peer = new PeerConnectionIds(id(0), new Tokens())
  peer.handleNew(1, 1, id(1), token(1))
  peer.handleNew(2, 2, id(2), token(2))
  const small = writer(3)
  peer.writeFrames(small)
  t.same(tokensOf(small, TOKEN_RETIRE_CONNECTION_ID), [0])
  t.equal(peer.hasPending(), true)
  t.end()
})

t.test('RFC 9000 §5.1.2: Retire Prior To retires, and moves on to an ID that is left', (t) => {
  const tokens = new Tokens()
  const ids = new PeerConnectionIds(id(0), tokens)
  ids.setInitialResetToken(token(0))
  ids.handleNew(1, 0, id(1), token(1))
  ids.handleNew(2, 0, id(2), token(2))
  t.same(tokens.known, [0], 'rfc9000#10.3.1-3: tokens of unused IDs do not count')
  ids.handleNew(3, 2, id(3), token(3))
  t.same(ids.current, id(2))
  t.equal(ids.activeCount, 2)
  t.same(tokens.known, [2], 'rfc9000#10.3.1-3: tokens of retired IDs do not count')
  const w = writer(100)
  ids.writeFrames(w)
  t.same(tokensOf(w, TOKEN_RETIRE_CONNECTION_ID), [0, 1], 'rfc9000#5.1.2-4')
  ids.onLost(1)
  t.equal(ids.hasPending(), true, 'rfc9000#5.1.2-7: until it is acknowledged')
  ids.onAcked(0)
  ids.onAcked(1)
  t.equal(ids.outstandingRetirements, 0)
  t.equal(ids.hasPending(), false)
  ids.dispose()
  t.same(tokens.known, [])
  t.end()
})

t.test('RFC 9000 §19.15: repetitions are accepted, contradictions are not', (t) => {
  const violation = { code: 'ERR_QUIC_PROTOCOL_VIOLATION', frameType: 0x18 }
  const ids = new PeerConnectionIds(id(0), new Tokens())
  ids.handleNew(1, 0, id(1), token(1))
  ids.handleNew(1, 0, id(1), token(1))
  t.equal(ids.activeCount, 2, 'rfc9000#19.15-4')
  t.throws(() => ids.handleNew(1, 0, id(9), token(1)), violation)
  t.throws(() => ids.handleNew(9, 0, id(1), token(1)), violation)
  t.throws(() => ids.handleNew(1, 0, id(1), token(9)), violation)
  ids.handleNew(1, 1, id(1), token(1))
  t.same(ids.current, id(1), 'a repetition may bring a newer Retire Prior To')
  ids.handleNew(0, 0, id(7), token(7))
  t.equal(ids.activeCount, 1, 'a number below it is retired at once')
  ids.handleNew(6, 6, id(6), token(6))
  ids.writeFrames(writer(100))
  ids.handleNew(5, 0, id(5), token(5))
  t.equal(ids.activeCount, 1, 'rfc9000#19.15-8: a lower Retire Prior To brings nothing back')
  t.same(ids.current, id(6))
  const w = writer(100)
  ids.writeFrames(w)
  t.same(tokensOf(w, TOKEN_RETIRE_CONNECTION_ID), [5], 'rfc9000#19.15-9')
  const none = new PeerConnectionIds(new Uint8Array(0), new Tokens())
  t.throws(() => none.handleNew(1, 0, id(1), token(1)), violation, 'rfc9000#19.15-3')
  t.end()
})

t.test('RFC 9000 §5.1.1, §5.1.2: both active and retired IDs are bounded', (t) => {
  const limit = { code: 'ERR_QUIC_CONNECTION_ID_LIMIT', frameType: 0x18 }
  const many = new PeerConnectionIds(id(0), new Tokens())
  for (let n = 1; n < 4; n++) many.handleNew(n, 0, id(n), token(n))
  t.throws(() => many.handleNew(4, 0, id(4), token(4)), limit)
  t.ok(MAX_OUTSTANDING_RETIREMENTS >= 2 * (many.activeCount - 1), 'rfc9000#5.1.2-6')
  const rotating = new PeerConnectionIds(id(0), new Tokens())
  for (let n = 1; n <= MAX_OUTSTANDING_RETIREMENTS; n++) rotating.handleNew(n, n, id(n), token(n))
  t.throws(() => rotating.handleNew(50, 50, id(50), token(50)), limit)
  const acknowledging = new PeerConnectionIds(id(0), new Tokens())
  for (let n = 1; n < 200; n++) {
    acknowledging.handleNew(n, n, id(n), token(n))
    acknowledging.onAcked(n - 1)
  }
  t.equal(acknowledging.outstandingRetirements, 0)
  t.end()
})

t.test('rfc9000#9.5-3: an ID goes to one address, and is retired when nobody is there', (t) => {
  const tokens = new Tokens()
  const ids = new PeerConnectionIds(id(10), tokens)
  t.equal(ids.takeSpare(), null)
  ids.handleNew(1, 0, id(11), token(11))
  ids.handleNew(2, 0, id(12), token(12))
  const first = ids.takeSpare()
  t.same(first, id(11))
  t.same(tokens.known, [11], 'rfc9000#10.3.1-3: from the first use on')
  t.same(ids.takeSpare(), id(12))
  t.same(tokens.known, [11, 12])
  t.equal(ids.takeSpare(), null)
  t.ok(ids.holds(first!))
  ids.retire(ids.current)
  t.notOk(ids.hasPending(), 'the one in use stays')
  ids.retire(first!)
  t.notOk(ids.holds(first!))
  t.same(tokens.known, [12])
  const w = writer(100)
  ids.writeFrames(w)
  t.same(tokensOf(w, TOKEN_RETIRE_CONNECTION_ID), [1])
  ids.onAcked(1)
  ids.handleNew(1, 0, id(11), token(11))
  t.equal(ids.takeSpare(), null, 'a late copy of its frame brings nothing back')
  t.equal(ids.activeCount, 2)
  t.end()
})

t.test('RFC 9000 §5.1.2: a peer that acknowledges no retirement keeps its IDs', (t) => {
  const ids = new PeerConnectionIds(id(100), new Tokens())
  for (let n = 1; n <= MAX_OUTSTANDING_RETIREMENTS + 1; n++) {
    ids.handleNew(n, 0, id(n), token(n))
    ids.retire(ids.takeSpare()!)
  }
  t.equal(ids.outstandingRetirements, MAX_OUTSTANDING_RETIREMENTS)
  t.equal(ids.activeCount, 2)
  t.end()
})

t.test('an ID that the peer wants back is replaced by one that was not used', (t) => {
  const ids = new PeerConnectionIds(id(10), new Tokens())
  ids.handleNew(1, 0, id(11), token(11))
  ids.handleNew(2, 0, id(12), token(12))
  ids.takeSpare()
  ids.handleNew(3, 1, id(13), token(13))
  t.same(ids.current, id(12), 'the first spare went to another address')
  t.end()
})

t.test(
  'an ID that is in use on another path may become the current one: its token counts once',
  (t) => {
    const tokens = new Tokens()
    const ids = new PeerConnectionIds(id(10), tokens)
    ids.handleNew(1, 0, id(11), token(11))
    ids.takeSpare()
    ids.handleNew(1, 1, id(11), token(11))
    t.same(ids.current, id(11))
    t.same(tokens.known, [11])
    ids.handleNew(2, 0, id(12), token(12))
    ids.handleNew(3, 3, id(13), token(13))
    t.same(tokens.known, [13], 'an unused ID that is retired takes no other token away')
    ids.dispose()
    t.same(tokens.known, [])
    t.end()
  },
)

t.test('a peer without connection IDs is addressed without everywhere', (t) => {
  const ids = new PeerConnectionIds(new Uint8Array(0), new Tokens())
  const none = ids.takeSpare()
  t.equal(none?.length, 0)
  t.ok(ids.holds(none!))
  ids.retire(none!)
  t.notOk(ids.hasPending())
  t.end()
})
