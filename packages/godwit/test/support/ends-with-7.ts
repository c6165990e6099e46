// Run by batched-sends.test.ts in a thread: ends with 7 if it is one whose sends are batched.
import { stopRequested } from '../../src/commands/batched-sends.ts'

process.stdout.write('running\n')
await stopRequested()
const batched = process.execArgv.includes('--test-udp-no-try-send')
process.exitCode = batched && process.argv[2] === 'argument' ? 7 : 1
