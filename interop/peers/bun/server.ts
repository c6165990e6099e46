// Bun.serve with HTTP/3: the files of a folder.
//   bun server.ts ADDRESS PORT CERT KEY WWW

import { join, normalize } from 'node:path'

declare const Bun: any

const [address, port, cert, key, www] = process.argv.slice(2)

Bun.serve({
  hostname: address,
  port: Number(port),
  http3: true,
  tls: { cert: Bun.file(cert), key: Bun.file(key) },
  async fetch(request: { url: string }): Promise<Response> {
    // A normalized rooted path cannot leave the root.
    const file = Bun.file(join(www, normalize(new URL(request.url).pathname)))
    return (await file.exists()) ? new Response(file) : new Response(null, { status: 404 })
  },
})
console.log('listening')
