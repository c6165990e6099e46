// The handshakes in progress of a server, against a list that is searched.

import t from 'tap'
import * as fc from 'fast-check'
import { ADMIT, Admission, IGNORE, REFUSE } from '../../src/endpoint/admission.ts'
import type { HandshakeMember } from '../../src/endpoint/admission.ts'

class Member implements HandshakeMember<Member> {
  handshaking = false
  older: Member | null = null
  newer: Member | null = null
  droppable = false
  addressValidated = false
}

const MAX_CONNECTIONS = 6
const MAX_HANDSHAKES = 4

t.test('in any order of arrivals, validations and ends, the oldest unvalidated makes room', (t) => {
  let dropped = 0
  const steps = fc.array(
    fc.tuple(fc.constantFrom('arrive', 'arrive', 'arrive', 'validate', 'end', 'go'), fc.nat(20)),
    {
      maxLength: 60,
      size: 'max',
    },
  )
  fc.assert(
    fc.property(steps, (script) => {
      const admission = new Admission<Member>(MAX_CONNECTIONS, MAX_HANDSHAKES)
      let connections: Member[] = []
      let handshakes: Member[] = []
      const remove = (member: Member): void => {
        admission.leave(member)
        admission.leave(member)
        handshakes = handshakes.filter((other) => other !== member)
      }
      for (const [step, n] of script) {
        const member = handshakes[n % Math.max(1, handshakes.length)]
        if (step === 'validate' && member !== undefined) member.addressValidated = true
        if (step === 'end' && member !== undefined) remove(member)
        if (step === 'go') {
          const gone = connections[n % Math.max(1, connections.length)]
          if (gone !== undefined) remove(gone)
          connections = connections.filter((other) => other !== gone)
        }
        if (step !== 'arrive') continue
        const victim = handshakes.find((other) => !other.addressValidated) ?? null
        const crowded = connections.length >= MAX_CONNECTIONS
        const full = crowded || handshakes.length >= MAX_HANDSHAKES
        const wanted = !full || victim !== null ? ADMIT : crowded ? REFUSE : IGNORE
        if (admission.decide(connections.length) !== wanted) return false
        if (wanted !== ADMIT) continue
        const arrival = new Member()
        connections.push(arrival)
        const out = admission.enter(arrival, connections.length)
        handshakes.push(arrival)
        if (out !== (full ? victim : null)) return false
        if (out === null) continue
        dropped++
        remove(out)
        connections = connections.filter((other) => other !== out)
        if (out.handshaking || out.droppable || out.older !== null || out.newer !== null)
          return false
      }
      return handshakes.length <= MAX_HANDSHAKES && connections.length <= MAX_CONNECTIONS
    }),
    { seed: 1, numRuns: 3000 },
  )
  t.ok(dropped > 1000, `${dropped} were dropped`)
  t.end()
})
