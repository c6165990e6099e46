import type { Http3ServerRequest } from 'godwit'
import type { Route } from '../router.ts'

/** What the server knows of the connection that a request came over. */
export function connectionFigures(request: Http3ServerRequest): object {
  const overHttp3 = request.httpVersion === '3.0'
  return {
    httpVersion: request.httpVersion,
    remoteAddress: request.socket.remoteAddress,
    // Only HTTP/3 tells: TCP keeps its figures in the kernel.
    stats: overHttp3 ? request.socket.stats : null,
  }
}

export const stats: Route = (request, response) => {
  response.setHeader('content-type', 'application/json')
  response.setHeader('cache-control', 'no-store')
  response.end(JSON.stringify(connectionFigures(request)))
}
