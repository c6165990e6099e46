// Network namespaces that last as long as a process of ours in each: the kernel takes back what is in one,
// links, addresses and routes, when its last process has ended. No name is written anywhere.

import { readFileSync } from 'node:fs'
import type { Chroot } from './debian.ts'
import { run, start } from './process.ts'

export interface NetNamespace {
  /** Of the process that holds the namespace: `ip link … netns PID` moves links there. */
  readonly pid: number
  /** The argument vector that runs `argv` in the namespace. */
  command(...argv: readonly string[]): string[]
  /** Runs `ip` with these words; rejects when it fails. */
  ip(words: string): Promise<void>
  /** Sets a kernel parameter. */
  sysctl(name: string, value: number): Promise<void>
  /** The sum of the IPv4 and the IPv6 counter of that name, such as FragCreates. */
  count(name: string): number
  close(): Promise<void>
}

// `Chroot.command` would have processes of its own, and not know the one that holds another namespace.
function ipCommand(chroot: Chroot, words: readonly string[]): string[] {
  const script = 'mount --rbind /proc "$1/proc"; root=$1; shift; exec chroot "$root" "$@"'
  return ['unshare', '--mount', 'sh', '-c', script, 'ip', chroot.root, '/usr/sbin/ip', ...words]
}

/** Makes a namespace with its loopback up. Rejects where there can be none. */
export async function openNetNamespace(chroot: Chroot): Promise<NetNamespace> {
  // Killed with this process; and when this one is killed without a word, it sees that and ends.
  const hold = `echo held; while [ -d /proc/${process.pid} ]; do sleep 1; done`
  const holder = await start(['unshare', '--net', 'sh', '-c', hold])
  const { pid } = holder
  while (!holder.output().includes('held')) {
    if (holder.exitCode() !== null) throw new Error(holder.output().trim())
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
  const command = (...argv: readonly string[]): string[] => [
    'nsenter',
    `--net=/proc/${pid}/ns/net`,
    '--',
    ...argv,
  ]
  const must = async (argv: readonly string[], what: string): Promise<void> => {
    const { status, stderr } = await run(command(...argv))
    if (status !== 0) throw new Error(`${what}: ${stderr.trim()}`)
  }
  const namespace: NetNamespace = {
    pid,
    command,
    ip: (words) => must(ipCommand(chroot, words.split(' ')), `ip ${words}`),
    sysctl: (name, value) =>
      must(
        ['sh', '-c', `echo ${value} > /proc/sys/${name.replaceAll('.', '/')}`],
        `${name} = ${value}`,
      ),
    count: (name) => {
      const v4 = readFileSync(`/proc/${pid}/net/snmp`, 'latin1').split('\n')
      const at = v4[0].split(' ').indexOf(name)
      const v6 = new RegExp(`^Ip6${name}\\s+(\\d+)`, 'm').exec(
        readFileSync(`/proc/${pid}/net/snmp6`, 'latin1'),
      )
      return Number(v4[1].split(' ')[at]) + Number(v6?.[1])
    },
    close: () => holder.stop(),
  }
  await namespace.ip('link set lo up')
  return namespace
}
