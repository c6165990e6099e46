import { createSocket } from 'node:dgram'

/** Whether this machine has IPv6. Tests that need it say that they were skipped where it has not. */
export function hasIpv6(): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createSocket('udp6')
    const tell = (works: boolean): void => {
      probe.close(() => resolve(works))
    }
    probe.once('error', () => tell(false))
    probe.bind(0, '::1', () => tell(true))
  })
}

export const IPV6_SKIPPED: string | false = (await hasIpv6()) ? false : 'no IPv6 here'
