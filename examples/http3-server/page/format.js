/** 1500000 as 1.5 MB. */
export function formatBytes(bytes) {
  const units = ['B', 'kB', 'MB', 'GB']
  let unit = 0
  let value = bytes
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** How fast `bytes` went in `ms`. */
export function formatRate(bytes, ms) {
  return `${((bytes * 8) / 1e6 / (ms / 1000)).toFixed(0)} Mbit/s`
}

export function showResult(output, text) {
  output.dataset.state = 'done'
  output.value = text
}

export function showError(output, error) {
  output.dataset.state = 'error'
  output.value = `Failed: ${error.message}`
}
