// A slow reader must stop the sender: what the server buffers for it is bounded, however long the
// download is.

import type { Check } from '../lib/check.ts'
import { expect } from '../lib/check.ts'
import type { Chroot } from '../lib/debian.ts'
import { run } from '../lib/process.ts'
import { residentMemory } from './hostile.ts'

export interface MemoryTarget {
  readonly chroot: Chroot
  /** Port of the example server. */
  readonly port: number
  readonly pid: number
  readonly ca: string
}

const SIZE = 1_000_000_000

export function memoryChecks(target: MemoryTarget): Check[] {
  const { chroot, port, pid, ca } = target
  return [
    {
      name: 'curl reads 1 GB at 2 MB/s and the server grows by less than 64 MB',
      run: async () => {
        const before = residentMemory(pid)
        let most = before
        const timer = setInterval(() => {
          most = Math.max(most, residentMemory(pid))
        }, 250)
        try {
          const url = `https://localhost:${port}/download?bytes=${SIZE}`
          const argv = [
            'curl',
            '--http3-only',
            '--cacert',
            ca,
            '-sS',
            '--limit-rate',
            '2M',
            '-o',
            '/dev/null',
          ]
          const result = await run(chroot.command(...argv, '-w', '%{size_download}', url), {
            timeout: 900_000,
          })
          expect(result.stdout === String(SIZE), `${result.stdout} bytes: ${result.stderr.trim()}`)
        } finally {
          clearInterval(timer)
        }
        const grown = (most - before) / 1e6
        expect(grown < 64, `resident memory grew by ${grown.toFixed(0)} MB`)
        return `memory +${grown.toFixed(0)} MB`
      },
    },
  ]
}
