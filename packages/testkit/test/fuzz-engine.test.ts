// The byte fuzzer itself: counters change nothing, lengths stay true, and a defect behind several
// comparisons is found.

import t from 'tap'
import { clearCounters, Coverage, installCoverage } from '../fuzz/engine/coverage.ts'
import { instrument } from '../fuzz/engine/instrument.mjs'
import { minimizeFailure } from '../fuzz/engine/minimize.ts'
import { derElements, tlsElements, varintElements } from '../fuzz/engine/outlines.ts'
import { Session } from '../fuzz/engine/session.ts'
import { mutateStructure } from '../fuzz/engine/structure.ts'
import type { Element, Target } from '../fuzz/engine/target.ts'
import { sampleMessages } from '../fuzz/targets/tls-messages.ts'
import { Prng } from '../src/prng.ts'

installCoverage()

type Decode = (bytes: Uint8Array) => unknown

/** What the text of a module exports as `decode`, with counters. */
async function load(source: string, name: string): Promise<Decode> {
  const text = instrument(source, name)
  t.equal(text.split('\n').length, source.split('\n').length, 'every line stays where it was')
  const url = `data:text/javascript,${encodeURIComponent(text)}`
  const module = (await import(url)) as { decode: Decode }
  return module.decode
}

t.test('counters change nothing but themselves', async (t) => {
  const source = `
    export function decode(bytes) {
      const out = []
      if (bytes.length > 2) out.push('long'); else if (bytes.length) out.push('short')
      for (const b of bytes) if (b > 9) continue; else out.push(b % 2 ? 'odd' : (b, { even: b }))
      for (let i = 0, n = bytes.length; i < n; i++) while (out.length > 5) out.pop()
      do out.push(-1); while (out.length < 3)
      switch (bytes[0]) { case 1: { out.push('one'); break } case 2: case 3: out.push('more') }
      label: for (const k in { a: 1 }) { if (k) break label }
      const f = (x) => ({ x }), g = (x = 7) => x ?? 1, h = async () => { await null }
      class A { #p = bytes.length && 5; get p() { return this.#p } static s = () => 3 }
      class B extends A { constructor() { super(); this.q = 1 } }
      let z = null; z ??= 4; z ||= 5; z &&= 6
      try { if (bytes[0] === 9) throw new Error('nine') } catch { out.push('caught') } finally { out.push('end') }
      out.push(f(1).x, g(), h.name, new B().p, A.s(), z, bytes[0] && (bytes[1] || bytes[2]))
      return out
    }`
  const plain = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
    decode: Decode
  }
  const counted = await load(source, 'syntax')
  for (const bytes of [[], [0], [1, 2], [2, 12, 3], [3], [9, 9, 9, 9, 9, 9, 9]]) {
    const input = Uint8Array.from(bytes)
    clearCounters()
    t.same(counted(input), plain.decode(input))
    const coverage = new Coverage()
    t.ok(coverage.add() > 5, 'places were counted')
    t.equal(coverage.add(), 0, 'nothing is new the second time')
  }
  t.end()
})

/** False when some length does not say where its element ends. */
function tiles(input: Uint8Array, elements: readonly Element[]): boolean {
  return elements.at(-1)?.end === input.length
}

t.test('whole elements are changed with the lengths around them', (t) => {
  const formats = [
    {
      outline: (input: Uint8Array) => tlsElements(input, 0, input.length),
      inputs: sampleMessages(),
    },
    {
      outline: (input: Uint8Array) => derElements(input, 0, input.length),
      inputs: [Uint8Array.of(0x30, 0x08, 0x30, 0x03, 0x02, 0x01, 0x05, 0x04, 0x01, 0x07)],
    },
    {
      outline: (input: Uint8Array) => varintElements(input, 0, input.length),
      inputs: [Uint8Array.of(0x04, 0x40, 0x02, 1, 2, 0x40, 0xff, 1, 9)],
    },
  ]
  const prng = new Prng(3)
  for (const { outline, inputs } of formats) {
    let whole = 0
    for (let i = 0; i < 2000; i++) {
      const context = {
        prng,
        maxLength: 4000,
        dictionary: [],
        other: () => inputs[prng.below(inputs.length)],
      }
      const input = mutateStructure(inputs[i % inputs.length], outline, context)
      if (input.length === 0 || tiles(input, outline(input))) whole++
    }
    // The rest has a changed length: that is a mutation, too.
    t.ok(whole > 1200, `${whole} of 2000 still are what their lengths say`)
  }
  t.end()
})

t.test('what fails is made small', (t) => {
  const input = new Prng(1).bytes(500)
  input[77] = 0xab
  input[300] = 0xcd
  const small = minimizeFailure(input, (candidate) => {
    const at = candidate.indexOf(0xab)
    return at >= 0 && candidate.indexOf(0xcd, at) > 0
  })
  t.same([...small], [0xab, 0xcd])
  t.end()
})

t.test(
  'a defect behind five comparisons is found, which chance would not in a lifetime',
  async (t) => {
    const decode = await load(
      `export function decode(b) {
      if (b[0] !== 0x47) return
      if (b[1] !== 0x6f) return
      if (b[2] !== 0x64 || b[3] < 0xf0) return
      if (b[4] === b[0]) null.x
    }`,
      'maze',
    )
    const target: Target = {
      name: 'maze',
      about: 'five bytes',
      maxLength: 8,
      seeds: () => [new Uint8Array(1)],
      run: (input) => {
        decode(input)
      },
    }
    const session = new Session(target, new Prng(1), { begin: () => {} })
    session.seed(target.seeds())
    session.fuzz(Infinity, 200_000)
    t.equal(session.failures.length, 1)
    t.match(session.failures[0].error, TypeError)
    t.same([...session.failures[0].input.subarray(0, 3)], [0x47, 0x6f, 0x64])
    t.end()
  },
)

t.test('too much work for the bytes is a failure', async (t) => {
  const decode = await load(
    'export function decode(b) { for (const x of b) for (const y of b) x === y ? 1 : 2 }',
    'square',
  )
  const target: Target = {
    name: 'square',
    about: 'time that grows with the square',
    maxLength: 400,
    steps: { base: 100, perByte: 40 },
    seeds: () => [new Uint8Array(2)],
    run: (input) => {
      decode(input)
    },
  }
  const session = new Session(target, new Prng(1), { begin: () => {} })
  session.seed(target.seeds())
  session.fuzz(Infinity, 5000)
  t.match(session.failures[0]?.error.message, /^too much work/)
  t.end()
})
