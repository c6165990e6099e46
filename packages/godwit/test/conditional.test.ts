import type { Stats } from 'node:fs'
import t from 'tap'
import { entityTag, evaluate, rangeApplies } from '../src/static/conditional.ts'

const modified = new Date('2026-01-01T12:00:00.500Z')
const same = 'Thu, 01 Jan 2026 12:00:00 GMT'
const earlier = 'Thu, 01 Jan 2026 11:59:59 GMT'
const etag = '"a"'

t.test('RFC 9110 §13.2.2: preconditions in their order', async (t) => {
  const cases: [Record<string, string>, number][] = [
    [{}, 200],
    [{ 'if-none-match': '"a"' }, 304],
    [{ 'if-none-match': 'W/"a"' }, 304],
    [{ 'if-none-match': '"b", "a"' }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"b"', 'if-modified-since': same }, 200],
    [{ 'if-modified-since': same }, 304],
    [{ 'if-modified-since': earlier }, 200],
    [{ 'if-modified-since': 'nonsense' }, 200],
    [{ 'if-match': '"a"' }, 200],
    [{ 'if-match': '"b"' }, 412],
    [{ 'if-match': 'W/"a"' }, 412],
    [{ 'if-unmodified-since': earlier }, 412],
    [{ 'if-unmodified-since': same }, 200],
    [{ 'if-match': '"b"', 'if-none-match': '"a"' }, 412],
  ]
  for (const [headers, wanted] of cases) {
    t.equal(evaluate(headers, etag, modified), wanted, JSON.stringify(headers))
  }
})

t.test('RFC 9110 §13.1.5: If-Range compares strongly', async (t) => {
  t.equal(rangeApplies({}, etag, modified), true)
  t.equal(rangeApplies({ 'if-range': '"a"' }, etag, modified), true)
  t.equal(rangeApplies({ 'if-range': '"b"' }, etag, modified), false)
  t.equal(rangeApplies({ 'if-range': 'W/"a"' }, etag, modified), false)
  t.equal(rangeApplies({ 'if-range': same }, etag, modified), true)
  t.equal(rangeApplies({ 'if-range': earlier }, etag, modified), false)
})

t.test('another size or time gives another entity tag', async (t) => {
  const tag = (size: number, mtimeMs: number): string => entityTag({ size, mtimeMs } as Stats)
  t.match(tag(1, 2), /^"[0-9a-f-]+"$/)
  t.not(tag(1, 2), tag(2, 2))
  t.not(tag(1, 2), tag(1, 2.001))
})
