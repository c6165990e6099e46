import t from 'tap'
import { SENT_OUTSTANDING, SentPackets } from '../../src/recovery/sent-packets.ts'
import { ACK_ONLY, ackOf, ELICITING, MDS, packet, PADDING } from './harness.ts'
import type { PacketKind } from './harness.ts'

function send(
  sent: SentPackets,
  n: number,
  kind: PacketKind = ELICITING,
  tokens: number = 1,
): boolean {
  const writer = packet(kind, n, tokens)
  if (!sent.reserve(n, writer.tokenCount)) return false
  sent.add(n, n, MDS, writer, 1)
  return true
}

/** The ids of a packet's tokens, `id:index`. */
function tokensOf(sent: SentPackets, n: number): string[] {
  const ids: string[] = []
  for (let i = 0; i < sent.tokenCount(n); i++) {
    const at = sent.tokenIndex(n, i)
    ids.push(`${sent.tokens[at + 1]}:${sent.tokens[at + 2]}`)
  }
  return ids
}

t.test('a packet is found by its number, with what it carried', (t) => {
  const sent = new SentPackets()
  send(sent, 0, ELICITING, 3)
  send(sent, 1, PADDING)
  send(sent, 2, ACK_ONLY)
  t.same(tokensOf(sent, 0), ['0:0', '0:1', '0:2'])
  t.same(tokensOf(sent, 1), [])
  t.same(tokensOf(sent, 2), ['2:0'])
  t.equal(sent.ackElicitingCount, 1)
  t.equal(sent.lastAckElicitingAt, 0)
  t.equal(sent.next, 3)
  sent.remove(0)
  sent.trim()
  t.equal(sent.base, 1)
  t.equal(sent.ackElicitingCount, 0)
  t.end()
})

t.test('columns and tokens survive growth and wrapping', (t) => {
  const sent = new SentPackets()
  let n = 0
  for (let i = 0; i < 40; i++) send(sent, n++, ELICITING, 2)
  for (let k = 0; k < 30; k++) sent.remove(k)
  sent.trim()
  // 10 remain; the next ones wrap round, then force growth to 512 packets and 1024 tokens.
  for (let i = 0; i < 400; i++) send(sent, n++, ELICITING, (i % 3) + 1)
  for (let k = 30; k < n; k++) {
    const count = k < 40 ? 2 : ((k - 40) % 3) + 1
    t.equal(sent.sentTime(k), k)
    t.equal(sent.size(k), MDS)
    t.same(
      tokensOf(sent, k),
      Array.from({ length: count }, (_, i) => `${k}:${i}`),
    )
  }
  t.end()
})

t.test('packets with only an ACK do not make the record grow: the oldest are forgotten', (t) => {
  const sent = new SentPackets(64, 64)
  for (let n = 0; n < 10_000; n++) {
    if (!send(sent, n, ACK_ONLY)) t.fail(`no room for ${n}`)
  }
  t.equal(sent.base, 10_000 - 64)
  t.equal(sent.crowded, true)
  t.ok(send(sent, 10_000, ELICITING))
  t.end()
})

t.test('at the limit with a packet in flight as the oldest there is no room', (t) => {
  const sent = new SentPackets(128, 1024)
  for (let n = 0; n < 128; n++) t.ok(send(sent, n))
  t.equal(send(sent, 128), false)
  t.equal(sent.crowded, true)
  sent.remove(0)
  sent.trim()
  t.ok(send(sent, 128))

  const tokens = new SentPackets(1024, 64)
  t.ok(send(tokens, 0, ELICITING, 60))
  t.ok(send(tokens, 1, ELICITING, 4))
  t.equal(send(tokens, 2, ELICITING, 1), false)
  tokens.remove(0)
  tokens.trim()
  t.ok(send(tokens, 2, ELICITING, 60))
  t.equal(tokensOf(tokens, 2).length, 60)
  t.same(tokensOf(tokens, 1), ['1:0', '1:1', '1:2', '1:3'])
  t.end()
})

t.test('one packet may carry more tokens than there was room for at first', (t) => {
  const sent = new SentPackets(16, 16)
  t.ok(sent.reserve(0, 31))
  sent.add(0, 0, MDS, packet(ELICITING, 0, 31), 1)
  t.equal(sent.tokenCount(0), 31)
  t.end()
})

t.test('numbers may be left out, and are known as such', (t) => {
  const sent = new SentPackets()
  send(sent, 0)
  send(sent, 2)
  send(sent, 3)
  t.equal(sent.flags(1), 0)
  t.equal(sent.flags(2) & SENT_OUTSTANDING, SENT_OUTSTANDING)
  t.equal(sent.acknowledgedSkipped(ackOf([[2, 3]])), -1)
  t.equal(sent.acknowledgedSkipped(ackOf([[0, 3]])), 1)
  t.equal(
    sent.acknowledgedSkipped(
      ackOf([
        [3, 3],
        [1, 1],
      ]),
    ),
    1,
  )
  t.equal(
    sent.acknowledgedSkipped(
      ackOf([
        [2, 3],
        [0, 0],
      ]),
    ),
    -1,
  )
  t.end()
})

t.test('a gap wider than the ring, and numbers beyond 2^32, are no trouble', (t) => {
  const sent = new SentPackets()
  send(sent, 5)
  sent.remove(5)
  sent.trim()
  const far = 2 ** 33 + 7
  t.ok(send(sent, far))
  t.equal(sent.base, far)
  t.ok(send(sent, far + 1))
  t.same(tokensOf(sent, far), [`${far}:0`])
  t.same(tokensOf(sent, far + 1), [`${far + 1}:0`])
  t.equal(sent.acknowledgedSkipped(ackOf([[far - 1, far]])), far - 1)
  t.end()
})

t.test('a released record holds nothing; its memory starts afresh in another', (t) => {
  const sent = new SentPackets()
  for (let n = 0; n < 70; n++) send(sent, n, ELICITING, 2)
  sent.release()
  t.equal(sent.ackElicitingCount, 0)
  t.equal(sent.base, 70)
  t.equal(sent.next, 70)
  t.equal(sent.markAcked(ackOf([[0, 69]]), 1), -1, 'what it held is no longer acknowledged')
  sent.release()
  const others = [new SentPackets(), new SentPackets()]
  for (const other of others) {
    for (let n = 0; n < 64; n++) t.equal(other.flags(n), 0)
  }
  send(others[0], 0)
  t.equal(others[0].flags(0) & SENT_OUTSTANDING, SENT_OUTSTANDING)
  t.equal(others[1].flags(0), 0, 'two records never share memory')
  t.same(tokensOf(others[0], 0), ['0:0'])
  t.end()
})
