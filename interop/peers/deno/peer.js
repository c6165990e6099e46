// Drives Deno.QuicEndpoint through the test cases of the QUIC interop runner, over HTTP/0.9.
//
//   peer.js server ADDRESS PORT CERT KEY WWW
//   peer.js client ADDRESS PORT CA DOWNLOADS URL...
//
// Environment: TESTCASE; SSLKEYLOGFILE.

const [role, address, port, ...rest] = Deno.args
const testcase = Deno.env.get('TESTCASE')
const HQ = ['hq-interop']

if (role === 'server') await serve(...rest)
else await download(...rest)

async function serve(cert, key, www) {
  const endpoint = new Deno.QuicEndpoint({ hostname: address, port: Number(port) })
  const listener = endpoint.listen({
    cert: Deno.readTextFileSync(cert),
    key: Deno.readTextFileSync(key),
    alpnProtocols: HQ,
    maxIdleTimeout: 60_000,
  })
  console.log('listening')
  for await (const incoming of listener) {
    connection(incoming, www).catch((error) => console.error(String(error)))
  }
}

async function connection(incoming, www) {
  const accepted = await incoming.accept()
  for await (const stream of accepted.incomingBidirectionalStreams) {
    answer(stream, www).catch((error) => console.error(String(error)))
  }
}

async function answer(stream, www) {
  const request = await new Response(stream.readable).text()
  // The URL parser takes the dots out of a path: it cannot leave the root.
  const { pathname } = new URL(request.trim().replace(/^GET /, ''), 'https://root/')
  const file = await Deno.open(`${www}${pathname}`)
  await file.readable.pipeTo(stream.writable)
}

async function download(ca, downloads, ...urls) {
  const caCerts = [Deno.readTextFileSync(ca)]
  const options = {
    hostname: address,
    port: Number(port),
    serverName: new URL(urls[0]).hostname,
    alpnProtocols: HQ,
    caCerts,
    maxIdleTimeout: 60_000,
  }
  const groups = testcase === 'multiconnect' ? urls.map((url) => [url]) : [urls]
  for (const group of groups) {
    const connection = await Deno.connectQuic(options)
    await Promise.all(group.map((url) => get(connection, url, downloads)))
    connection.close({ closeCode: 0, reason: '' })
  }
}

async function get(connection, url, downloads) {
  const { pathname } = new URL(url)
  const stream = await connection.createBidirectionalStream({ waitUntilAvailable: true })
  const writer = stream.writable.getWriter()
  await writer.write(new TextEncoder().encode(`GET ${pathname}\r\n`))
  await writer.close()
  const file = await Deno.create(`${downloads}/${pathname.split('/').pop()}`)
  await stream.readable.pipeTo(file.writable)
}
