// A server of web standard requests and responses, streaming both ways.
import { developmentCertificate, serve } from 'godwit'

const { key, cert } = developmentCertificate()

const server = await serve({
  key,
  cert,
  port: Number(process.env['PORT'] ?? 4433),
  async fetch(request, info) {
    const { pathname } = new URL(request.url)
    if (pathname === '/echo') return new Response(request.body)
    if (pathname === '/whoami') return Response.json({ ...info, rtt: info.stats()?.smoothedRtt })
    return new Response(`${request.method} ${pathname}\n`)
  },
})

console.log(`https://localhost:${server.address()?.port}/`)
