// `godwit serve`: the files of a folder over HTTP/3.

import { readFileSync } from 'node:fs'
import { createHash, X509Certificate } from 'node:crypto'
import { parseArgs } from 'node:util'

import { createServer, developmentCertificate } from '@godwit/node'
import { createStaticHandler } from '../static/static-handler.ts'
import { stopRequested } from './batched-sends.ts'
import { UsageError } from './usage-error.ts'

export const SERVE_HELP = `godwit serve [directory] [options]

Serves the files of a directory (default: the current one) over HTTP/3.

  --port N       port, for UDP and TCP (default 4433; 0: any)
  --host H       address or name to listen on (default: every address)
  --cert FILE    certificate chain in PEM
  --key FILE     its private key in PEM; without both, a development certificate is used
  --no-tcp       HTTP/3 only: no HTTP/1.1 and HTTP/2 over TCP on the same port
  --help         this text
`

interface ServerIdentity {
  readonly key: string
  readonly cert: string
  /** For --cacert of curl, when we made it. */
  readonly caFile: string | null
}

/** Runs until SIGINT or SIGTERM; resolves to the exit status. */
export async function serveCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '4433' },
      host: { type: 'string' },
      cert: { type: 'string' },
      key: { type: 'string' },
      'no-tcp': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(SERVE_HELP)
    return 0
  }
  if (positionals.length > 1) throw new UsageError(`one directory, not ${positionals.length}`)
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
    throw new UsageError(`--port expected 0..65535, got ${values.port}`)
  }
  if ((values.cert === undefined) !== (values.key === undefined)) {
    throw new UsageError('--cert and --key belong together')
  }
  const directory = positionals[0] ?? '.'
  const handler = await createStaticHandler(directory)
  const identity = loadIdentity(values.cert, values.key)
  const server = createServer(
    { key: identity.key, cert: identity.cert, alsoTcp: !values['no-tcp'] },
    handler,
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const host = values.host === undefined ? {} : { host: values.host }
    server.listen({ port: Number(values.port), ...host }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const url = `https://${urlHost(values.host)}:${server.address()?.port}/`
  const certificate = new X509Certificate(identity.cert)
  const ca = identity.caFile === null ? '' : ` --cacert ${identity.caFile}`
  process.stdout.write(`Serving ${directory} on ${url}
Certificate SHA-256: ${certificate.fingerprint256}
Public key SHA-256:  ${publicKeyHash(certificate)}
Try: curl --http3-only${ca} ${url}
`)
  await stopRequested()
  await server[Symbol.asyncDispose]()
  return 0
}

function loadIdentity(certFile: string | undefined, keyFile: string | undefined): ServerIdentity {
  if (certFile === undefined || keyFile === undefined) return developmentCertificate()
  return {
    cert: readFileSync(certFile, 'latin1'),
    key: readFileSync(keyFile, 'latin1'),
    caFile: null,
  }
}

function urlHost(host: string | undefined): string {
  if (host === undefined || host === '::' || host === '0.0.0.0') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

function publicKeyHash(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('base64')
}
