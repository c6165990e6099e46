// Fetches a URL over HTTP/3: node fetch-client.ts https://localhost:4433/
import { developmentCertificate, fetch } from 'godwit'

const url = process.argv[2] ?? 'https://localhost:4433/'
const { ca } = developmentCertificate()

const response = await fetch(url, { ca })
console.log(response.status, response.headers.get('content-type'))
console.log(await response.text())
