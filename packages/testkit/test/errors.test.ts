// docs/errors.md against the sources, both ways.

import { readdirSync, readFileSync } from 'node:fs'
import { HTTP3_ERROR_CODES } from '@godwit/http3'
import { TRANSPORT_ERROR_NAMES, transportCode } from '../../quic/src/errors.ts'
import * as tlsAlerts from '../../tls/src/alerts.ts'
import t from 'tap'

const packages = new URL('../../', import.meta.url)
const page = readFileSync(new URL('../docs/errors.md', packages), 'utf8')

/** Numbers of the `ALERT_*` constants. */
const ALERTS = new Map(
  Object.entries(tlsAlerts).flatMap(([name, value]) =>
    typeof value === 'number' ? [[name, value] as const] : [],
  ),
)

interface Row {
  readonly package: string
  readonly number: string
}

/** Rows of the page by code; a code may stand in the tables of two packages. */
const documented = new Map<string, Row[]>()
for (const [, name, section] of page.matchAll(
  /^## (?:godwit, )?@godwit\/(\w+)([^]*?)(?=^## |$(?![^]))/gm,
)) {
  for (const [, code, number] of section.matchAll(/^\| `(ERR_\w+)` \| ([^|]*?) \|/gm)) {
    documented.set(code, [...(documented.get(code) ?? []), { package: name, number }])
  }
}

function sources(name: string): { path: string; text: string }[] {
  const folder = new URL(`${name}/src/`, packages)
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(new URL(path, folder), 'utf8') }))
}

/** Codes that appear in a package's sources as whole strings, and those that it composes. */
function codesOf(name: string): { defined: Set<string>; used: Set<string> } {
  const defined = new Set<string>()
  const used = new Set<string>()
  for (const { path, text } of sources(name)) {
    for (const [, code] of text.matchAll(/'(ERR_[A-Z0-9_]*[A-Z0-9])'/g)) {
      used.add(code)
      if (path === 'errors.ts') defined.add(code)
    }
    if (name !== 'tls' || path === 'alerts.ts' || path === 'index.ts') continue
    for (const [constant] of text.matchAll(/\bALERT_[A-Z_]+\b/g)) {
      const number = ALERTS.get(constant) ?? -1
      defined.add(`ERR_TLS_${tlsAlerts.alertName(number).toUpperCase()}`)
    }
  }
  if (name === 'http3') for (const { code } of HTTP3_ERROR_CODES) defined.add(code)
  for (const code of defined) used.add(code)
  return { defined, used }
}

const names = readdirSync(packages, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'testkit')
  .map((entry) => entry.name)

t.test('docs/errors.md has every code of the sources, in the section of its package', (t) => {
  t.ok(documented.size > 100)
  for (const name of names) {
    const { defined, used } = codesOf(name)
    for (const code of used) t.ok(documented.has(code), `${name}: ${code}`)
    for (const code of defined) {
      t.ok(
        documented.get(code)?.some((row) => row.package === name),
        `${code} under ${name}`,
      )
    }
  }
  t.end()
})

t.test('docs/errors.md has no code that the sources do not have', (t) => {
  for (const name of names) {
    const { used } = codesOf(name)
    for (const [code, rows] of documented) {
      if (rows.some((row) => row.package === name)) t.ok(used.has(code), `${name}: ${code}`)
    }
  }
  t.end()
})

t.test('docs/errors.md has the numbers of RFC 9000 §20.1, RFC 9114 §8.1 and RFC 9204 §6', (t) => {
  const numberOf = (code: string, name: string): string | undefined =>
    documented.get(code)?.find((row) => row.package === name)?.number
  for (let number = 0; number < TRANSPORT_ERROR_NAMES.length; number++) {
    t.equal(numberOf(transportCode(number), 'quic'), `0x${number.toString(16)}`)
  }
  for (const { code, errorCode } of HTTP3_ERROR_CODES) {
    t.equal(numberOf(code, 'http3'), `0x${errorCode.toString(16)}`, code)
  }
  for (const [constant, number] of ALERTS) {
    const code = `ERR_TLS_${constant.slice('ALERT_'.length)}`
    if (documented.has(code)) t.equal(numberOf(code, 'tls'), String(number), code)
  }
  t.end()
})
