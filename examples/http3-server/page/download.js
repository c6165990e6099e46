import { formatBytes, formatRate, showError, showResult } from './format.js'

export function setUpDownload() {
  const form = document.querySelector('#download-form')
  const button = document.querySelector('#download')
  const output = document.querySelector('#download-result')
  const run = async () => {
    button.disabled = true
    output.value = ''
    try {
      showResult(output, await download(Number(new FormData(form).get('bytes'))))
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

async function download(size) {
  const progress = document.querySelector('#download-progress')
  const start = performance.now()
  const response = await fetch(`/download?bytes=${size}`, { cache: 'no-store' })
  let received = 0
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read()
    if (done) break
    received += value.length
    progress.value = received / size
  }
  const ms = performance.now() - start
  if (received !== size) throw new Error(`${received} bytes instead of ${size}`)
  return `${formatBytes(received)} in ${(ms / 1000).toFixed(2)} s, ${formatRate(received, ms)}`
}
