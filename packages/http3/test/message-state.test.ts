import t from 'tap'
import {
  ILLEGAL,
  isMessageOver,
  MESSAGE_EVENT_NAMES,
  nextMessageState,
  STATE_NAMES,
} from '../src/message-state.ts'

t.test('every event in every state (RFC 9114 §4.1, §4.4)', (t) => {
  const matrix = STATE_NAMES.map((from, state) =>
    [
      `${from}:`,
      ...MESSAGE_EVENT_NAMES.map((event, number) => {
        const to = nextMessageState(state, number)
        return `${event} ${to === ILLEGAL ? '-' : STATE_NAMES[to]}`
      }),
    ].join(' | '),
  )
  t.same(matrix, [
    'start: | interim start | final content | tunnel tunnel | data - | trailers - | end - | abort aborted',
    'content: | interim - | final - | tunnel - | data content | trailers trailed | end ended | abort aborted',
    'trailed: | interim - | final - | tunnel - | data - | trailers - | end ended | abort aborted',
    'tunnel: | interim - | final - | tunnel - | data tunnel | trailers - | end ended | abort aborted',
    'ended: | interim - | final - | tunnel - | data - | trailers - | end - | abort aborted',
    'aborted: | interim aborted | final aborted | tunnel aborted | data aborted | trailers aborted | end aborted | abort aborted',
  ])
  t.same(
    STATE_NAMES.filter((_, state) => isMessageOver(state)),
    ['ended', 'aborted'],
  )
  t.end()
})
