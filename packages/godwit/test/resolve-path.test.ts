import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import * as fc from 'fast-check'
import { resolvePath } from '../src/static/resolve-path.ts'

const base = realpathSync(
  t.testdir({ root: { 'a.txt': 'a', sub: { 'b c.txt': 'b' } }, 'secret.txt': 's' }),
)
const root = join(base, 'root')
writeFileSync(join(root, '.hidden'), 'h')
mkdirSync(join(root, '.git'))
writeFileSync(join(root, '.git', 'config'), 'c')
symlinkSync(join(base, 'secret.txt'), join(root, 'outward.txt'))
symlinkSync(base, join(root, 'up'))
symlinkSync(join(root, 'a.txt'), join(root, 'inward.txt'))
symlinkSync(join(root, '.hidden'), join(root, 'unhidden.txt'))
symlinkSync(join(root, 'loop'), join(root, 'loop'))

t.test('files below the root are found', async (t) => {
  t.equal(await resolvePath(root, '/a.txt'), join(root, 'a.txt'))
  t.equal(await resolvePath(root, '/sub/b%20c.txt'), join(root, 'sub', 'b c.txt'))
  t.equal(await resolvePath(root, '//sub//'), join(root, 'sub'))
  t.equal(await resolvePath(root, '/inward.txt'), join(root, 'a.txt'))
  t.equal(await resolvePath(root, '/'), root)
})

t.test('nothing outside is, and nothing hidden', async (t) => {
  for (const path of [
    '/../secret.txt',
    '/sub/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..%5csecret.txt',
    '/\\..\\secret.txt',
    '/%252e%252e/secret.txt',
    '/a.txt%00.html',
    '/%ff',
    '/%',
    '/outward.txt',
    '/up/secret.txt',
    '/up/root/a.txt/..',
    '/.hidden',
    '/%2ehidden',
    '/.git/config',
    '/sub/.well-known/x',
    '/.well-known/.hidden',
    '/unhidden.txt',
    '/loop',
    '/a.txt/below',
    '/nothing',
    `/${'a'.repeat(5000)}`,
  ]) {
    t.equal(await resolvePath(root, path), null, path.slice(0, 40))
  }
})

t.test('whatever is asked for lies below the root', async () => {
  const pieces = fc.constantFrom(
    '..',
    '.',
    '/',
    '%2e',
    '%2f',
    '%5c',
    '\\',
    'up',
    'sub',
    'secret.txt',
    'root',
    'a.txt',
    '%00',
    '~',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 8 }), async (parts) => {
      const found = await resolvePath(root, `/${parts.join('')}`)
      return found === null || found === root || found.startsWith(`${root}/`)
    }),
    { seed: 1, numRuns: 1000 },
  )
})
