import { formatBytes, formatRate, showError, showResult } from './format.js'

const NOISE_SIZE = 5_000_000
/** getRandomValues gives no more at a time. */
const RANDOM_LIMIT = 65_536

export function setUpUpload() {
  const form = document.querySelector('#upload-form')
  const button = document.querySelector('#upload')
  const output = document.querySelector('#upload-result')
  const run = async () => {
    button.disabled = true
    output.value = ''
    try {
      const file = new FormData(form).get('file')
      showResult(output, await upload(file?.size > 0 ? file : noise()))
    } catch (error) {
      showError(output, error)
    } finally {
      button.disabled = false
    }
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    run().catch(console.error)
  })
}

async function upload(blob) {
  const start = performance.now()
  const response = await fetch('/upload', { method: 'POST', body: blob })
  const { bytes, sha256 } = await response.json()
  const ms = performance.now() - start
  const own = hex(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()))
  if (own !== sha256) throw new Error(`the server got other bytes: SHA-256 ${sha256}`)
  return `${formatBytes(bytes)}, ${formatRate(bytes, ms)}. SHA-256 ${sha256} (verified)`
}

function noise() {
  const bytes = new Uint8Array(NOISE_SIZE)
  for (let at = 0; at < NOISE_SIZE; at += RANDOM_LIMIT) {
    crypto.getRandomValues(bytes.subarray(at, at + RANDOM_LIMIT))
  }
  return new Blob([bytes])
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
