// The smallest HTTP/3 server: curl --http3-only --cacert ~/.cache/godwit/ca.pem https://localhost:4433/
import { createServer, developmentCertificate } from 'godwit'

const { key, cert, caFile } = developmentCertificate()

const server = createServer({ key, cert }, (request, response) => {
  response.setHeader('content-type', 'text/plain')
  response.end(`Hello over HTTP/${request.httpVersion}\n`)
})

server.listen(Number(process.env['PORT'] ?? 4433), () => {
  const port = server.address()?.port
  console.log(`curl --http3-only --cacert ${caFile} https://localhost:${port}/`)
})
