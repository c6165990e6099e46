// All micro benchmarks.

import { frameMicros } from './frames.ts'
import { loopbackTable, measureLoopback } from './loopback.ts'
import { measureMicros, microTable } from './micro.ts'
import { measureProtection, protectionTable } from './protection.ts'
import { qpackMicros } from './qpack.ts'
import { recoveryMicros } from './recovery.ts'
import { streamMicros } from './streams.ts'
import { wireMicros } from './wire.ts'

export async function runMicro(smoke: boolean): Promise<{ result: unknown; text: string }> {
  const micros = [
    ...wireMicros(),
    ...frameMicros(),
    ...recoveryMicros(),
    ...streamMicros(),
    ...qpackMicros(),
  ]
  const loopback = measureLoopback(smoke)
  const operations = await measureMicros(micros, smoke)
  const protection = measureProtection(smoke)
  const tables = [microTable(operations), protectionTable(protection), loopbackTable(loopback)]
  return { result: { operations, protection, loopback }, text: tables.join('\n\n') }
}
