// Checks of the set-up: what a killed run leaves behind is mended, and two runs do not meet.

import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '../lib/check.ts'
import type { Check } from '../lib/check.ts'
import { withLock } from '../lib/lock.ts'
import { mountsBelow, removeFolder } from '../lib/mounts.ts'
import { run, start } from '../lib/process.ts'

/** They mount: run them in a mount namespace. */
export function setupChecks(folder: string): Check[] {
  return [
    {
      name: 'a half-made chroot is removed, but nothing of what is mounted in it',
      run: async () => {
        const [partial, other] = [join(folder, 'half made'), join(folder, 'other')]
        for (const path of [join(partial, 'proc'), join(partial, 'dev'), join(other, 'deep')]) {
          mkdirSync(path, { recursive: true })
        }
        writeFileSync(join(other, 'file'), 'x')
        for (const argv of [
          ['mount', '-t', 'proc', 'proc', join(partial, 'proc')],
          ['mount', '--bind', other, join(partial, 'dev')],
          ['mount', '-t', 'tmpfs', 'tmpfs', join(partial, 'dev/deep')],
        ]) {
          const { status, stderr } = await run(argv)
          expect(status === 0, stderr)
        }
        expect(mountsBelow(partial).length === 3, mountsBelow(partial).join())
        await removeFolder(partial)
        expect(!existsSync(partial), 'the folder is still there')
        expect(mountsBelow(folder).length === 0, mountsBelow(folder).join())
        expect(readFileSync(join(other, 'file'), 'utf8') === 'x', 'what was mounted is gone')
      },
    },
    {
      name: 'a temporary folder ends with its process, that of a killed one with the next',
      run: async () => {
        const parent = join(folder, 'temporary')
        for (const name of ['lab-999999999', 'selftest-1', 'h2load-999999999-3', 'peers']) {
          mkdirSync(join(parent, name), { recursive: true })
        }
        const script = `const { temporaryFolder } = await import('${import.meta.resolve('../lib/temporary.ts')}')
          await import('${import.meta.resolve('../lib/process.ts')}')
          const { writeFileSync } = await import('node:fs')
          const [parent, kill] = process.argv.slice(1)
          writeFileSync(temporaryFolder(parent, 'made').path + '/file', '')
          temporaryFolder(parent, 'made').remove()
          process.kill(process.pid, kill)
          setInterval(() => {}, 1e6)`
        const use = async (signal: string): Promise<string> => {
          const argv = [...process.execArgv, '--input-type=module', '-e', script]
          const { stderr } = await run([process.execPath, ...argv, parent, signal])
          expect(stderr === '', stderr)
          return readdirSync(parent).sort().join()
        }
        const left = await use('SIGKILL')
        expect(/^made-\d+-0,peers,selftest-1$/.test(left), left)
        const after = await use('SIGINT')
        expect(after === 'peers,selftest-1', after)
      },
    },
    {
      name: 'a lock is held by one at a time, and freed when its holder is killed',
      run: async () => {
        const file = join(folder, 'lock')
        const script = `const { withLock } = await import('${import.meta.resolve('../lib/lock.ts')}')
          await withLock(process.argv[1], () => {}, () => new Promise(() => { console.log('held'); setInterval(() => {}, 1e6) }))`
        let held = (): void => {}
        const holds = new Promise<void>((resolve) => {
          held = resolve
        })
        const argv = [...process.execArgv, '--input-type=module', '-e', script, file]
        const other = await start([process.execPath, ...argv], { onOutput: () => held() })
        await Promise.race([holds, other.ended])
        expect(other.exitCode() === null, other.output())
        const seen: string[] = []
        const onWait = (): void => {
          seen.push('waited')
          process.kill(other.pid, 'SIGKILL')
        }
        await withLock(file, onWait, () => Promise.resolve(seen.push('first')))
        const failing = withLock(file, onWait, () => Promise.reject(new Error('no')))
        const reason = await failing.catch((error: unknown) => String(error))
        expect(reason === 'Error: no', `a lock whose holder fails: ${reason}`)
        await withLock(file, onWait, () => Promise.resolve(seen.push('again')))
        expect(seen.join() === 'waited,first,again', seen.join())
      },
    },
  ]
}
