// Files that take virtual time: each operation is done by the real system, for which the virtual clock
// waits, and its result is there some moments later, so that what peers do falls in between.

import fsp, { type FileHandle } from 'node:fs/promises'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Prng } from '@godwit/testkit'
import type { Platform } from './platform.ts'
import type { Watch } from './watch.ts'

type Operation = (...args: unknown[]) => Promise<unknown>

const NAMES = ['open', 'stat', 'lstat', 'realpath'] as const
const HANDLE_NAMES = ['read', 'stat'] as const

/** Bytes of the largest file that is served: more than a connection takes before it is read. */
const BIG = 1_500_000

/** How long an operation may take, in ns of real time. */
const PATIENCE = 2_000_000_000n

let folder: string | null = null

/** A folder of files of all kinds, made once for the process. */
export function servedFolder(): string {
  if (folder !== null) return folder
  const made = mkdtempSync(join(tmpdir(), 'godwit-fuzz-'))
  writeFileSync(join(made, 'small.txt'), 'a small file\n')
  writeFileSync(join(made, 'empty.txt'), '')
  writeFileSync(join(made, 'big.bin'), Buffer.alloc(BIG, 7))
  mkdirSync(join(made, 'folder'))
  writeFileSync(join(made, 'folder', 'index.html'), '<p>index</p>')
  try {
    execFileSync('mkfifo', [join(made, 'pipe')])
  } catch {
    // Not every system has them.
  }
  process.on('exit', () => rmSync(made, { recursive: true, force: true }))
  folder = made
  return made
}

/** What clients ask for. */
export const PATHS = [
  '/small.txt',
  '/big.bin',
  '/big.bin',
  '/big.bin',
  '/empty.txt',
  '/folder',
  '/folder/',
  '/pipe',
  '/missing',
  '/../etc/passwd',
] as const

export class SlowFiles {
  readonly #platform: Platform
  readonly #prng: Prng
  readonly #restore: (() => void)[]
  readonly #watch: Watch
  /** Since when the clock waits, in ns of real time; 0: it does not. */
  #waited: bigint
  /** Files that were opened and not closed. */
  readonly #open: Set<FileHandle>
  #running: number

  constructor(platform: Platform, watch: Watch, seed: number) {
    this.#platform = platform
    this.#prng = new Prng(seed)
    this.#restore = []
    this.#watch = watch
    this.#waited = 0n
    this.#open = new Set()
    this.#running = 0
  }

  /** Takes the place of node:fs/promises until `uninstall`. */
  async install(): Promise<void> {
    const handle = await fsp.open(join(servedFolder(), 'empty.txt'))
    const prototype = Object.getPrototypeOf(handle) as Record<string, Operation>
    await handle.close()
    for (const name of HANDLE_NAMES) this.#slow(prototype, name)
    for (const name of NAMES) this.#slow(fsp as unknown as Record<string, Operation>, name)
    syncBuiltinESMExports()
    this.#platform.isBusy = () => this.#isBusy()
  }

  uninstall(): void {
    if (this.#open.size > 0) this.#watch.found('a file is left open')
    for (const restore of this.#restore.splice(0)) restore()
    syncBuiltinESMExports()
    this.#platform.isBusy = () => false
  }

  // The clock waits for the real system; not for ever.
  #isBusy(): boolean {
    if (this.#running === 0) {
      this.#waited = 0n
      return false
    }
    const now = process.hrtime.bigint()
    if (this.#waited === 0n) this.#waited = now
    if (now - this.#waited < PATIENCE) return true
    this.#watch.found('an operation on a file does not end')
    this.#running = 0
    return false
  }

  #slow(target: Record<string, Operation>, name: string): void {
    const real = target[name] as Operation
    // oxlint-disable-next-line typescript/no-this-alias -- the operation has a `this` of its own
    const files = this
    target[name] = async function slow(this: unknown, ...args: unknown[]): Promise<unknown> {
      files.#running++
      try {
        const result = await real.apply(this, args)
        if (name === 'open') files.#watchHandle(result as FileHandle)
        return result
      } finally {
        if (files.#running > 0) files.#running--
        await files.#pause()
      }
    }
    this.#restore.push(() => {
      target[name] = real
    })
  }

  // `close` is a property of each.
  #watchHandle(handle: FileHandle): void {
    this.#open.add(handle)
    const close = handle.close.bind(handle)
    handle.close = async (): Promise<void> => {
      this.#running++
      try {
        await close()
        this.#open.delete(handle)
      } finally {
        if (this.#running > 0) this.#running--
        await this.#pause()
      }
    }
  }

  #pause(): Promise<void> {
    const ms = this.#prng.below(4)
    if (ms === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#platform.after(ms, resolve)
    })
  }
}
