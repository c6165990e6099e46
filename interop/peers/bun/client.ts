// Bun's fetch over HTTP/3.
//   bun client.ts ADDRESS PORT DOWNLOADS URL...

import { basename, join } from 'node:path'

declare const Bun: any

const [address, port, downloads, ...urls] = process.argv.slice(2)
const host = address.includes(':') ? `[${address}]` : address

async function download(url: string): Promise<void> {
  const { pathname } = new URL(url)
  // Bun takes neither the address nor the name to verify apart from the URL when it speaks HTTP/3.
  const response = await fetch(`https://${host}:${port}${pathname}`, {
    protocol: 'h3',
  } as RequestInit)
  if (response.status !== 200) throw new Error(`${url}: status ${response.status}`)
  const body = await response.arrayBuffer()
  const promised = response.headers.get('content-length')
  if (promised !== null && Number(promised) !== body.byteLength) {
    throw new Error(`${url}: ${body.byteLength} bytes instead of ${promised}`)
  }
  await Bun.write(join(downloads, basename(pathname)), body)
}

// It opens another connection for whatever is asked for before the first one is there, and for more
// than the server permits on it.
const [first, ...rest] = urls
await download(first)
let next = 0
async function work(): Promise<void> {
  while (next < rest.length) await download(rest[next++])
}
await Promise.all(Array.from({ length: 50 }, work))
