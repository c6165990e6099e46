import t from 'tap'
import { parseTarget } from '../src/static/request-target.ts'

t.test('RFC 3986 §2: what may not stand in a URL is percent-encoded, all else stays', async (t) => {
  const kept = "/a-z_A.Z~0!$&'()*+,;=:@%20%zz"
  t.strictSame(parseTarget(`${kept}?a=b&c#d`), { path: kept, query: '?a=b&c#d' })
  t.strictSame(parseTarget('/'), { path: '/', query: '' })
  t.strictSame(parseTarget('/a b"<>\\^`{|}'), {
    path: '/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D',
    query: '',
  })
  t.equal(parseTarget('/\xc3\xa9\x7f\0').path, '/%C3%A9%7F%00', 'bytes')
  t.equal(parseTarget('/\u20ac\u{1f600}').path, '/%E2%82%AC%F0%9F%98%80', 'characters')
  t.equal(parseTarget('/\ud800').path, '/%EF%BF%BD', 'half of a character')
})
