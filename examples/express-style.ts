// Middleware in the style of Express, without Express: `createServer` takes the application itself,
// as node:http does. (An Express application, Fastify's serverFactory, koa.callback() fit likewise.)
import {
  createServer,
  developmentCertificate,
  type Http3ServerRequest,
  type Http3ServerResponse,
} from 'godwit'

type Next = () => void
type Middleware = (request: Http3ServerRequest, response: Http3ServerResponse, next: Next) => void

function application(...middleware: Middleware[]): Parameters<typeof createServer>[1] {
  return (request, response) => {
    let at = 0
    const next = (): void => {
      const handler = middleware[at++]
      if (handler === undefined) response.writeHead(404).end('Not found\n')
      else handler(request, response, next)
    }
    next()
  }
}

const log: Middleware = (request, response, next) => {
  const start = performance.now()
  response.once('finish', () => {
    const ms = (performance.now() - start).toFixed(1)
    console.log(`${request.method} ${request.url} ${response.statusCode} ${ms} ms`)
  })
  next()
}

const hello: Middleware = (request, response, next) => {
  if (request.url !== '/') return next()
  response.end('Hello from a chain of middleware\n')
}

const { key, cert } = developmentCertificate()
const server = createServer({ key, cert }, application(log, hello))
server.listen(Number(process.env['PORT'] ?? 4433), () => {
  console.log(`https://localhost:${server.address()?.port}/`)
})
