// Files with known contents for transfers.

import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  statSync,
  writeFileSync,
  openSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { join } from 'node:path'
import { Prng } from '@godwit/testkit'

/** The SHA-256 of a file, in hex. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

/** Writes `size` bytes that differ from block to block, so that no piece can pass for another. */
export function makeFile(path: string, size: number, seed: number): void {
  if (existsSync(path) && statSync(path).size === size) return
  const block = new Prng(seed).bytes(65536)
  const view = new DataView(block.buffer)
  const file = openSync(path, 'w')
  for (let at = 0; at < size; at += block.length) {
    view.setUint32(0, at / block.length)
    writeSync(file, block, 0, Math.min(block.length, size - at))
  }
  closeSync(file)
}

/** A folder to serve: `small` (1 kB), `medium` (1 MB), `large` (100 MB), `index.html`, `n/0..49`. */
export function makeSite(folder: string): void {
  mkdirSync(join(folder, 'n'), { recursive: true })
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>godwit</title><p>godwit\n')
  makeFile(join(folder, 'small'), 1000, 1)
  makeFile(join(folder, 'medium'), 1_000_000, 2)
  makeFile(join(folder, 'large'), 100_000_000, 3)
  for (let i = 0; i < 50; i++) makeFile(join(folder, 'n', String(i)), 20_000 + i, 100 + i)
}
