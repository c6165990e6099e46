// The parent's side of a worker: runs cases in it, and ends and replaces it when one hangs.

import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Area, Case } from './case.ts'
import type { Finding } from './watch.ts'
import type { Order, Report } from './worker.ts'

/** How long one case may take, in ms of real time: they take some 20. */
const PATIENCE = 15_000

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))

export interface WorkerOptions {
  /** More arguments for Node.js. */
  readonly execArgv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export class CaseWorker {
  readonly #options: WorkerOptions
  #child: ChildProcess | null
  /** CPU time of workers that have ended, and of the present one. */
  #cpuBefore: number
  #cpuNow: number

  constructor(options: WorkerOptions = {}) {
    this.#options = options
    this.#child = null
    this.#cpuBefore = 0
    this.#cpuNow = 0
  }

  /** CPU time spent, in ms. */
  get cpu(): number {
    return this.#cpuBefore + this.#cpuNow
  }

  /** Runs one case. */
  async runCase(given: Case): Promise<readonly Finding[]> {
    let findings: readonly Finding[] = []
    await this.#run({ type: 'case', given }, [given.seed], (report) => {
      findings = report.findings
    })
    return findings
  }

  /** Runs the cases of `count` seeds; tells of each. */
  async runSeeds(
    area: Area,
    first: number,
    count: number,
    onReport: (report: Report) => void,
  ): Promise<void> {
    const progress = { at: first }
    while (progress.at < first + count) {
      const left = first + count - progress.at
      const seeds = Array.from({ length: left }, (_, i) => progress.at + i)
      const order: Order = { type: 'seeds', area, first: progress.at, count: left }
      await this.#run(order, seeds, (report) => {
        progress.at = report.seed + 1
        onReport(report)
      })
    }
  }

  /** Ends the worker. */
  close(): void {
    this.#child?.kill()
    this.#child = null
    this.#cpuBefore += this.#cpuNow
    this.#cpuNow = 0
  }

  /** Resolves when the order is carried out, or when a case of it hung. */
  #run(order: Order, seeds: readonly number[], onReport: (report: Report) => void): Promise<void> {
    const child = (this.#child ??= this.#start())
    return new Promise((resolve) => {
      let done = 0
      let timer: NodeJS.Timeout | undefined
      const finish = (): void => {
        clearTimeout(timer)
        child.off('message', onMessage)
        child.off('exit', onExit)
        resolve()
      }
      const lose = (rule: string): void => {
        finish()
        onReport({ seed: seeds[done] as number, findings: [{ rule, detail: '' }], cpu: 0 })
      }
      const wait = (): void => {
        clearTimeout(timer)
        timer = setTimeout(() => {
          child.kill('SIGKILL')
          this.close()
          lose('the process hangs')
        }, PATIENCE)
      }
      const onMessage = (report: Report): void => {
        this.#cpuNow = report.cpu
        done++
        onReport(report)
        if (done === seeds.length) finish()
        else wait()
      }
      const onExit = (code: number | null): void => {
        this.close()
        lose(`the process ends with ${code}`)
      }
      child.on('message', onMessage)
      child.on('exit', onExit)
      wait()
      child.send(order)
    })
  }

  #start(): ChildProcess {
    const { execArgv = [], env = {} } = this.#options
    return fork(WORKER, [], {
      execArgv: [...process.execArgv, ...execArgv],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
  }
}
