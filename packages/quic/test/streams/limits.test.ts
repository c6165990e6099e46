import t from 'tap'
import { ReceiveWindow } from '../../src/streams/receive-window.ts'
import { PeerStreams } from '../../src/streams/stream-limits.ts'

t.test('RFC 9000 §4.2: a new limit is worth a frame when half of the window was read', (t) => {
  const window = new ReceiveWindow(1000, 0, 0)
  window.consumed = 499
  t.notOk(window.isRaiseDue)
  window.consumed = 500
  t.ok(window.isRaiseDue)
  t.equal(window.raise(0, 0), 1500)
  t.notOk(window.isRaiseDue)
  t.end()
})

t.test('attack 18: what was received does not widen a window, what was read quickly does', (t) => {
  const window = new ReceiveWindow(1000, 3000, 0)
  window.received = 1000
  t.equal(window.raise(10, 100), 1000, 'nothing read')
  window.consumed = 500
  t.equal(window.raise(220, 100), 500 + 1000, 'half a window in more than two round trips')
  window.consumed = 1000
  t.equal(window.raise(410, 100), 1000 + 2000, 'half a window in less')
  window.consumed = 2500
  t.equal(window.raise(420, 100), 2500 + 3000, 'up to the maximum')
  window.widen(2000)
  t.equal(window.window, 3000, 'a window never shrinks')
  t.end()
})

t.test(
  'RFC 9000 §4.1: a limit never shrinks, and a maximum below the initial window means no growth',
  (t) => {
    const window = new ReceiveWindow(1000, 100, 0)
    window.consumed = 600
    t.equal(window.raise(1, 100), 1600)
    window.widen(5000)
    t.equal(window.window, 1000)
    const none = new ReceiveWindow(0, 0, 0)
    t.notOk(none.isRaiseDue)
    t.end()
  },
)

t.test(
  'RFC 9000 §4.6: MAX_STREAMS is worth a frame at half of the streams used, or at the limit',
  (t) => {
    const streams = new PeerStreams(16)
    streams.opened = 7
    streams.closed = 7
    t.notOk(streams.isRaiseDue, 'less than half used')
    streams.opened = 8
    t.ok(streams.isRaiseDue)
    streams.closed = 1
    t.notOk(streams.isRaiseDue, 'a gain of less than an eighth')
    streams.opened = 16
    t.ok(streams.isRaiseDue, 'nothing left: any gain counts')
    streams.closed = 0
    t.notOk(streams.isRaiseDue, 'no gain')
    t.end()
  },
)
