// Work is linear in what a peer sends, whatever field it sends it in: characters looked at are counted,
// for a section and for one of four times its size.

import t from 'tap'
import { countSteps } from '@godwit/testkit'
import {
  checkRequestFields,
  checkResponseFields,
  checkTrailerFields,
  MessageHead,
} from '../src/message-fields.ts'
import { request } from './peers.ts'

interface Asserts {
  ok(value: boolean, message: string): unknown
}

const SMALL = 4096
const head = new MessageHead()

/** A request whose pseudo-header field `name` is `value`. */
function withPseudo(name: string, value: string): string[] {
  const fields = request()
  fields[fields.indexOf(name) + 1] = value
  return fields
}

function lines(count: number, line: (i: number) => [string, string]): string[] {
  return Array.from({ length: count }, (_, i) => line(i)).flat()
}

/** What a peer may stretch, well-formed and not: fields of about `n` characters. */
const REQUESTS: Readonly<Record<string, (n: number) => string[]>> = {
  ':method': (n) => withPseudo(':method', 'A'.repeat(n)),
  ':scheme': (n) => withPseudo(':scheme', `a${'+'.repeat(n)}`),
  ':authority': (n) => withPseudo(':authority', 'a'.repeat(n)),
  ':authority of colons': (n) => withPseudo(':authority', ':'.repeat(n)),
  ':authority of brackets': (n) => withPseudo(':authority', '['.repeat(n)),
  ':authority of CONNECT': (n) => [':method', 'CONNECT', ':authority', `${':'.repeat(n)}443`],
  ':path': (n) => withPseudo(':path', `/${'a'.repeat(n)}`),
  ':path of slashes, dots and percent signs': (n) => withPseudo(':path', '/..%2e'.repeat(n / 6)),
  ':path of another scheme': (n) => {
    const fields = withPseudo(':scheme', 'coap')
    fields[fields.indexOf(':path') + 1] = ' a'.repeat(n / 2)
    return fields
  },
  'an unknown pseudo-header field': (n) => [`:${'a'.repeat(n)}`, ''],
  'a name': (n) => [...request(), 'a'.repeat(n), ''],
  'a name in upper case at its end': (n) => [...request(), `${'a'.repeat(n)}A`, ''],
  'a value': (n) => [...request(), 'x-a', 'a'.repeat(n)],
  'a value of spaces': (n) => [...request(), 'x-a', `a${' '.repeat(n)}a`],
  'a value with spaces at its end': (n) => [...request(), 'x-a', `a${' '.repeat(n)}`],
  'a cookie': (n) => [...request(), 'cookie', 'a=b; '.repeat(n / 5).trim()],
  'crumbs of a cookie': (n) => [...request(), ...lines(n / 8, () => ['cookie', 'a'])],
  'one field, many lines': (n) => [...request(), ...lines(n / 4, () => ['x-a', 'b'])],
  'many fields': (n) => [...request(), ...lines(n / 8, (i) => [`x-${100_000 + i}`, 'b'])],
  'content-length': (n) => [...request(), 'content-length', '1'.repeat(n)],
  'a list of content-length': (n) => [...request(), 'content-length', '1, '.repeat(n / 3) + 1],
  'many lines of content-length': (n) => [
    ...request(),
    ...lines(n / 16, () => ['content-length', '1']),
  ],
  te: (n) => [...request(), 'te', 'trailers,'.repeat(n / 9)],
  host: (n) => [...request(), 'host', 'a'.repeat(n)],
  'many lines of host': (n) => [...request(), ...lines(n / 12, () => ['host', 'a.example'])],
  'the names of connection fields': (n) => [...request(), 'x-a', 'upgrade '.repeat(n / 8).trim()],
}

function isLinear(t: Asserts, what: string, work: (n: number) => () => void): void {
  const small = countSteps(work(SMALL))
  const large = countSteps(work(4 * SMALL))
  const most = 6 * 4 * SMALL
  t.ok(small > 0, `${what}: something was looked at`)
  t.ok(large <= 4 * small + 200, `${what}: ${small} steps, four times as much is ${large}`)
  t.ok(large <= most, `${what}: a few looks at each character, ${large}`)
}

t.test('the counter sees what is not linear', (t) => {
  const quadratic = (n: number) => () => {
    const text = 'a'.repeat(n)
    for (let i = 0; i < n; i += 64) text.slice(i)
  }
  const by = (n: number): number => countSteps(quadratic(n))
  t.ok(by(4 * SMALL) > 8 * by(SMALL))
  t.equal(
    countSteps(() => 'abc'.charCodeAt(1)),
    1,
  )
  t.equal(
    countSteps(() => /a/.test('abc')),
    9,
  )
  t.end()
})

t.test('the check of a request is linear in its size', (t) => {
  for (const [what, make] of Object.entries(REQUESTS)) {
    isLinear(t, what, (n) => {
      const fields = make(n)
      return () => checkRequestFields(fields, head)
    })
  }
  t.end()
})

t.test('the checks of responses and trailers are linear in their size', (t) => {
  for (const [what, make] of Object.entries(REQUESTS)) {
    if (what.startsWith(':')) continue
    const regular = (n: number): string[] => {
      const fields = make(n)
      return what.includes('pseudo') ? fields : fields.slice(request().length)
    }
    isLinear(t, `response, ${what}`, (n) => {
      const fields = [':status', '200', ...regular(n)]
      return () => checkResponseFields(fields, head)
    })
    isLinear(t, `trailers, ${what}`, (n) => {
      const fields = regular(n)
      return () => checkTrailerFields(fields)
    })
  }
  isLinear(t, ':status', (n) => {
    const fields = [':status', '2'.repeat(n), 'x-a', 'b']
    return () => {
      checkResponseFields(fields, head)
      checkTrailerFields(['x', 'y'])
    }
  })
  t.end()
})
