import t from 'tap'
import * as fc from 'fast-check'
import { contentRange, parseRange } from '../src/static/range.ts'

t.test('RFC 9110 §14.1.2: byte ranges of a file of 1000 bytes', async (t) => {
  const cases: [string, ReturnType<typeof parseRange>][] = [
    ['bytes=0-499', [{ start: 0, end: 499 }]],
    ['bytes=500-', [{ start: 500, end: 999 }]],
    ['bytes=-200', [{ start: 800, end: 999 }]],
    ['bytes=-2000', [{ start: 0, end: 999 }]],
    ['bytes=999-5000', [{ start: 999, end: 999 }]],
    [
      'BYTES = 0-0 , -1',
      [
        { start: 0, end: 0 },
        { start: 999, end: 999 },
      ],
    ],
    ['bytes=0-99,50-149', [{ start: 0, end: 149 }]],
    ['bytes=50-149,0-99', [{ start: 0, end: 149 }]],
    ['bytes=0-999,5-6,-1', [{ start: 0, end: 999 }]],
    ['bytes=0-9,10-19', [{ start: 0, end: 19 }]],
    ['bytes=0-9,89-99', [{ start: 0, end: 99 }]],
    [
      'bytes=900-,0-9,90-99',
      [
        { start: 900, end: 999 },
        { start: 0, end: 9 },
        { start: 90, end: 99 },
      ],
    ],
    ['bytes=1000-', []],
    ['bytes=-0', []],
    ['bytes=1000-2000,5-6', [{ start: 5, end: 6 }]],
    ['bytes=5-4', null],
    ['bytes=-', null],
    ['bytes=a-b', null],
    ['bytes=', null],
    ['lines=1-2', null],
    ['', null],
    [`bytes=${Array.from({ length: 17 }, (_, i) => `${i}-${i}`).join(',')}`, null],
  ]
  for (const [header, wanted] of cases) t.strictSame(parseRange(header, 1000), wanted, header)
  t.strictSame(parseRange('bytes=0-', 0), [], 'nothing exists in an empty file')
})

t.test('RFC 9110 §14.4: Content-Range', async (t) => {
  t.equal(contentRange({ start: 0, end: 499 }, 1000), 'bytes 0-499/1000')
})

t.test(
  'no set of ranges is longer than the file, and none that was asked for is missing',
  async (t) => {
    const range = fc
      .tuple(fc.nat(999), fc.nat(999))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)])
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 16 }), (wanted) => {
        const parsed =
          parseRange(`bytes=${wanted.map(([a, b]) => `${a}-${b}`).join(',')}`, 1000) ?? []
        const length = parsed.reduce((sum, { start, end }) => sum + end - start + 1, 0)
        const whole = wanted.every(([a, b]) =>
          parsed.some(({ start, end }) => start <= (a as number) && end >= (b as number)),
        )
        return length <= 1000 && whole
      }),
      { seed: 1, numRuns: 1000 },
    )
    t.pass('held for 1000 sets')
  },
)
