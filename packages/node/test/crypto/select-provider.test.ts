// Which backend is taken: in processes of their own, since what an engine can do is found out once.

import { spawnSync } from 'node:child_process'
import t from 'tap'

const LOADER = ['--import=@godwit/testkit/register', '--conditions=@godwit/source']
const module_ = new URL('../../src/crypto/select-provider.ts', import.meta.url).href

/**
 * Runs `before` and then takes a provider without an option, which seals and opens a packet. Returns the
 * names of the provider and its packet engine.
 */
function taken(before: string, variables: Record<string, string> = {}): string {
  const program = `
    import { selectProvider } from ${JSON.stringify(module_)}
    ${before}
    const provider = selectProvider()
    const engine = provider.createPacketEngine(1)
    const make = () =>
      engine.createPacketKey(0x1301, new Uint8Array(16), new Uint8Array(12), new Uint8Array(16))
    const { bytes, base } = engine.memory
    bytes[base] = 0x41
    make().protect(base, base + 9, 2, 1000, 0)
    const opener = make()
    opener.removeHeaderProtection(base, base + 9)
    if (!opener.unprotect(base, 11, 1000, 0)) throw new Error('the packet did not open')
    console.log(provider.name + ' ' + engine.name)
  `
  const { GODWIT_CRYPTO: _, ...env } = process.env
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...LOADER, '--input-type=module', '--eval', program],
    { env: { ...env, ...variables }, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  return stdout.trim()
}

/** WebAssembly as it is without relaxed SIMD, or without any: validation refuses such modules. */
const refuse = (count: number): string => `
  const { validate } = WebAssembly
  let left = ${count}
  WebAssembly.validate = (bytes) => left-- <= 0 && validate(bytes)
`

t.test('the fastest backend that runs here is taken', (t) => {
  t.match(taken(''), /^simd simd(-relaxed)?$/)
  t.equal(taken(refuse(1)), 'simd simd', 'without relaxed SIMD')
  t.end()
})

t.test('without SIMD, or without WebAssembly, node:crypto is taken', (t) => {
  t.equal(taken(refuse(2)), 'node node')
  t.equal(taken('globalThis.WebAssembly = undefined'), 'node node')
  t.equal(taken('globalThis.WebAssembly = undefined', { GODWIT_CRYPTO: 'simd' }), 'node node')
  t.end()
})

t.test('GODWIT_CRYPTO names a backend, and a wrong name is an error', (t) => {
  t.equal(taken('', { GODWIT_CRYPTO: 'node' }), 'node node')
  t.equal(taken('', { GODWIT_CRYPTO: 'noble' }), 'noble noble')
  t.match(taken('', { GODWIT_CRYPTO: '' }), /^simd/)
  t.throws(
    () => taken('', { GODWIT_CRYPTO: 'openssl' }),
    /"GODWIT_CRYPTO" expected simd, node, noble/,
  )
  t.end()
})
