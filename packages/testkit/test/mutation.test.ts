import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const scripts = new URL('../scripts/', import.meta.url)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const script = fileURLToPath(new URL('mutation.mjs', scripts))

interface Mutant {
  readonly path: string
  readonly line: number
  readonly start: number
  readonly end: number
  readonly text: string
  readonly before: string
  readonly after: string
}

// The scripts are plain JavaScript: what they export is written down here.
const { mutantsOf, parses, shuffled } = (await import(
  new URL('mutation/mutants.mjs', scripts).href
)) as {
  readonly mutantsOf: (source: string) => Mutant[]
  readonly parses: (source: string) => boolean
  readonly shuffled: (mutants: readonly Mutant[], seed: string) => Mutant[]
}
const { runs, unusedRanges } = (await import(new URL('mutation/coverage.mjs', scripts).href)) as {
  readonly runs: (report: object, path: string, offset: number) => boolean
  readonly unusedRanges: (functions: readonly object[]) => number[]
}
const { judge } = (await import(new URL('mutation/judge.mjs', scripts).href)) as {
  readonly judge: (mutant: object, reports: readonly object[], context: object) => Promise<unknown>
}

function after(source: string): string[] {
  return mutantsOf(source).map((mutant) => mutant.after)
}

function run(...args: readonly string[]): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', cwd: root })
}

t.test('operators become their neighbour and their opposite', (t) => {
  t.strictSame(after('a < b'), ['a <= b', 'a >= b'])
  t.strictSame(after('a >= b'), ['a > b', 'a < b'])
  t.strictSame(after('a === b'), ['a !== b'])
  t.strictSame(after('a + b'), ['a - b'])
  t.strictSame(after('a && b'), ['a || b'])
  t.strictSame(after('a ?? b'), ['a'])
  t.strictSame(after('x = !a'), [';', 'x = a'])
  t.strictSame(after('x = Math.max(a, b)'), [';', 'x = Math.min(a, b)'])
  t.strictSame(after('a /* < */ < b'), ['a /* <= */ < b', 'a /* >= */ < b'])
  t.end()
})

t.test('constants get a neighbour; texts for people are left alone', (t) => {
  t.strictSame(after('f(8)').sort(), [';', 'f(7)', 'f(9)'])
  t.strictSame(after('x = 0xff').sort(), [';', 'x = 0x100', 'x = 0xfe'])
  t.strictSame(after('x = 0.5').sort(), [';', 'x = 0.25', 'x = 1'])
  t.strictSame(after('x = true'), [';', 'x = false'])
  t.strictSame(after("state = 'open'"), [';', "state = ''"])
  t.strictSame(after("throw new RangeError('a length')"), [';'])
  t.strictSame(after("this.violation('no such frame')"), [';'])
  t.strictSame(after('throw new Error(`0x${a.toString(16)}`)'), [';'])
  t.strictSame(after("x = 'a' + b"), [';', "x = '' + b"])
  t.end()
})

t.test('statements are left out; conditions always hold, or never', (t) => {
  t.strictSame(after('if (a) f()'), ['if (true) f()', 'if (false) f()', 'if (a) ;'])
  t.strictSame(after('while (a) f()'), ['while (false) f()', 'while (a) ;'])
  t.strictSame(after('function f() { if (a) return\n return b }'), [
    'function f() { if (true) return',
    'function f() { if (false) return',
    'function f() { if (a) ;',
  ])
  // A loop that counts the other way would only cost time, and a class needs its super().
  t.strictSame(after('for (;;i++) f()'), ['for (;;i++) ;'])
  t.strictSame(after('class A extends B { constructor() { super() } }'), [])
  t.end()
})

t.test('every mutant is one change at its place, and still JavaScript', (t) => {
  const source = `import { a } from 'b'
    export class C { #x = 1n; get y() { return this.#x ?? -a * 2 } }
    export const f = (n = 4) => { for (let i = 0; i < n; i++) { if (!i) continue; a[i] += ~n } }
    switch (a) { case 1: f(); break; default: throw new Error('c') }`
  const mutants = mutantsOf(source)
  t.ok(mutants.length > 20)
  for (const { start, end, text, after } of mutants) {
    t.ok(parses(source.slice(0, start) + text + source.slice(end)), after)
    t.not(source.slice(start, end), text)
  }
  t.equal(mutants.filter(({ line }) => line === 1).length, 0, 'names of modules stay')
  t.end()
})

t.test('a sample follows from the seed, weighs lines alike, and grows by its end', (t) => {
  const table = `const table = [${Array.from({ length: 50 }, (_, i) => i).join(', ')}]`
  const source = [table, ...Array.from({ length: 20 }, (_, i) => `if (a > b) f(${i})`)].join('\n')
  const all = mutantsOf(source).map((mutant) => ({ ...mutant, path: 'x.ts' }))
  const order = (seed: string, from = all): string[] =>
    shuffled(from, seed).map(({ line, after, text }) => `${line} ${after} ${text}`)
  t.strictSame(order('1'), order('1', [...all].reverse()), 'whatever the order was')
  t.strictNotSame(order('1'), order('2'))
  const lines = shuffled(all, '1')
    .slice(0, 21)
    .map(({ line }) => line)
  t.equal(new Set(lines).size, 21, 'one of every line comes before a second of any')
  t.end()
})

t.test('what ran is what the innermost count says', (t) => {
  const range = (startOffset: number, endOffset: number, count: number): object => ({
    startOffset,
    endOffset,
    count,
  })
  const unused = unusedRanges([
    { ranges: [range(0, 100, 1)] },
    { ranges: [range(10, 50, 2), range(20, 30, 0)] },
    { ranges: [range(60, 70, 0)] },
  ])
  t.strictSame(unused, [20, 30, 60, 70])
  const report = { unused: { 'a.ts': unused } }
  t.strictSame(
    [0, 19, 20, 29, 30, 65, 99].map((offset) => runs(report, 'a.ts', offset)),
    [true, true, false, false, true, false, true],
  )
  t.notOk(runs(report, 'b.ts', 0), 'a source that was not loaded')
  t.end()
})

t.test('a mutant is killed by a real test, and one that nothing runs survives', (t) => {
  const file = 'packages/wire/src/bag.ts'
  const { status, stdout } = run(
    '--file',
    file,
    '--sample',
    '6',
    '--json',
    '--jobs',
    '1',
    '--fresh',
  )
  t.equal(status, 0)
  const { mutants } = JSON.parse(stdout) as {
    mutants: { status: string; test?: string; path: string }[]
  }
  t.equal(mutants.length, 6)
  const killed = mutants.filter((one) => one.status === 'killed')
  t.ok(killed.length >= 4, 'the tests of the bag notice most of what breaks it')
  for (const { path, test } of killed) {
    t.equal(path, file)
    t.equal(test, 'packages/wire/test/bag.test.ts')
  }
  t.end()
})

t.test('a source that is changed during the run is an error, and kills nothing', async (t) => {
  const path = 'packages/wire/src/bag.ts'
  const source = 'not what stands there'
  const mutant = { path, source, start: 0, end: 3, text: 'NOT' }
  const report = {
    test: 'packages/wire/test/bag.test.ts',
    cpu: 1,
    proof: '',
    unused: { [path]: [] },
  }
  const verdicts = { find: () => undefined, keep: () => t.fail('a verdict was kept') }
  const context = { root, verdicts, kills: new Map() }
  await t.rejects(judge(mutant, [report], context), /was changed during the run/)
})

t.test('every mutant that is excluded as equivalent is one of today, with a reason', (t) => {
  const { status, stdout } = run('--stale')
  t.equal(stdout.trim(), '')
  t.equal(status, 0)
  t.end()
})
