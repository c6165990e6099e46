// Over which protocol the page came, and the server's figures of the connection.
import { formatBytes } from './format.js'

const NAMES = { h3: 'HTTP/3', h2: 'HTTP/2', 'http/1.1': 'HTTP/1.1' }
const INTERVAL = 1000

const milliseconds = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`
const count = (value) => value.toLocaleString('en')
const FORMATS = {
  smoothedRtt: milliseconds,
  minRtt: milliseconds,
  congestionWindow: formatBytes,
  bytesInFlight: formatBytes,
  packetsSent: count,
  packetsReceived: count,
  packetsLost: count,
  openStreams: count,
}

export function showConnection() {
  const [navigation] = performance.getEntriesByType('navigation')
  const protocol = navigation.nextHopProtocol
  const label = document.querySelector('#protocol')
  label.dataset.protocol = protocol
  label.textContent = NAMES[protocol] ?? protocol
  document.querySelector('#hint').hidden = protocol === 'h3'
  document.querySelector('#reload').addEventListener('click', () => location.reload())
  refresh().catch(console.error)
}

/** Shows the figures of this moment, and goes on doing so. */
async function refresh() {
  try {
    const response = await fetch('/stats', { cache: 'no-store' })
    const { stats } = await response.json()
    for (const place of document.querySelectorAll('[data-figure]')) {
      const value = stats?.[place.dataset.figure]
      place.textContent = Number.isFinite(value) ? FORMATS[place.dataset.figure](value) : '–'
    }
  } catch {
    // The server is restarting, perhaps: the next round tells.
  }
  setTimeout(() => {
    refresh().catch(console.error)
  }, INTERVAL)
}
