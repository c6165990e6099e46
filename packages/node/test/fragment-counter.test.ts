import t from 'tap'

import { FragmentCounter, parseSnmp, parseSnmp6 } from '../src/fragment-counter.ts'

t.test('FragCreates of /proc/net/snmp, wherever its column is', (t) => {
  const text = 'Ip: Forwarding FragOKs FragFails FragCreates\nIp: 1 2 3 46\nIcmp: InMsgs\nIcmp: 5\n'
  t.equal(parseSnmp(text), 46)
  t.equal(parseSnmp('Ip: Forwarding\nIp: 1\n'), 0)
  t.equal(parseSnmp(''), 0)
  t.end()
})

t.test('Ip6FragCreates of /proc/net/snmp6', (t) => {
  t.equal(parseSnmp6('Ip6FragFails     \t1\nIp6FragCreates                  \t28\n'), 28)
  t.equal(parseSnmp6('Ip6FragFails     \t1\n'), 0)
  t.equal(parseSnmp6(''), 0)
  t.end()
})

t.test('the counters of this system are numbers; once closed there are none', (t) => {
  const counter = new FragmentCounter()
  for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '::1']) {
    const count = counter.read({ address, port: 1 })
    t.ok(Number.isSafeInteger(count) && count >= 0)
  }
  counter.close()
  counter.close()
  t.equal(counter.read({ address: '127.0.0.1', port: 1 }), 0)
  t.equal(counter.read({ address: '::1', port: 1 }), 0)
  t.end()
})
