import t from 'tap'
import { CAN_BATCH, runWithBatchedSends } from '../src/commands/batched-sends.ts'

const module = new URL('./support/ends-with-7.ts', import.meta.url)

t.test(
  'a command runs in a thread with the option, hears signals and says its status',
  async (t) => {
    const status = runWithBatchedSends(module, ['argument'])
    if (!CAN_BATCH) {
      t.equal(status, null, 'this Node.js would lose whole batches')
      return
    }
    // A signal may come before the thread listens.
    process.emit('SIGTERM')
    t.equal(await status, 7)
    t.equal(process.listenerCount('SIGTERM'), process.listenerCount('SIGINT'))
  },
)

t.test('there is no thread where the option is set already, or cannot be set', (t) => {
  for (const option of ['--test-udp-no-try-send', '--stack-size=900']) {
    process.execArgv.push(option)
    t.equal(runWithBatchedSends(module, []), null)
    process.execArgv.pop()
  }
  t.end()
})
