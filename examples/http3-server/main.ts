// The server that `npm start` runs: a page over HTTP/3, and over TCP for browsers that come first.
import { createServer, developmentCertificate } from 'godwit'
import { printCommands } from './print-commands.ts'
import { route } from './router.ts'

const port = Number(process.env['PORT'] ?? 4433)
const certificate = developmentCertificate()
const server = createServer(
  { key: certificate.key, cert: certificate.cert, alsoTcp: true },
  (request, response) => {
    route(request, response).catch((error: unknown) => {
      if (response.destroyed) return // the client went away
      console.error(error)
      if (response.headersSent) response.destroy()
      else response.writeHead(500).end('Internal server error\n')
    })
  },
)

server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(
    error.code === 'EADDRINUSE'
      ? `Port ${port} is in use. Choose another: PORT=4434 npm start`
      : error.message,
  )
  process.exit(1)
})
server.listen(port, () => printCommands(server.address()?.port ?? port, certificate))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => server.close(() => process.exit(0)))
}
