// Transport parameters, RFC 9000 §7.4 and §18: the record, its encoding, and a decoder that checks
// everything that can be checked without knowing the connection.

import { ByteReader, ByteWriter, MAX_VARINT, varintLength } from '@godwit/wire'
import { MAX_CONNECTION_ID_LENGTH, STATELESS_RESET_TOKEN_LENGTH } from './constants.ts'
import { TRANSPORT_PARAMETER_ERROR, TransportError } from './errors.ts'
import { isAbove2To60 } from './frame-decoder.ts'

/** RFC 9000 §18.2 preferred_address. Decoded and kept; moving there is the connection's decision. */
export interface PreferredAddress {
  /** 4 bytes, all zero when the server has no IPv4 address to offer. */
  readonly ipv4Address: Uint8Array
  readonly ipv4Port: number
  /** 16 bytes, all zero when the server has no IPv6 address to offer. */
  readonly ipv6Address: Uint8Array
  readonly ipv6Port: number
  readonly connectionId: Uint8Array
  readonly statelessResetToken: Uint8Array
}

/** RFC 9000 §18.2. Absent parameters have the RFC's default. */
export interface TransportParameters {
  /** Server only; null when absent. */
  originalDestinationConnectionId: Uint8Array | null
  /** Milliseconds; 0: no idle timeout. */
  maxIdleTimeout: number
  /** Server only; 16 bytes; null when absent. */
  statelessResetToken: Uint8Array | null
  /** Bytes. */
  maxUdpPayloadSize: number
  /** Bytes. */
  initialMaxData: number
  /** Bytes, for bidirectional streams that the sender of the parameters opens. */
  initialMaxStreamDataBidiLocal: number
  /** Bytes, for bidirectional streams that the receiver of the parameters opens. */
  initialMaxStreamDataBidiRemote: number
  /** Bytes, for unidirectional streams that the receiver of the parameters opens. */
  initialMaxStreamDataUni: number
  initialMaxStreamsBidi: number
  initialMaxStreamsUni: number
  ackDelayExponent: number
  /** Milliseconds. */
  maxAckDelay: number
  disableActiveMigration: boolean
  /** Server only; null when absent. */
  preferredAddress: PreferredAddress | null
  activeConnectionIdLimit: number
  /** Null when absent, which RFC 9000 §7.3 makes an error of the connection. */
  initialSourceConnectionId: Uint8Array | null
  /** Server only; null when absent. */
  retrySourceConnectionId: Uint8Array | null
  /**
   * Microseconds. That its sender obeys ACK_FREQUENCY and IMMEDIATE_ACK,
   * draft-ietf-quic-ack-frequency §3; null when absent.
   */
  minAckDelay: number | null
}

// Identifiers, RFC 9000 §18.2.
const ORIGINAL_DESTINATION_CONNECTION_ID = 0x00
const MAX_IDLE_TIMEOUT = 0x01
const STATELESS_RESET_TOKEN = 0x02
const MAX_UDP_PAYLOAD_SIZE = 0x03
const INITIAL_MAX_DATA = 0x04
const INITIAL_MAX_STREAM_DATA_BIDI_LOCAL = 0x05
const INITIAL_MAX_STREAM_DATA_BIDI_REMOTE = 0x06
const INITIAL_MAX_STREAM_DATA_UNI = 0x07
const INITIAL_MAX_STREAMS_BIDI = 0x08
const INITIAL_MAX_STREAMS_UNI = 0x09
const ACK_DELAY_EXPONENT = 0x0a
const MAX_ACK_DELAY = 0x0b
const DISABLE_ACTIVE_MIGRATION = 0x0c
const PREFERRED_ADDRESS = 0x0d
const ACTIVE_CONNECTION_ID_LIMIT = 0x0e
const INITIAL_SOURCE_CONNECTION_ID = 0x0f
const RETRY_SOURCE_CONNECTION_ID = 0x10
/** draft-ietf-quic-ack-frequency §3. */
const MIN_ACK_DELAY = 0xff04de1b

/** What a peer means that sends no parameter at all, RFC 9000 §18.2. A fresh record for each caller. */
export function defaultTransportParameters(): TransportParameters {
  return {
    originalDestinationConnectionId: null,
    maxIdleTimeout: 0,
    statelessResetToken: null,
    maxUdpPayloadSize: 65527,
    initialMaxData: 0,
    initialMaxStreamDataBidiLocal: 0,
    initialMaxStreamDataBidiRemote: 0,
    initialMaxStreamDataUni: 0,
    initialMaxStreamsBidi: 0,
    initialMaxStreamsUni: 0,
    ackDelayExponent: 3,
    maxAckDelay: 25,
    disableActiveMigration: false,
    preferredAddress: null,
    activeConnectionIdLimit: 2,
    initialSourceConnectionId: null,
    retrySourceConnectionId: null,
    minAckDelay: null,
  }
}

// More than all parameters together take.
const scratch = new Uint8Array(512)

/** The quic_transport_parameters extension, RFC 9000 §18. Parameters at their default are left out. */
export function encodeTransportParameters(parameters: TransportParameters): Uint8Array {
  const writer = new ByteWriter(scratch)
  const defaults = defaultTransportParameters()
  writeOpaque(
    writer,
    ORIGINAL_DESTINATION_CONNECTION_ID,
    parameters.originalDestinationConnectionId,
  )
  writeNumber(writer, MAX_IDLE_TIMEOUT, parameters.maxIdleTimeout, defaults.maxIdleTimeout)
  writeOpaque(writer, STATELESS_RESET_TOKEN, parameters.statelessResetToken)
  writeNumber(
    writer,
    MAX_UDP_PAYLOAD_SIZE,
    parameters.maxUdpPayloadSize,
    defaults.maxUdpPayloadSize,
  )
  writeNumber(writer, INITIAL_MAX_DATA, parameters.initialMaxData, 0)
  writeNumber(
    writer,
    INITIAL_MAX_STREAM_DATA_BIDI_LOCAL,
    parameters.initialMaxStreamDataBidiLocal,
    0,
  )
  writeNumber(
    writer,
    INITIAL_MAX_STREAM_DATA_BIDI_REMOTE,
    parameters.initialMaxStreamDataBidiRemote,
    0,
  )
  writeNumber(writer, INITIAL_MAX_STREAM_DATA_UNI, parameters.initialMaxStreamDataUni, 0)
  writeNumber(writer, INITIAL_MAX_STREAMS_BIDI, parameters.initialMaxStreamsBidi, 0)
  writeNumber(writer, INITIAL_MAX_STREAMS_UNI, parameters.initialMaxStreamsUni, 0)
  writeNumber(writer, ACK_DELAY_EXPONENT, parameters.ackDelayExponent, defaults.ackDelayExponent)
  writeNumber(writer, MAX_ACK_DELAY, parameters.maxAckDelay, defaults.maxAckDelay)
  if (parameters.disableActiveMigration) {
    writer.varint(DISABLE_ACTIVE_MIGRATION)
    writer.varint(0)
  }
  if (parameters.preferredAddress !== null) {
    writePreferredAddress(writer, parameters.preferredAddress)
  }
  writeNumber(
    writer,
    ACTIVE_CONNECTION_ID_LIMIT,
    parameters.activeConnectionIdLimit,
    defaults.activeConnectionIdLimit,
  )
  writeOpaque(writer, INITIAL_SOURCE_CONNECTION_ID, parameters.initialSourceConnectionId)
  writeOpaque(writer, RETRY_SOURCE_CONNECTION_ID, parameters.retrySourceConnectionId)
  if (parameters.minAckDelay !== null) {
    writeNumber(writer, MIN_ACK_DELAY, parameters.minAckDelay, -1)
  }
  return writer.bytes.slice(0, writer.position)
}

/**
 * Decodes what `sender` sent. Unknown parameters are ignored (RFC 9000 §7.4.2); limits above 2^53-1
 * are taken as 2^53-1. The byte strings of the result are copies.
 *
 * @throws TransportError TRANSPORT_PARAMETER_ERROR for anything malformed, out of range, given twice, or not
 *   the sender's to send.
 */
export function decodeTransportParameters(
  bytes: Uint8Array,
  sender: 'client' | 'server',
): TransportParameters {
  const parameters = defaultTransportParameters()
  const reader = new ByteReader(bytes)
  const seen = new Set<number>()
  while (reader.ok && reader.remaining > 0) {
    const id = reader.varintSaturated()
    const length = reader.varint()
    const end = reader.position + length
    if (!reader.ok || end > bytes.length) throw parameterError('truncated')
    // RFC 9000 §7.4: "An endpoint SHOULD treat receipt of duplicate transport parameters as a
    // connection error of type TRANSPORT_PARAMETER_ERROR." Identifiers that saturated may differ.
    if (seen.has(id) && id !== MAX_VARINT) throw parameterError(`0x${id.toString(16)} given twice`)
    seen.add(id)
    if (sender === 'client' && isServerOnly(id)) {
      // RFC 9000 §18.2: "A client MUST NOT include any server-only transport parameter [...] A server
      // MUST treat receipt of any of these transport parameters as a connection error"
      throw parameterError(`0x${id.toString(16)} is not for a client to send`)
    }
    reader.end = end
    decodeParameter(reader, id, length, parameters)
    reader.end = bytes.length
    if (!reader.ok || reader.position !== end) {
      throw parameterError(`0x${id.toString(16)} is malformed`)
    }
  }
  if (!reader.ok) throw parameterError('truncated')
  const { minAckDelay, maxAckDelay } = parameters
  // draft-ietf-quic-ack-frequency §3: "MUST treat receipt of a min_ack_delay that is greater than the
  // max_ack_delay as a connection error of type TRANSPORT_PARAMETER_ERROR."
  if (minAckDelay !== null && minAckDelay > maxAckDelay * 1000) {
    throw parameterError(`min_ack_delay of ${minAckDelay} us is above max_ack_delay`)
  }
  return parameters
}

function isServerOnly(id: number): boolean {
  return (
    id === ORIGINAL_DESTINATION_CONNECTION_ID ||
    id === STATELESS_RESET_TOKEN ||
    id === PREFERRED_ADDRESS ||
    id === RETRY_SOURCE_CONNECTION_ID
  )
}

function decodeParameter(
  reader: ByteReader,
  id: number,
  length: number,
  parameters: TransportParameters,
): void {
  switch (id) {
    case ORIGINAL_DESTINATION_CONNECTION_ID:
      parameters.originalDestinationConnectionId = connectionId(reader, length)
      return
    case MAX_IDLE_TIMEOUT:
      parameters.maxIdleTimeout = reader.varintSaturated()
      return
    case STATELESS_RESET_TOKEN:
      parameters.statelessResetToken = reader.copy(STATELESS_RESET_TOKEN_LENGTH)
      return
    case MAX_UDP_PAYLOAD_SIZE:
      // "Values below 1200 are invalid."
      parameters.maxUdpPayloadSize = inRange(reader, 'max_udp_payload_size', 1200, MAX_VARINT)
      return
    case INITIAL_MAX_DATA:
      parameters.initialMaxData = reader.varintSaturated()
      return
    case INITIAL_MAX_STREAM_DATA_BIDI_LOCAL:
      parameters.initialMaxStreamDataBidiLocal = reader.varintSaturated()
      return
    case INITIAL_MAX_STREAM_DATA_BIDI_REMOTE:
      parameters.initialMaxStreamDataBidiRemote = reader.varintSaturated()
      return
    case INITIAL_MAX_STREAM_DATA_UNI:
      parameters.initialMaxStreamDataUni = reader.varintSaturated()
      return
    case INITIAL_MAX_STREAMS_BIDI:
      parameters.initialMaxStreamsBidi = streamCount(reader)
      return
    case INITIAL_MAX_STREAMS_UNI:
      parameters.initialMaxStreamsUni = streamCount(reader)
      return
    case ACK_DELAY_EXPONENT:
      // "Values above 20 are invalid."
      parameters.ackDelayExponent = inRange(reader, 'ack_delay_exponent', 0, 20)
      return
    case MAX_ACK_DELAY:
      // "Values of 2^14 or greater are invalid."
      parameters.maxAckDelay = inRange(reader, 'max_ack_delay', 0, 2 ** 14 - 1)
      return
    case DISABLE_ACTIVE_MIGRATION:
      parameters.disableActiveMigration = true
      return
    case PREFERRED_ADDRESS:
      parameters.preferredAddress = decodePreferredAddress(reader)
      return
    case ACTIVE_CONNECTION_ID_LIMIT:
      // "The value of the active_connection_id_limit parameter MUST be at least 2."
      parameters.activeConnectionIdLimit = inRange(
        reader,
        'active_connection_id_limit',
        2,
        MAX_VARINT,
      )
      return
    case INITIAL_SOURCE_CONNECTION_ID:
      parameters.initialSourceConnectionId = connectionId(reader, length)
      return
    case RETRY_SOURCE_CONNECTION_ID:
      parameters.retrySourceConnectionId = connectionId(reader, length)
      return
    case MIN_ACK_DELAY:
      parameters.minAckDelay = reader.varintSaturated()
      return
    default:
      // RFC 9000 §7.4.2: "An endpoint MUST ignore transport parameters that it does not support."
      reader.skip(length)
  }
}

function connectionId(reader: ByteReader, length: number): Uint8Array {
  if (length > MAX_CONNECTION_ID_LENGTH) reader.fail()
  return reader.copy(length)
}

function inRange(reader: ByteReader, name: string, low: number, high: number): number {
  const value = reader.varintSaturated()
  if (reader.ok && (value < low || value > high)) {
    throw parameterError(`${name} of ${value} is out of range`)
  }
  return value
}

/** RFC 9000 §4.6: a maximum above 2^60 would allow a stream ID that cannot be expressed. */
function streamCount(reader: ByteReader): number {
  const at = reader.position
  const count = reader.varintSaturated()
  if (count === MAX_VARINT && reader.ok && isAbove2To60(reader.bytes, at)) {
    throw parameterError('initial_max_streams is above 2^60')
  }
  return count
}

function decodePreferredAddress(reader: ByteReader): PreferredAddress {
  const ipv4Address = reader.copy(4)
  const ipv4Port = reader.u16()
  const ipv6Address = reader.copy(16)
  const ipv6Port = reader.u16()
  const length = reader.u8()
  // "A server MUST NOT include a zero-length connection ID in this transport parameter."
  if (length === 0) reader.fail()
  const id = connectionId(reader, length)
  const statelessResetToken = reader.copy(STATELESS_RESET_TOKEN_LENGTH)
  return { ipv4Address, ipv4Port, ipv6Address, ipv6Port, connectionId: id, statelessResetToken }
}

function writeNumber(writer: ByteWriter, id: number, value: number, absent: number): void {
  if (value === absent) return
  writer.varint(id)
  writer.varint(varintLength(value))
  writer.varint(value)
}

function writeOpaque(writer: ByteWriter, id: number, value: Uint8Array | null): void {
  if (value === null) return
  writer.varint(id)
  writer.varint(value.length)
  writer.copy(value)
}

function writePreferredAddress(writer: ByteWriter, address: PreferredAddress): void {
  writer.varint(PREFERRED_ADDRESS)
  writer.varint(4 + 2 + 16 + 2 + 1 + address.connectionId.length + STATELESS_RESET_TOKEN_LENGTH)
  writer.copy(address.ipv4Address)
  writer.u16(address.ipv4Port)
  writer.copy(address.ipv6Address)
  writer.u16(address.ipv6Port)
  writer.u8(address.connectionId.length)
  writer.copy(address.connectionId)
  writer.copy(address.statelessResetToken)
}

function parameterError(reason: string): TransportError {
  return new TransportError(TRANSPORT_PARAMETER_ERROR, 0, `transport parameters: ${reason}`)
}
