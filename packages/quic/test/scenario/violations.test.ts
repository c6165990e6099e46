import t from 'tap'
import { LEVEL_HANDSHAKE } from '@godwit/quic'
import { bytes, editParameters, forgedPair, stillServes } from './forger.ts'
import type { ForgeOptions, Side } from './forger.ts'
import {
  CRYPTO_BUFFER_EXCEEDED,
  FINAL_SIZE_ERROR,
  FLOW_CONTROL_ERROR,
  FRAME_ENCODING_ERROR,
  PROTOCOL_VIOLATION,
  STREAM_LIMIT_ERROR,
  STREAM_STATE_ERROR,
  TRANSPORT_PARAMETER_ERROR,
  CONNECTION_ID_LIMIT_ERROR,
} from '../../src/errors.ts'

interface Violation {
  readonly title: string
  readonly from: Side | 'both'
  readonly frames: Uint8Array
  readonly errorCode: number
  readonly frameType?: number
  readonly options?: ForgeOptions
}

const MEGABYTE = 1024 * 1024
const CID = 'abcdefgh'
const TOKEN = '0123456789abcdef'

/* prettier-ignore */
const VIOLATIONS: readonly Violation[] = [
  { title: 'RFC 9000 §4.1: STREAM data past the limit of the stream (h3spec#1)', from: 'client', frames: bytes(0x0e, 2, MEGABYTE / 2, 1, 'x'), errorCode: FLOW_CONTROL_ERROR, frameType: 0x08 },
  { title: 'RFC 9000 §4.1: STREAM data past the limit of the stream (h3spec#1c)', from: 'server', frames: bytes(0x0e, 3, MEGABYTE / 2, 1, 'x'), errorCode: FLOW_CONTROL_ERROR, frameType: 0x08 },
  { title: 'RFC 9000 §4.1: STREAM data past the limit of the connection', from: 'client', frames: bytes(...[0, 4, 8, 12, 16].flatMap((id) => [0x0e, id, MEGABYTE / 4 - 1, 1, 'x'])), errorCode: FLOW_CONTROL_ERROR, frameType: 0x08 },
  { title: 'RFC 9000 §4.6: a stream past the limit (rfc9000#4.6-3, h3spec#2)', from: 'client', frames: bytes(0x0a, 4 * 1000 + 2, 1, 'x'), errorCode: STREAM_LIMIT_ERROR },
  { title: 'RFC 9000 §4.6: a stream past the limit (h3spec#2c)', from: 'server', frames: bytes(0x0a, 4 * 1000 + 3, 1, 'x'), errorCode: STREAM_LIMIT_ERROR },
  { title: 'RFC 9000 §4.5: data past the final size', from: 'client', frames: bytes(0x0b, 2, 2, 'ab', 0x0e, 2, 2, 1, 'c'), errorCode: FINAL_SIZE_ERROR },
  { title: 'RFC 9000 §4.5: RESET_STREAM with another final size', from: 'client', frames: bytes(0x0b, 2, 2, 'ab', 0x04, 2, 0, 1), errorCode: FINAL_SIZE_ERROR },
  { title: 'RFC 9000 §12.4: an unknown frame type (rfc9000#12.4-4, h3spec#11, h3spec#11c)', from: 'both', frames: bytes(0x1f00), errorCode: FRAME_ENCODING_ERROR, frameType: 0x1f00 },
  { title: 'RFC 9000 §12.4: an unknown frame type of one byte', from: 'both', frames: bytes(0x3f), errorCode: FRAME_ENCODING_ERROR, frameType: 0x3f },
  { title: 'RFC 9000 §12.4: a frame type not in its shortest encoding (rfc9000#12.4-5)', from: 'both', frames: Uint8Array.of(0x40, 0x01, 0, 0), errorCode: PROTOCOL_VIOLATION },
  { title: 'RFC 9000 §12.4: a packet without frames (rfc9000#12.4-2, h3spec#12, h3spec#12c)', from: 'both', frames: bytes(), errorCode: PROTOCOL_VIOLATION },
  { title: 'RFC 9000 §17.3.1: reserved bits in a short header (rfc9000#17.3.1-3, h3spec#15, h3spec#15c)', from: 'both', frames: bytes(0x01), errorCode: PROTOCOL_VIOLATION, options: { firstByteBits: 0x18 } },
  { title: 'RFC 9000 §19.4: RESET_STREAM for a stream that only we send on (rfc9000#19.4-1, h3spec#16)', from: 'client', frames: bytes(0x04, 3, 0, 0), errorCode: STREAM_STATE_ERROR, frameType: 0x04 },
  { title: 'RFC 9000 §19.4: RESET_STREAM for a stream that only we send on (h3spec#16c)', from: 'server', frames: bytes(0x04, 2, 0, 0), errorCode: STREAM_STATE_ERROR, frameType: 0x04 },
  { title: 'RFC 9000 §19.5: STOP_SENDING for a stream never opened (rfc9000#19.5-1, h3spec#17)', from: 'client', frames: bytes(0x05, 1, 0), errorCode: STREAM_STATE_ERROR, frameType: 0x05 },
  { title: 'RFC 9000 §19.5: STOP_SENDING for a stream that only the peer sends on (rfc9000#19.5-2)', from: 'client', frames: bytes(0x05, 2, 0), errorCode: STREAM_STATE_ERROR, frameType: 0x05 },
  { title: 'RFC 9000 §19.7: NEW_TOKEN from a client (rfc9000#19.7-4, h3spec#18)', from: 'client', frames: bytes(0x07, 1, 'x'), errorCode: PROTOCOL_VIOLATION, frameType: 0x07 },
  { title: 'RFC 9000 §19.7: an empty NEW_TOKEN (rfc9000#19.7-2, h3spec#18c)', from: 'server', frames: bytes(0x07, 0), errorCode: FRAME_ENCODING_ERROR, frameType: 0x07 },
  { title: 'RFC 9000 §19.8: STREAM on a stream of ours that was never opened (rfc9000#19.8-1, h3spec#19)', from: 'client', frames: bytes(0x0a, 1, 1, 'x'), errorCode: STREAM_STATE_ERROR },
  { title: 'RFC 9000 §19.8: STREAM on a stream that only we send on (h3spec#20)', from: 'client', frames: bytes(0x0a, 3, 1, 'x'), errorCode: STREAM_STATE_ERROR },
  { title: 'RFC 9000 §19.8: STREAM beyond its packet', from: 'both', frames: bytes(0x0a, 0, 100, 'x'), errorCode: FRAME_ENCODING_ERROR },
  { title: 'RFC 9000 §19.10: MAX_STREAM_DATA for a stream never opened (rfc9000#19.10-1, h3spec#21)', from: 'client', frames: bytes(0x11, 1, 100), errorCode: STREAM_STATE_ERROR, frameType: 0x11 },
  { title: 'RFC 9000 §19.10: MAX_STREAM_DATA for a stream that only the peer sends on (rfc9000#19.10-2, h3spec#22)', from: 'client', frames: bytes(0x11, 2, 100), errorCode: STREAM_STATE_ERROR, frameType: 0x11 },
  { title: 'RFC 9000 §19.11: MAX_STREAMS above 2^60 (rfc9000#4.6-1, h3spec#23, h3spec#23c)', from: 'both', frames: Uint8Array.of(0x12, 0xd0, 0, 0, 0, 0, 0, 0, 1), errorCode: FRAME_ENCODING_ERROR, frameType: 0x12 },
  { title: 'RFC 9000 §19.14: STREAMS_BLOCKED above 2^60 (h3spec#24, h3spec#24c)', from: 'both', frames: Uint8Array.of(0x17, 0xd0, 0, 0, 0, 0, 0, 0, 1), errorCode: FRAME_ENCODING_ERROR, frameType: 0x17 },
  { title: 'RFC 9000 §19.15: NEW_CONNECTION_ID with Retire Prior To above its number (rfc9000#19.15-7, h3spec#25, h3spec#25c)', from: 'both', frames: bytes(0x18, 4, 5, Uint8Array.of(8), CID, TOKEN), errorCode: FRAME_ENCODING_ERROR, frameType: 0x18 },
  { title: 'RFC 9000 §19.15: NEW_CONNECTION_ID with an empty ID (rfc9000#19.15-1, h3spec#26, h3spec#26c)', from: 'both', frames: bytes(0x18, 4, 0, Uint8Array.of(0), TOKEN), errorCode: FRAME_ENCODING_ERROR, frameType: 0x18 },
  { title: 'RFC 9000 §19.15: NEW_CONNECTION_ID with an ID of 21 bytes', from: 'both', frames: bytes(0x18, 4, 0, Uint8Array.of(21), 'abcdefghijklmnopqrstu', TOKEN), errorCode: FRAME_ENCODING_ERROR, frameType: 0x18 },
  { title: 'RFC 9000 §19.15: one sequence number for two connection IDs', from: 'both', frames: bytes(0x18, 3, 0, Uint8Array.of(8), CID, TOKEN), errorCode: PROTOCOL_VIOLATION, frameType: 0x18 },
  { title: 'RFC 9000 §5.1.1: more connection IDs than we asked for (rfc9000#5.1.1-6)', from: 'both', frames: bytes(0x18, 9, 0, Uint8Array.of(8), CID, TOKEN), errorCode: CONNECTION_ID_LIMIT_ERROR, frameType: 0x18 },
  { title: 'RFC 9000 §19.16: RETIRE_CONNECTION_ID for an ID never issued (rfc9000#19.16-1)', from: 'both', frames: bytes(0x19, 77), errorCode: PROTOCOL_VIOLATION, frameType: 0x19 },
  { title: 'RFC 9000 §19.16: RETIRE_CONNECTION_ID for the ID that the packet uses', from: 'both', frames: bytes(0x19, 0), errorCode: PROTOCOL_VIOLATION, frameType: 0x19 },
  { title: 'RFC 9000 §19.20: HANDSHAKE_DONE from a client (rfc9000#19.20-2, h3spec#27)', from: 'client', frames: bytes(0x1e), errorCode: PROTOCOL_VIOLATION, frameType: 0x1e },
  { title: 'RFC 9000 §13.1: ACK of a packet never sent (rfc9000#13.1-2)', from: 'both', frames: bytes(0x02, 1000, 0, 0, 0), errorCode: PROTOCOL_VIOLATION, frameType: 0x02 },
  { title: 'RFC 9000 §19.3.1: an ACK range below zero (rfc9000#19.3.1-1)', from: 'both', frames: bytes(0x02, 1, 0, 0, 5), errorCode: FRAME_ENCODING_ERROR, frameType: 0x02 },
  { title: 'RFC 9000 §7.5: CRYPTO data far ahead (rfc9000#7.5-3, rfc9000#19.6-1)', from: 'both', frames: bytes(0x06, 1_000_000, 1, 'x'), errorCode: CRYPTO_BUFFER_EXCEEDED, frameType: 0x06 },
  { title: 'RFC 9000 §19.5: STOP_SENDING for a stream never opened (h3spec#17c)', from: 'server', frames: bytes(0x05, 0, 0), errorCode: STREAM_STATE_ERROR, frameType: 0x05 },
  { title: 'RFC 9000 §19.8: STREAM on a stream of ours that was never opened (h3spec#19c)', from: 'server', frames: bytes(0x0a, 0, 1, 'x'), errorCode: STREAM_STATE_ERROR },
  { title: 'RFC 9000 §19.8: STREAM on a stream that only we send on (h3spec#20c)', from: 'server', frames: bytes(0x0a, 2, 1, 'x'), errorCode: STREAM_STATE_ERROR },
  { title: 'RFC 9000 §19.10: MAX_STREAM_DATA for a stream never opened (h3spec#21c)', from: 'server', frames: bytes(0x11, 0, 100), errorCode: STREAM_STATE_ERROR, frameType: 0x11 },
  { title: 'RFC 9000 §19.10: MAX_STREAM_DATA for a stream that only the peer sends on (h3spec#22c)', from: 'server', frames: bytes(0x11, 3, 100), errorCode: STREAM_STATE_ERROR, frameType: 0x11 },
  { title: 'draft-ietf-quic-ack-frequency §4: ACK_FREQUENCY with a delay of 2^14 ms', from: 'both', frames: bytes(0xaf, 0, 1, 16_384_000, 1), errorCode: PROTOCOL_VIOLATION, frameType: 0xaf },
  { title: 'draft-ietf-quic-ack-frequency §4: ACK_FREQUENCY with a delay below our min_ack_delay', from: 'both', frames: bytes(0xaf, 0, 1, 999, 1), errorCode: PROTOCOL_VIOLATION, frameType: 0xaf },
  { title: 'draft-ietf-quic-ack-frequency §4: an old ACK_FREQUENCY with an invalid delay', from: 'client', frames: bytes(0xaf, 5, 1, 1000, 1, 0xaf, 4, 1, 0, 1), errorCode: PROTOCOL_VIOLATION, frameType: 0xaf },
  { title: 'RFC 9001 §6: a TLS message out of turn in a 1-RTT packet', from: 'both', frames: bytes(0x06, 0, 4, Uint8Array.of(24, 0, 0, 0)), errorCode: 0x10a, frameType: 0x06 },
]

for (const violation of VIOLATIONS) {
  const { title, frames, errorCode, frameType, options } = violation
  const sides: readonly Side[] = violation.from === 'both' ? ['client', 'server'] : [violation.from]
  for (const from of sides) {
    t.test(`${title}, from the ${from}, closes with error ${errorCode}`, (t) => {
      const p = forgedPair({ seed: 5 })
      const sides = p.establish()
      p.runFor(200)
      const other = from === 'client' ? 'server' : 'client'
      p.forge(from, frames, options)
      p.runFor(100)
      t.match(sides[other].closeError, {
        name: 'TransportError',
        errorCode,
        remote: false,
        ...(frameType === undefined ? {} : { frameType }),
      })
      t.match(
        sides[from].closeError,
        { name: 'TransportError', errorCode, remote: true },
        'CONNECTION_CLOSE says what it is (rfc9000#10.3-2, rfc9000#11-1, rfc9000#11-2, rfc9000#11-4, rfc9000#11.1-1)',
      )
      stillServes(t, p)
      p.runFor(60_000)
      t.equal(p.server.endpoint.connectionCount, 0)
      t.end()
    })
  }
}

/* prettier-ignore */
const HANDSHAKE_VIOLATIONS: readonly Violation[] = [
  { title: 'RFC 9000 §17.2: reserved bits in a Handshake packet (rfc9000#17.2-9, h3spec#13)', from: 'client', frames: bytes(0x01), errorCode: PROTOCOL_VIOLATION, options: { firstByteBits: 0x0c } },
  { title: 'RFC 9000 §12.4: PATH_CHALLENGE in a Handshake packet (rfc9000#12.4-3, rfc9000#17.2.4-2, h3spec#14)', from: 'client', frames: bytes(0x1a, '12345678'), errorCode: PROTOCOL_VIOLATION, frameType: 0x1a },
  { title: 'RFC 9000 §12.4: STREAM in a Handshake packet', from: 'client', frames: bytes(0x0a, 0, 1, 'x'), errorCode: PROTOCOL_VIOLATION },
  { title: 'RFC 9000 §12.4: an application close in a Handshake packet', from: 'client', frames: bytes(0x1d, 0, 0), errorCode: PROTOCOL_VIOLATION },
  { title: 'draft-ietf-quic-ack-frequency §3: ACK_FREQUENCY in a Handshake packet', from: 'client', frames: bytes(0xaf, 0, 1, 1000, 1), errorCode: PROTOCOL_VIOLATION, frameType: 0xaf },
  { title: 'draft-ietf-quic-ack-frequency §3: IMMEDIATE_ACK in a Handshake packet', from: 'client', frames: bytes(0x1f), errorCode: PROTOCOL_VIOLATION, frameType: 0x1f },
  { title: 'RFC 9001 §4.1.3: a message out of turn in a Handshake packet', from: 'client', frames: bytes(0x06, 0, 4, Uint8Array.of(24, 0, 0, 0)), errorCode: 0x10a, frameType: 0x06 },
  { title: 'RFC 9000 §17.2: reserved bits in a Handshake packet (h3spec#13c)', from: 'server', frames: bytes(0x01), errorCode: PROTOCOL_VIOLATION, options: { firstByteBits: 0x0c } },
  { title: 'RFC 9000 §12.4: PATH_CHALLENGE in a Handshake packet (h3spec#14c)', from: 'server', frames: bytes(0x1a, '12345678'), errorCode: PROTOCOL_VIOLATION, frameType: 0x1a },
]

for (const { title, from, frames, errorCode, frameType, options } of HANDSHAKE_VIOLATIONS) {
  t.test(`${title}, from the ${from}, closes with error ${errorCode}`, (t) => {
    const p = forgedPair({ seed: 6 })
    const client = p.connect()
    p.runFor(15)
    p.forge(from as Side, frames, { ...options, level: LEVEL_HANDSHAKE })
    p.runFor(100)
    const [server] = p.server.accepted
    const [finder, sinner] = from === 'client' ? [server, client] : [client, server]
    t.match(finder.closeError, {
      name: 'TransportError',
      errorCode,
      remote: false,
      ...(frameType === undefined ? {} : { frameType }),
    })
    t.match(sinner.closeError, { errorCode, remote: true })
    stillServes(t, p)
    t.end()
  })
}

/* prettier-ignore */
const PARAMETERS: readonly { title: string; from: Side; edits: Record<number, Uint8Array | null> }[] = [
  { title: 'RFC 9000 §7.3: no initial_source_connection_id (rfc9000#7.3-3, h3spec#3)', from: 'client', edits: { 0x0f: null } },
  { title: 'RFC 9000 §7.3: no initial_source_connection_id (h3spec#3c)', from: 'server', edits: { 0x0f: null } },
  { title: 'RFC 9000 §7.3: another initial_source_connection_id (rfc9000#7.3-1, rfc9000#7.3-2, rfc9000#7.3-4)', from: 'client', edits: { 0x0f: bytes('xxxxxxxx') } },
  { title: 'RFC 9000 §7.3: another initial_source_connection_id', from: 'server', edits: { 0x0f: bytes('xxxxxxxx') } },
  { title: 'RFC 9000 §7.3: no original_destination_connection_id (h3spec#4c)', from: 'server', edits: { 0x00: null } },
  { title: 'RFC 9000 §7.3: another original_destination_connection_id', from: 'server', edits: { 0x00: bytes('xxxxxxxx') } },
  { title: 'RFC 9000 §7.3: retry_source_connection_id without a Retry (h3spec#6c)', from: 'server', edits: { 0x10: bytes('xxxxxxxx') } },
  { title: 'RFC 9000 §18.2: a client with original_destination_connection_id (h3spec#4)', from: 'client', edits: { 0x00: bytes('xxxxxxxx') } },
  { title: 'RFC 9000 §18.2: a client with preferred_address (h3spec#5)', from: 'client', edits: { 0x0d: new Uint8Array(49).fill(8) } },
  { title: 'RFC 9000 §18.2: a client with retry_source_connection_id (h3spec#6)', from: 'client', edits: { 0x10: bytes('xxxxxxxx') } },
  { title: 'RFC 9000 §18.2: a client with stateless_reset_token (h3spec#7)', from: 'client', edits: { 0x02: bytes(TOKEN) } },
  { title: 'RFC 9000 §18.2: max_udp_payload_size of 1199 (rfc9000#7.4-1, h3spec#8)', from: 'client', edits: { 0x03: bytes(1199) } },
  { title: 'RFC 9000 §18.2: max_udp_payload_size of 1199 (rfc9000#7.4-1, h3spec#8c)', from: 'server', edits: { 0x03: bytes(1199) } },
  { title: 'RFC 9000 §18.2: ack_delay_exponent of 21 (rfc9000#7.4-1, h3spec#9)', from: 'client', edits: { 0x0a: bytes(21) } },
  { title: 'RFC 9000 §18.2: ack_delay_exponent of 21 (rfc9000#7.4-1, h3spec#9c)', from: 'server', edits: { 0x0a: bytes(21) } },
  { title: 'RFC 9000 §18.2: max_ack_delay of 2^14 (h3spec#10)', from: 'client', edits: { 0x0b: bytes(2 ** 14) } },
  { title: 'RFC 9000 §18.2: max_ack_delay of 2^14 (h3spec#10c)', from: 'server', edits: { 0x0b: bytes(2 ** 14) } },
  { title: 'RFC 9000 §18.2: active_connection_id_limit of 1', from: 'server', edits: { 0x0e: bytes(1) } },
  { title: 'RFC 9000 §18.2: preferred_address with an empty connection ID (h3spec#5c)', from: 'server', edits: { 0x0d: new Uint8Array(41) } },
  { title: 'draft-ietf-quic-ack-frequency §3: min_ack_delay above max_ack_delay', from: 'client', edits: { 0xff04de1b: bytes(25_001) } },
  { title: 'draft-ietf-quic-ack-frequency §3: min_ack_delay above max_ack_delay', from: 'server', edits: { 0xff04de1b: bytes(25_001) } },
  { title: 'RFC 9000 §18.2: stateless_reset_token of 15 bytes (h3spec#7c)', from: 'server', edits: { 0x02: new Uint8Array(15) } },
]

for (const { title, from, edits } of PARAMETERS) {
  t.test(`${title}, from the ${from}, closes with TRANSPORT_PARAMETER_ERROR`, (t) => {
    let edited = true
    const rewrite = editParameters(edits)
    const edit = {
      rewriteParameters: (encoded: Uint8Array) => (edited ? rewrite(encoded) : encoded),
    }
    const p = forgedPair({
      seed: 7,
      ...(from === 'client' ? { clientNull: edit } : { serverNull: edit }),
    })
    const client = p.connect()
    p.runFor(1000)
    const [server] = p.server.accepted
    const [finder, sinner] = from === 'client' ? [server, client] : [client, server]
    t.match(finder.closeError, { errorCode: TRANSPORT_PARAMETER_ERROR, remote: false })
    t.match(sinner.closeError, { errorCode: TRANSPORT_PARAMETER_ERROR, remote: true })
    edited = false
    stillServes(t, p)
    t.end()
  })
}

t.test('RFC 9001 §4.8: a TLS alert closes with CRYPTO_ERROR and its code (rfc9001#4.8-1)', (t) => {
  const p = forgedPair({ seed: 8, serverNull: { alert: 120 } })
  const client = p.connect()
  p.runFor(1000)
  t.match(p.server.accepted[0].closeError, {
    code: 'ERR_QUIC_CRYPTO',
    errorCode: 0x178,
    remote: false,
    cause: { message: /alert 120/ },
  })
  t.match(client.closeError, { code: 'ERR_QUIC_CRYPTO', errorCode: 0x178, remote: true })
  t.end()
})
