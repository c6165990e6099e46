import t from 'tap'
import { describe, drain, join, parameters, pattern, readAll, Side } from './harness.ts'

// A reader with everything to say at once: limits of all kinds, a reset, a stop, and blocked.
function talkative(): Side {
  const local = parameters({
    initialMaxData: 7000,
    initialMaxStreamDataBidiRemote: 1000,
    initialMaxStreamsBidi: 4,
    initialMaxStreamsUni: 4,
  })
  const peer = new Side(
    'client',
    parameters({
      initialMaxData: 100,
      initialMaxStreamDataBidiRemote: 50,
      initialMaxStreamDataUni: 90,
      initialMaxStreamsBidi: 1,
      initialMaxStreamsUni: 1,
    }),
  )
  const [, server] = join(peer, new Side('server', local))
  const data = (id: number, offset: number, length: number, fin: boolean): void =>
    server.streams.handleStreamFrame(0, id, offset, pattern(length), 0, length, fin)
  data(0, 0, 1000, false)
  data(4, 0, 1000, false)
  data(8, 0, 1000, true)
  for (const id of [2, 6, 10, 14]) data(id, 0, 1000, true)
  const streams = server.accept()
  for (const stream of streams) {
    if (stream.id !== 4) readAll(stream)
  }
  streams[1].stopSending(5)
  streams[2].reset(6)
  server.streams.open('bidi')?.write(pattern(60))
  server.streams.open('bidi')
  server.streams.open('uni')?.write(pattern(90))
  server.streams.open('uni')
  return server
}

const all = [
  'MAX_DATA 14000',
  'MAX_STREAMS uni 8',
  'STREAMS_BLOCKED bidi 1',
  'STREAMS_BLOCKED uni 1',
  'MAX_STREAM_DATA 0 2000',
  'STOP_SENDING 4 code 5',
  'RESET_STREAM 8 code 6 size 0',
]

t.test(
  'RFC 9000 §13.3: frames without data that do not fit stay wanted, whatever the size of packets',
  (t) => {
    const server = talkative()
    const whole = drain(server).flatMap((packet) => describe(packet.bytes))
    t.same(whole.filter((line) => all.includes(line)).sort(), [...all].sort())
    for (let size = 5; size < 40; size++) {
      const side = talkative()
      const lines: string[] = []
      const noRoomForData = (): boolean => {
        try {
          const packet = side.send(size)
          if (packet !== null) lines.push(...describe(packet.bytes))
          return packet === null
        } catch {
          return true
        }
      }
      while (!noRoomForData()) continue
      t.same(
        lines.filter((line) => all.includes(line)).sort(),
        [...all].sort(),
        `packets of ${size}`,
      )
      t.equal(new Set(lines).size, lines.length, 'nothing twice')
    }
    t.end()
  },
)

t.test('RFC 9000 §19.12: DATA_BLOCKED is not sent when the limit was raised meanwhile', (t) => {
  const [client] = join(undefined, new Side('server', parameters({ initialMaxData: 100 })))
  client.streams.open('uni')?.write(pattern(300))
  t.same(describe(client.send()?.bytes ?? pattern(0)), ['STREAM 2 0+100'])
  client.streams.handleMaxData(200)
  t.same(
    drain(client).flatMap((packet) => describe(packet.bytes)),
    ['STREAM 2 100+100', 'DATA_BLOCKED 200'],
  )
  t.end()
})

t.test('RFC 9000 §3.1: a stream that is blocked from the start is not in Ready any more', (t) => {
  const [client] = join(undefined, new Side('server', parameters({ initialMaxStreamDataUni: 0 })))
  const stream = client.streams.open('uni')
  stream?.write(pattern(10))
  t.same(
    drain(client).flatMap((packet) => describe(packet.bytes)),
    ['STREAM_DATA_BLOCKED 2 0'],
  )
  stream?.reset(1)
  t.same(
    drain(client).flatMap((packet) => describe(packet.bytes)),
    ['RESET_STREAM 2 code 1 size 0'],
  )
  t.end()
})
