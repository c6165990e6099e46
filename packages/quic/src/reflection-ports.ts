// Ports that no client of ours sends from, and that datagrams with a forged source address name: an
// answer would go to a service that answers it in turn, RFC 9000 §21.5 and RFC 9308 §8.1.

/**
 * Services over UDP that answer whatever they get, or amplify: echo, quotd, chargen, DNS, TFTP,
 * portmap, NTP, NetBIOS (2), SNMP (2), CLDAP, SLP, IKE, RIP, IPMI, SSDP, WS-Discovery, SIP, mDNS,
 * LLMNR, CoAP, memcached, Quake. And port 0, which no datagram can be sent to.
 */
const PORTS: ReadonlySet<number> = new Set([
  0, 7, 17, 19, 53, 69, 111, 123, 137, 138, 161, 162, 389, 427, 500, 520, 623, 1900, 3702, 5060,
  5353, 5355, 5683, 11211, 27960,
])

/** True for a source port whose datagrams get no answer. */
export function isReflectionPort(port: number): boolean {
  return PORTS.has(port)
}
