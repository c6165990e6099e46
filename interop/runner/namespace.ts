// Every run lives in network and process namespaces of its own: its ports are all free, its loopback can
// be changed, and whatever it leaves behind when it ends, in any way, the kernel removes.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Chroot } from '../lib/debian.ts'
import { run } from '../lib/process.ts'

/** Runs this program again in namespaces of its own, with `plan` as INTEROP_PLAN; its exit status. */
export function runInNamespace(program: string, plan: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const flags = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    const node = [process.execPath, ...process.execArgv, program]
    const child = spawn('unshare', [...flags, ...node], {
      env: { ...process.env, INTEROP_PLAN: plan },
      // The channel tells the program inside when this one is gone.
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    })
    // Ctrl-C reaches the whole foreground group, but a signal for this process alone no other, and
    // unshare hands none on: the channel's end does. This one waits for the other to end.
    let interrupted: number | null = null
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.removeAllListeners(signal)
      process.on(signal, () => {
        interrupted = signal === 'SIGINT' ? 130 : 143
        if (child.connected) child.disconnect()
      })
    }
    child.once('error', reject)
    child.once('exit', (status) => resolve(interrupted ?? status ?? 143))
  })
}

/** Called in the namespace: ends this process when the one outside is gone. */
export function endWithParent(): void {
  process.on('disconnect', () => process.exit(143))
  // Nothing is ever sent: the channel alone keeps no process alive.
  process.channel?.unref()
}

/** Brings the loopback up. Its packets have no segmentation offload: a capture shows each datagram. */
export async function prepareLoopback(chroot: Chroot): Promise<void> {
  const offload = ['tx-udp-segmentation', 'gso', 'tso', 'gro'].flatMap((name) => [name, 'off'])
  for (const argv of [
    ['ip', 'link', 'set', 'lo', 'up'],
    ['ethtool', '-K', 'lo', ...offload],
  ]) {
    const result = await run(chroot.command('env', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...argv))
    // Not every kernel lets every one be changed.
    if (result.status !== 0 && argv[0] === 'ip') {
      throw new Error(`the loopback cannot be brought up: ${result.stderr.trim()}`)
    }
  }
}

/** Whether a socket of this namespace is bound to the UDP port. */
export function isUdpPortBound(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return ['udp', 'udp6'].some((table) => {
    try {
      const rows = readFileSync(`/proc/self/net/${table}`, 'latin1').split('\n').slice(1)
      return rows.some((row) => row.trim().split(/\s+/)[1]?.endsWith(`:${hex}`))
    } catch {
      return false
    }
  })
}
