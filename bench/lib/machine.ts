// What the machine did during a measurement: CPU time of a process with all its children, memory,
// and noise: what other processes used and what the hypervisor took away. Linux only.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release } from 'node:os'

/** Clock ticks of /proc in a second: USER_HZ, which is 100 on every Linux. */
const TICKS = 100

/** The process `leader` and all processes of its session. */
function session(leader: number): { pid: number; seconds: number }[] {
  const found = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    let text: string
    try {
      text = readFileSync(`/proc/${name}/stat`, 'utf8')
    } catch {
      continue // It ended meanwhile.
    }
    // After the name in brackets: state, ppid, pgrp, session, ..., utime, stime, cutime, cstime.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    if (Number(fields[3]) !== leader || fields[0] === 'Z') continue
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    found.push({ pid: Number(name), seconds: ticks / TICKS })
  }
  return found
}

/** CPU seconds that the session of `leader` has used so far. */
export function cpuSeconds(leader: number): number {
  return session(leader).reduce((sum, { seconds }) => sum + seconds, 0)
}

/** CPU milliseconds that this process has used so far: other processes do not disturb it. */
export function cpuMillis(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

export interface Memory {
  /** Resident now and at most since `resetPeak`, in MB. */
  readonly resident: number
  readonly peak: number
}

export function memoryOf(leader: number): Memory {
  let resident = 0
  let peak = 0
  for (const { pid } of session(leader)) {
    try {
      const text = readFileSync(`/proc/${pid}/status`, 'utf8')
      resident += Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024
      peak += Number(/^VmHWM:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024
    } catch {
      // It ended meanwhile.
    }
  }
  return { resident, peak }
}

/** Lets the peak begin anew at what is resident now. */
export function resetPeak(leader: number): void {
  for (const { pid } of session(leader)) {
    try {
      writeFileSync(`/proc/${pid}/clear_refs`, '5')
    } catch {
      // Not permitted: the peak is that of the whole run.
    }
  }
}

/** CPU seconds since boot: spent by all processes, and taken by the hypervisor. */
export interface MachineTime {
  readonly busy: number
  readonly stolen: number
}

export function machineTime(): MachineTime {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).slice(1).map(Number)
  const [user, nice, system, , , irq, softirq, stolen] = fields
  return { busy: (user + nice + system + irq + softirq) / TICKS, stolen: stolen / TICKS }
}

/** The machine in one line. */
export function machineName(): string {
  const [{ model }] = cpus()
  return `${availableParallelism()} x ${model.trim()}, Linux ${release()}, Node ${process.versions.node}`
}

export function loadNow(): string {
  return loadavg()
    .map((value) => value.toFixed(2))
    .join(' ')
}
