// @currentspace/http3 as a server of files. Node resolves the package from the folder that it is
// installed in, given as PACKAGE.
//   node server.mjs ADDRESS PORT CERT KEY WWW        with TESTCASE, SSLKEYLOGFILE, QLOGDIR, PACKAGE

import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, normalize } from 'node:path'
import { pathToFileURL } from 'node:url'

const [address, port, cert, key, www] = process.argv.slice(2)
const { PACKAGE, TESTCASE, SSLKEYLOGFILE, QLOGDIR } = process.env
const entry = createRequire(`${PACKAGE}/`).resolve('@currentspace/http3')
const { createSecureServer } = await import(pathToFileURL(entry).href)

const server = createSecureServer(
  {
    cert: readFileSync(cert),
    key: readFileSync(key),
    // Its own sockets and threads, as it comes; without io_uring, which sandboxes often forbid.
    runtimeMode: 'portable',
    fallbackPolicy: 'error',
    disableRetry: TESTCASE !== 'retry',
    disableActiveMigration: false,
    // `multiplexing` wants the limit to be raised on the way; 10,000 would never be.
    initialMaxStreamsBidi: 100,
    maxIdleTimeoutMs: 60_000,
    keylog: SSLKEYLOGFILE,
    qlogDir: QLOGDIR,
  },
  (stream, headers) => {
    stream.on('error', () => {})
    // A normalized rooted path cannot leave the root.
    const file = join(www, normalize(new URL(headers[':path'], 'https://root/').pathname))
    const size = statSync(file, { throwIfNoEntry: false })?.size
    if (size === undefined) {
      stream.respond({ ':status': '404' })
      stream.end()
      return
    }
    stream.respond({ ':status': '200', 'content-length': String(size) })
    const source = createReadStream(file)
    stream.on('close', () => source.destroy())
    source.pipe(stream)
  },
)
server.on('error', (error) => console.error(error))
server.listen(Number(port), address)
console.log('listening')
