// Answers every request until it is killed: node answering-server.ts PORT TEXT, with KEY and CERT.
import { createServer } from '../../src/index.ts'

const [port, text] = process.argv.slice(2) as [string, string]
const { KEY, CERT } = process.env as { KEY: string; CERT: string }
const server = createServer({ key: KEY, cert: CERT }, (_request, response) => response.end(text))
server.listen(Number(port), '127.0.0.1', () => process.send?.(server.address()?.port))
