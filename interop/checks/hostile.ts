// Hostile datagrams at a real server over a real socket: noise, and a recorded session of curl, cut,
// flipped and shuffled. Afterwards the same process must still serve curl, and not have grown.

import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { Prng } from '@godwit/testkit'
import type { Check } from '../lib/check.ts'
import { expect } from '../lib/check.ts'
import type { Chroot } from '../lib/debian.ts'
import { run } from '../lib/process.ts'
import { UdpProxy } from '../lib/proxy.ts'

export interface HostileTarget {
  readonly chroot: Chroot
  readonly port: number
  readonly pid: () => number
  readonly ca: string
}

const ROUNDS = 20_000

/** Resident memory of a process in bytes. */
export function residentMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}

async function flood(socket: Socket, port: number, datagrams: Iterable<Uint8Array>): Promise<void> {
  let n = 0
  for (const datagram of datagrams) {
    await new Promise<void>((resolve) => {
      socket.send(datagram, port, '127.0.0.1', () => resolve())
    })
    // The server gets a chance to read, so that it sees them and its kernel does not drop them.
    if (++n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

function* noise(prng: Prng): Generator<Uint8Array> {
  for (let i = 0; i < ROUNDS; i++) {
    const bytes = prng.bytes(prng.below(1500))
    // Half of them look like Initials of version 1, which get furthest.
    if (prng.chance(0.5) && bytes.length > 5) bytes.set([0xc0 | prng.below(64), 0, 0, 0, 1])
    yield bytes
  }
}

function* mutations(recorded: readonly Uint8Array[], prng: Prng): Generator<Uint8Array> {
  for (let i = 0; i < ROUNDS; i++) {
    const original = recorded[prng.below(recorded.length)]
    const kind = prng.below(4)
    if (kind === 0) yield original.subarray(0, prng.below(original.length))
    else if (kind === 1) yield original
    else {
      const bytes = original.slice()
      const flips = 1 + prng.below(kind === 2 ? 1 : 30)
      for (let f = 0; f < flips; f++) bytes[prng.below(bytes.length)] ^= 1 << prng.below(8)
      yield bytes
    }
  }
}

export function hostileChecks(target: HostileTarget): Check[] {
  const { chroot, port, pid, ca } = target
  const curl = async (to: number): Promise<void> => {
    const url = `https://localhost:${to}/small`
    const argv = [
      'curl',
      '--http3-only',
      '--cacert',
      ca,
      '-sS',
      '--max-time',
      '20',
      '-o',
      '/dev/null',
    ]
    const result = await run(chroot.command(...argv, '-w', '%{http_code}', url))
    expect(result.stdout === '200', `curl: ${result.stdout} ${result.stderr.trim()}`)
  }
  const attack = (name: string, make: () => Promise<Iterable<Uint8Array>>): Check => ({
    name: `${ROUNDS} datagrams of ${name}: the server still answers curl and has not grown`,
    run: async () => {
      const datagrams = await make()
      const socket = createSocket('udp4')
      const before = residentMemory(pid())
      await flood(socket, port, datagrams)
      socket.close()
      await curl(port)
      const grown = (residentMemory(pid()) - before) / 1e6
      expect(grown < 100, `resident memory grew by ${grown.toFixed(0)} MB`)
      return `memory ${grown >= 0 ? '+' : ''}${grown.toFixed(0)} MB`
    },
  })
  return [
    attack('noise', () => Promise.resolve(noise(new Prng(1)))),
    attack('a recorded session, cut, flipped and repeated', async () => {
      const recorded: Uint8Array[] = []
      const proxy = await UdpProxy.start({
        target: { address: '127.0.0.1', port },
        onDatagram: (_direction, bytes) => recorded.push(bytes.slice()),
      })
      try {
        await curl(proxy.port)
      } finally {
        proxy.close()
      }
      expect(recorded.length > 5, `only ${recorded.length} datagrams recorded`)
      return mutations(recorded, new Prng(2))
    }),
  ]
}
