import type { Route } from '../router.ts'
import { connectionFigures } from './stats.ts'

/** Server-sent events: one a second, until the client leaves. */
export const events: Route = (request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let id = 0
  const send = (): void => {
    id++
    const data = JSON.stringify({ time: new Date().toISOString(), ...connectionFigures(request) })
    response.write(`id: ${id}\nevent: tick\ndata: ${data}\n\n`)
  }
  send()
  const timer = setInterval(send, 1000)
  response.once('close', () => clearInterval(timer))
}
