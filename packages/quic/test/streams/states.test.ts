import t from 'tap'
import {
  nextReceiveState,
  RECEIVE_EVENTS,
  RECEIVE_STATES,
  RECEIVE_TRANSITIONS,
} from '../../src/streams/receive-states.ts'
import {
  nextSendState,
  SEND_EVENTS,
  SEND_STATES,
  SEND_TRANSITIONS,
} from '../../src/streams/send-states.ts'

// Every cell, spelled out: a change of a table has to be made here too.
const sending: Record<string, string[]> = {
  //            SENT_STREAM  SENT_FIN     ALL_ACKED     SENT_RESET    RESET_ACKED
  READY: ['SEND', 'DATA_SENT', '-', 'RESET_SENT', '-'],
  SEND: ['SEND', 'DATA_SENT', '-', 'RESET_SENT', '-'],
  DATA_SENT: ['DATA_SENT', 'DATA_SENT', 'DATA_RECVD', 'RESET_SENT', '-'],
  DATA_RECVD: ['-', '-', '-', '-', '-'],
  RESET_SENT: ['-', '-', '-', '-', 'RESET_RECVD'],
  RESET_RECVD: ['-', '-', '-', '-', '-'],
}

const receiving: Record<string, string[]> = {
  //            RECV_FIN  RECV_ALL_DATA  RECV_RESET  APP_READ_ALL  APP_READ_RESET
  RECV: ['SIZE_KNOWN', '-', 'RESET_RECVD', '-', '-'],
  SIZE_KNOWN: ['SIZE_KNOWN', 'DATA_RECVD', 'RESET_RECVD', '-', '-'],
  DATA_RECVD: ['DATA_RECVD', '-', 'DATA_RECVD', 'DATA_READ', '-'],
  RESET_RECVD: ['RESET_RECVD', '-', 'RESET_RECVD', '-', 'RESET_READ'],
  DATA_READ: ['DATA_READ', '-', 'DATA_READ', '-', '-'],
  RESET_READ: ['RESET_READ', '-', 'RESET_READ', '-', '-'],
}

function check(
  expected: Record<string, string[]>,
  states: readonly string[],
  events: readonly string[],
  transitions: readonly (readonly number[])[],
  next: (state: number, event: number) => number,
): void {
  t.same(Object.keys(expected), states)
  t.equal(transitions.length, states.length)
  for (const [state, name] of states.entries()) {
    t.equal(transitions[state].length, events.length)
    for (const [event, eventName] of events.entries()) {
      const then = expected[name][event]
      const title = `${name} + ${eventName} = ${then}`
      if (then !== '-') t.equal(states[next(state, event)], then, title)
      else t.throws(() => next(state, event), { name: 'TransportError', errorCode: 0x01 }, title)
    }
  }
}

t.test('RFC 9000 §3.1 figure 2: the sending part, every state and event', (t) => {
  check(sending, SEND_STATES, SEND_EVENTS, SEND_TRANSITIONS, nextSendState)
  t.end()
})

t.test('RFC 9000 §3.2 figure 3: the receiving part, every state and event', (t) => {
  check(receiving, RECEIVE_STATES, RECEIVE_EVENTS, RECEIVE_TRANSITIONS, nextReceiveState)
  t.end()
})
