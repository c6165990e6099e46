// A client that gives up each response before it asks for it: in one packet the transport's stream is
// over, and the limit on concurrent streams must bound the handlers all the same.

import t from 'tap'
import type { QuicStream } from '@godwit/quic'
import { H3_EXCESSIVE_LOAD } from '@godwit/http3'
import { startServer } from '../support/server.ts'
import { bytes, controlStream, frame, get, headers, rawClient, until } from './raw-peer.ts'

const POST = [':method', 'POST', ':scheme', 'https', ':authority', 'localhost', ':path', '/']

for (const [name, message] of [
  ['GET', get('/slow')],
  ['POST with content', bytes(headers(...POST), frame(0x00, bytes('content')))],
] as const) {
  t.test(`STOP_SENDING, then ${name}: no more handlers than streams may be open`, async (t) => {
    let open = 0
    let most = 0
    let begun = 0
    let hold = true
    const running = await startServer(t, (req, res) => {
      if (!hold) {
        res.end('hello')
        return
      }
      begun++
      most = Math.max(most, ++open)
      // Careless: reads one piece at most, never answers, and looks at nothing but 'close'.
      req.once('data', () => req.pause())
      res.on('close', () => open--)
    })
    const peer = await rawClient(t, running.port)
    peer.send('uni', controlStream())
    const attack = (): void => {
      const stopped: QuicStream[] = []
      for (;;) {
        const stream = peer.connection.openStream('bidi')
        if (stream === null) break
        stream.stopSending(0x10c)
        if (stream.id % 8 === 0) stopped.push(stream)
        else ask(stream)
      }
      peer.wake()
      // Half of the requests come in a later packet.
      setTimeout(() => {
        for (const stream of stopped) ask(stream)
        peer.wake()
      }, 5)
    }
    const ask = (stream: QuicStream): void => {
      if (!stream.writable) return
      stream.write(message)
      stream.finish()
    }
    peer.onEvent = (event) => {
      if (event.type === 'streams-available') attack()
    }
    attack()
    await until(() => peer.closeCode !== null)
    t.equal(peer.closeCode, H3_EXCESSIVE_LOAD)
    await until(() => open === 0)
    t.ok(begun > 100, `${begun} handlers were called`)
    t.ok(most <= 100, `${most} at a time`)
    hold = false
    const response = await (await running.connect()).fetch('/')
    t.equal(await response.text(), 'hello')
  })
}
