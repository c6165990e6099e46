import t from 'tap'
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
