// HTTP/3 server of Bun: server.ts PORT CERT KEY. Typed loosely: Bun's types are no dependency of ours.

export {}

interface BunServe {
  readonly serve: (options: unknown) => unknown
  readonly file: (path: string) => unknown
}

const { serve, file } = (globalThis as unknown as { Bun: BunServe }).Bun
const [port, cert, key] = process.argv.slice(2)
const ZEROS = new Uint8Array(65536)
const SHIFT: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

function zeros(size: number): ReadableStream<Uint8Array> {
  let left = size
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const length = Math.min(left, ZEROS.length)
      controller.enqueue(ZEROS.subarray(0, length))
      left -= length
      if (left === 0) controller.close()
    },
  })
}

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/up') {
    let received = 0
    if (request.body !== null) {
      for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
        received += chunk.length
      }
    }
    return new Response(String(received))
  }
  const match = /^\/(\d+)([kmg]?)$/.exec(pathname)
  if (match === null) return new Response(null, { status: 404 })
  const size = Number(match[1]) * SHIFT[match[2]]
  const headers = { 'content-length': String(size) }
  return new Response(size <= ZEROS.length ? ZEROS.subarray(0, size) : zeros(size), { headers })
}

serve({
  port: Number(port),
  hostname: '127.0.0.1',
  http3: true,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  tls: { cert: file(cert), key: file(key) },
  fetch: answer,
})
console.log('listening')
