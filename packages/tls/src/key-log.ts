// Lines of the SSLKEYLOGFILE format, which Wireshark and others read to decrypt a capture.

const HEX = '0123456789abcdef'

function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte >>> 4] + HEX[byte & 15]
  return text
}

/** One line: the label, the client's random, the secret. No line end. */
export function keyLogLine(label: string, clientRandom: Uint8Array, secret: Uint8Array): string {
  return `${label} ${hex(clientRandom)} ${hex(secret)}`
}
