// SETTINGS, RFC 9114 §7.2.4 and RFC 9204 §5.

import { ByteReader, ByteWriter, varintLength } from '@godwit/wire'
import {
  FRAME_SETTINGS,
  isHttp2Setting,
  reservedIdentifier,
  SETTINGS_ENABLE_CONNECT_PROTOCOL,
  SETTINGS_H3_DATAGRAM,
  SETTINGS_MAX_FIELD_SECTION_SIZE,
  SETTINGS_QPACK_BLOCKED_STREAMS,
  SETTINGS_QPACK_MAX_TABLE_CAPACITY,
} from './constants.ts'
import { H3_FRAME_ERROR, H3_SETTINGS_ERROR, Http3Error } from './errors.ts'

/** What the peer announced, with the RFC's defaults for what it left out. */
export interface PeerSettings {
  /** Largest field section that the peer accepts, in bytes (RFC 9114 §4.2.2). Infinity: no limit. */
  readonly maxFieldSectionSize: number
  /** QPACK dynamic table that the peer's decoder offers, in bytes. Not used yet. */
  readonly qpackMaxTableCapacity: number
  readonly qpackBlockedStreams: number
  /** The peer, a server, takes extended CONNECT (RFC 9220 §3). */
  readonly enableConnectProtocol: boolean
  /** The peer takes HTTP datagrams (RFC 9297 §2.1.1). */
  readonly h3Datagram: boolean
}

// RFC 9114 §7.2.4.1: "Endpoints SHOULD include at least one such setting in their SETTINGS frame."
const GREASE_ID = reservedIdentifier(0x6f3)
const GREASE_VALUE = 0x67

/** Our SETTINGS frame, header included. QPACK's settings keep their default, zero. */
export function encodeSettingsFrame(maxFieldSectionSize: number): Uint8Array {
  const length =
    varintLength(SETTINGS_MAX_FIELD_SECTION_SIZE) +
    varintLength(maxFieldSectionSize) +
    varintLength(GREASE_ID) +
    varintLength(GREASE_VALUE)
  const writer = new ByteWriter(new Uint8Array(1 + varintLength(length) + length))
  writer.varint(FRAME_SETTINGS)
  writer.varint(length)
  writer.varint(SETTINGS_MAX_FIELD_SECTION_SIZE)
  writer.varint(maxFieldSectionSize)
  writer.varint(GREASE_ID)
  writer.varint(GREASE_VALUE)
  return writer.bytes
}

/**
 * The settings in a SETTINGS payload.
 *
 * @throws Http3Error H3_FRAME_ERROR when truncated, H3_SETTINGS_ERROR for what may not be sent.
 */
export function decodeSettings(payload: Uint8Array): PeerSettings {
  const reader = new ByteReader(payload)
  const values = new Map<number, number>()
  while (reader.remaining > 0) {
    const id = reader.varintSaturated()
    const value = reader.varintSaturated()
    if (!reader.ok) throw new Http3Error(H3_FRAME_ERROR, 'SETTINGS is truncated')
    if (isHttp2Setting(id)) throw settingsError(`setting 0x${id.toString(16)} is one of HTTP/2`)
    // Above 2^53-1 different identifiers look the same here.
    if (values.has(id) && id < Number.MAX_SAFE_INTEGER) {
      throw settingsError(`setting 0x${id.toString(16)} occurs twice`)
    }
    values.set(id, value)
  }
  return {
    maxFieldSectionSize: values.get(SETTINGS_MAX_FIELD_SECTION_SIZE) ?? Infinity,
    qpackMaxTableCapacity: values.get(SETTINGS_QPACK_MAX_TABLE_CAPACITY) ?? 0,
    qpackBlockedStreams: values.get(SETTINGS_QPACK_BLOCKED_STREAMS) ?? 0,
    enableConnectProtocol: flag(values, SETTINGS_ENABLE_CONNECT_PROTOCOL),
    h3Datagram: flag(values, SETTINGS_H3_DATAGRAM),
  }
}

// RFC 9220 §3 (RFC 8441 §3) and RFC 9297 §2.1.1: any value but 0 and 1 is H3_SETTINGS_ERROR.
function flag(values: ReadonlyMap<number, number>, id: number): boolean {
  const value = values.get(id) ?? 0
  if (value > 1) throw settingsError(`setting 0x${id.toString(16)} expected 0 or 1, got ${value}`)
  return value === 1
}

function settingsError(message: string): Http3Error {
  return new Http3Error(H3_SETTINGS_ERROR, message)
}
