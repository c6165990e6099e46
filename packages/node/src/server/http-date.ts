// The `date` field, made once a second (RFC 9110 §6.6.1).

let second = -1
let text = ''

/** Now as an HTTP-date, RFC 9110 §5.6.7. */
export function httpDate(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    text = new Date(now * 1000).toUTCString()
  }
  return text
}
