// IP address literals: IPv4 dotted decimal, IPv6 by RFC 4291 §2.2, written by RFC 5952.

/**
 * The 4 or 16 bytes of an IP address literal, null for anything else. IPv4 has exactly four decimal
 * parts without leading zeros. IPv6 may stand in brackets, as in URLs; zones (`%eth0`) are refused.
 */
export function parseIpAddress(text: string): Uint8Array | null {
  if (text.startsWith('[')) return text.endsWith(']') ? parseIpv6(text.slice(1, -1)) : null
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** Dotted decimal for 4 bytes, RFC 5952 for 16. */
export function formatIpAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push((address[i] << 8) | address[i + 1])
  // RFC 5952 §4.2: the longest run of zeros becomes `::`, the first of equals, never a single one.
  let best = 0
  let bestLength = 1
  for (let i = 0; i < 8; i += 1) {
    let end = i
    while (end < 8 && groups[end] === 0) end += 1
    if (end - i > bestLength) {
      best = i
      bestLength = end - i
    }
  }
  const write = (part: readonly number[]): string => part.map((n) => n.toString(16)).join(':')
  if (bestLength === 1) return write(groups)
  return `${write(groups.slice(0, best))}::${write(groups.slice(best + bestLength))}`
}

function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split('.', 5)
  if (parts.length !== 4) return null
  const address = new Uint8Array(4)
  for (let i = 0; i < 4; i += 1) {
    const part = parts[i]
    // Leading zeros mean octal to some and decimal to others: refused, as by WHATWG and inet_pton.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null
    address[i] = Number(part)
  }
  return address
}

function parseIpv6(text: string): Uint8Array | null {
  if (text.length > 45) return null
  const halves = text.split('::')
  if (halves.length > 2) return null
  const head = parseGroups(halves[0], halves.length === 1)
  const tail = halves.length === 1 ? [] : parseGroups(halves[1], true)
  if (head === null || tail === null) return null
  const length = head.length + tail.length
  // `::` stands for at least one group of zeros.
  if (halves.length === 1 ? length !== 16 : length > 14) return null
  const address = new Uint8Array(16)
  address.set(head, 0)
  address.set(tail, 16 - tail.length)
  return address
}

// Bytes of the groups between colons; the last may be an IPv4 address at the end of the literal.
function parseGroups(text: string, isEnd: boolean): number[] | null {
  if (text === '') return []
  const groups = text.split(':')
  const bytes: number[] = []
  for (let i = 0; i < groups.length; i += 1) {
    const group = groups[i]
    if (isEnd && i === groups.length - 1 && group.includes('.')) {
      const ipv4 = parseIpv4(group)
      if (ipv4 === null) return null
      bytes.push(...ipv4)
      continue
    }
    if (!/^[0-9A-Fa-f]{1,4}$/.test(group)) return null
    const value = Number.parseInt(group, 16)
    bytes.push(value >> 8, value & 0xff)
  }
  return bytes
}
