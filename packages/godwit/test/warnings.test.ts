import t from 'tap'
import { WARNING_INTERVAL } from '../src/limits.ts'
import { Warnings } from '../src/static/warnings.ts'

t.test(
  'one line for each kind and while, with the number of those that were not said',
  async (t) => {
    const said: string[] = []
    let now = 5000
    const warnings = new Warnings(
      (text) => said.push(text),
      () => now,
    )
    const full = (): Error => Object.assign(new Error('EMFILE: too many'), { code: 'EMFILE' })
    for (let i = 0; i < 1000; i++) warnings.add(full())
    t.strictSame(said, ['EMFILE: too many'])
    warnings.add(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))
    t.equal(said[1], 'EIO: i/o error')
    now += WARNING_INTERVAL - 1
    warnings.add(full())
    t.equal(said.length, 2)
    now += 1
    warnings.add(full())
    t.equal(said[2], 'EMFILE: too many (and 1000 more since)')
    warnings.add(new RangeError('a fault'))
    t.match(said[3], /RangeError: a fault\n +at /, 'a fault of ours says where')
    warnings.add('no error at all')
    t.equal(said.length, 4, 'of the same kind as any without a code')
  },
)
