import { isIP } from 'node:net'
import * as fc from 'fast-check'
import t from 'tap'
import { formatIpAddress, parseIpAddress } from '@godwit/x509'
import { hex } from './support.ts'

t.test('RFC 4291 §2.2: the three forms of IPv6 and the one of IPv4', (t) => {
  const good: [string, string, string?][] = [
    ['192.0.2.1', 'c0000201'],
    ['0.0.0.0', '00000000'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '00'.repeat(16)],
    ['::1', `${'00'.repeat(15)}01`],
    ['[::1]', `${'00'.repeat(15)}01`, '::1'],
    ['2001:DB8::8:800:200C:417A', '20010db80000000000080800200c417a', '2001:db8::8:800:200c:417a'],
    ['1::', `0001${'00'.repeat(14)}`],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008', '0:2:3:4:5:6:7:8'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201', '::ffff:c000:201'],
    ['1:2:3:4:5:6:192.0.2.1', '000100020003000400050006c0000201', '1:2:3:4:5:6:c000:201'],
    ['2001:0:0:1:0:0:0:1', '20010000000000010000000000000001', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
  ]
  for (const [text, expected, canonical = text] of good) {
    const address = parseIpAddress(text)
    t.equal(hex(address ?? new Uint8Array(0)), expected, text)
    // RFC 5952 §4.
    t.equal(formatIpAddress(address ?? new Uint8Array(4)), canonical, text)
  }
  t.end()
})

t.test('everything else is no address', (t) => {
  const bad =
    '|1|1.2.3|1.2.3.4.5|256.1.1.1|01.2.3.4|1.2.3.4.|1..2.3|0x1.2.3.4| 1.2.3.4|1.2.3.-4|:|:::|1:|:1|1:2:3:4:5:6:7|' +
    '1:2:3:4:5:6:7:8:9|1::2::3|::1::|12345::|g::|::1%lo|[::1|::1]|[1.2.3.4]|1.2.3.4::|::1.2.3|' +
    '1:2:3:4:5:6:7:1.2.3.4|1:2:3:4:5:6:7:8::|::1:2:3:4:5:6:7:8|example.org'
  for (const text of bad.split('|')) t.equal(parseIpAddress(text), null, text)
  t.end()
})

t.test('agrees with net.isIP, and what is formatted parses back', (t) => {
  const piece = fc.constantFrom(
    '0',
    '1',
    '255',
    '256',
    'ff',
    'abcd',
    '12345',
    ':',
    '::',
    '.',
    '1.2.3.4',
  )
  const text = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''))
  const agrees = fc.property(fc.oneof(text, fc.ipV4(), fc.ipV6()), (literal) => {
    const version = isIP(literal)
    const length = parseIpAddress(literal)?.length ?? 0
    return length === (version === 4 ? 4 : version === 6 ? 16 : 0)
  })
  fc.assert(agrees, { seed: 4291, numRuns: 5000 })
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc
      .array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 })
      .map((a) => Uint8Array.from(a)),
  )
  const backAgain = fc.property(bytes, (address) => {
    return hex(parseIpAddress(formatIpAddress(address)) ?? new Uint8Array(0)) === hex(address)
  })
  fc.assert(backAgain, { seed: 5952, numRuns: 1000 })
  t.end()
})
