// What a change of path means for loss detection, RFC 9000 §9.4.

import t from 'tap'
import { NewReno } from '../../src/recovery/new-reno.ts'
import { SPACE_APPLICATION } from '../../src/constants.ts'
import { ELICITING, MDS, packet, Sender } from './harness.ts'

function moved(sent: number): { s: Sender; congestion: NewReno } {
  const s = new Sender()
  s.send(1)
  s.now += 20
  s.ack([[0, 0]])
  s.send(sent)
  const congestion = new NewReno(MDS)
  s.move(congestion)
  return { s, congestion }
}

t.test(
  'RFC 9000 §9.4: packets sent on the old path do not count when they are acknowledged (rfc9000#9.4-1)',
  (t) => {
    const { s, congestion } = moved(8)
    t.equal(s.capacity.bytesInFlight, 0)
    s.now += 5
    s.ack([[1, 8]])
    t.equal(s.capacity.rtt.hasSample, false)
    t.equal(congestion.cwnd, 12_000)
    t.equal(s.capacity.bytesInFlight, 0)
    t.same(
      s.recorder.acked,
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
      'what they carried has arrived all the same',
    )
    s.send(2)
    t.equal(s.capacity.bytesInFlight, 2 * MDS)
    s.now += 30
    s.ack([[9, 10]])
    t.equal(s.capacity.rtt.smoothed, 30)
    t.equal(s.capacity.bytesInFlight, 0)
    t.end()
  },
)

t.test('RFC 9000 §9.4: nor when they are lost; what they carried goes again', (t) => {
  const { s, congestion } = moved(8)
  s.send(4)
  s.now += 30
  s.ack([[12, 12]])
  t.same(s.recorder.lost, [1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.equal(congestion.ssthresh < Infinity, true, 'the ninth was sent here')
  t.equal(s.capacity.bytesInFlight, 2 * MDS)
  const other = moved(8)
  other.s.send(3)
  other.s.now += 30
  other.s.ack([[9, 11]])
  t.same(other.s.recorder.lost, [1, 2, 3, 4, 5, 6, 7, 8])
  t.equal(other.congestion.ssthresh, Infinity)
  t.end()
})

t.test('RFC 9000 §9.4: an old path that lost everything is no persistent congestion here', (t) => {
  const { s, congestion } = moved(1)
  for (let i = 0; i < 5; i++) {
    s.now += 500
    s.move(congestion)
    s.send(1)
  }
  s.move(congestion)
  s.send(3)
  s.now += 20
  s.ack([[7, 9]])
  t.equal(congestion.cwnd >= 12_000, true)
  t.equal(s.capacity.bytesInFlight, 0)
  t.end()
})

t.test('a packet for another path sets no timer, fills no window and is no sample', (t) => {
  const { s, congestion } = moved(0)
  s.recovery.onPathProbeSent(s.now, s.next[2]++, MDS, packet(ELICITING, 1))
  t.equal(s.capacity.bytesInFlight, 0)
  t.equal(s.recovery.timeout(), Infinity)
  s.send(1)
  s.now += 10
  s.recovery.onPathProbeSent(s.now, s.next[2]++, MDS, packet(ELICITING, 3))
  s.now += 10
  s.ack([[1, 3]])
  t.equal(s.capacity.rtt.hasSample, false, 'the largest acknowledged went elsewhere')
  t.equal(s.capacity.bytesInFlight, 0)
  t.equal(congestion.ssthresh, Infinity)
  t.equal(s.recovery.largestAcked(SPACE_APPLICATION), 3)
  t.end()
})

t.test('RFC 9000 §9.4: a path that is kept goes on with what was sent on it', (t) => {
  const s = new Sender()
  s.send(6)
  const old = s.capacity
  const oldCongestion = s.congestion
  s.now += 10
  const congestion = new NewReno(MDS)
  s.move(congestion, true)
  s.send(2)
  t.equal(old.bytesInFlight, 6 * MDS)
  t.equal(s.capacity.bytesInFlight, 2 * MDS)
  s.now += 30
  s.ack([[5, 5]])
  t.equal(old.rtt.latest, 40)
  t.equal(s.capacity.rtt.hasSample, false)
  t.same(s.recorder.lost, [0, 1, 2])
  t.equal(oldCongestion.ssthresh < Infinity, true)
  t.equal(congestion.ssthresh, Infinity)
  t.equal(old.bytesInFlight, 2 * MDS)
  s.ack([[3, 7]])
  t.equal(old.bytesInFlight, 0)
  t.equal(s.capacity.bytesInFlight, 0)
  t.equal(s.capacity.rtt.latest, 30)
  t.end()
})

t.test('a change of path at each packet costs no more than the packets', (t) => {
  const s = new Sender({ congestion: new NewReno(MDS) })
  for (let i = 0; i < 5000; i++) {
    s.send(1)
    s.move(new NewReno(MDS))
  }
  t.equal(s.capacity.bytesInFlight, 0)
  s.now += 10
  s.ack([[0, 4999]])
  t.equal(s.recorder.acked.length, 5000)
  t.equal(s.capacity.bytesInFlight, 0)
  t.end()
})

t.test('the oldest packet of a full record is given up, wherever it went', (t) => {
  const s = new Sender({ congestion: new NewReno(MDS) })
  s.send(65_536)
  const congestion = new NewReno(MDS)
  s.move(congestion)
  s.send(1)
  t.same(s.recorder.lost, [0])
  t.equal(s.capacity.bytesInFlight, MDS)
  s.recovery.onPathProbeSent(s.now, s.next[2]++, MDS, packet(ELICITING, 1))
  t.same(s.recorder.lost, [0, 1])
  t.equal(congestion.ssthresh, Infinity)
  t.end()
})
