// Streams a file, or 10 MB of zeros, to a server: node upload.ts https://localhost:4433/echo FILE
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { connect, developmentCertificate } from 'godwit'

const url = new URL(process.argv[2] ?? 'https://localhost:4433/upload')
const file = process.argv[3]
const { ca } = developmentCertificate()

const session = await connect(url, { ca })
const request = session.request(url.pathname, { method: 'POST' })
const chunks = Array.from({ length: 160 }, () => Buffer.alloc(65_536))
const body = file === undefined ? Readable.from(chunks) : createReadStream(file)
body.on('error', (error: Error) => request.destroy(error))
body.pipe(request)

let received = 0
for await (const chunk of request as AsyncIterable<Buffer>) received += chunk.length
console.log(`${request.response?.status}: ${received} bytes came back`)
session.close()
