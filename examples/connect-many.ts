// Many requests on one connection: node connect-many.ts https://localhost:4433/ 1000
import { connect, developmentCertificate } from 'godwit'

const url = process.argv[2] ?? 'https://localhost:4433/'
const count = Number(process.argv[3] ?? 1000)
const { ca } = developmentCertificate()

const session = await connect(url, { ca })
const start = performance.now()
const responses = Array.from({ length: count }, async () => {
  const response = await session.fetch(url)
  return (await response.arrayBuffer()).byteLength
})
const sizes = await Promise.all(responses)
const ms = performance.now() - start

const bytes = sizes.reduce((sum, size) => sum + size, 0)
console.log(`${count} requests, ${bytes} bytes in ${ms.toFixed(0)} ms on one connection`)
console.log(`RTT ${session.stats.smoothedRtt.toFixed(2)} ms, ${session.stats.packetsLost} lost`)
session.close()
