// The options of a connection's transport: parsed once into a complete, frozen record.

import {
  DEFAULT_HANDSHAKE_TIMEOUT,
  DEFAULT_IDLE_TIMEOUT,
  DEFAULT_INITIAL_MAX_DATA,
  DEFAULT_INITIAL_MAX_STREAM_DATA,
  DEFAULT_MAX_DATA,
  DEFAULT_MAX_STREAM_DATA,
  DEFAULT_MAX_STREAMS_BIDI,
  DEFAULT_MAX_STREAMS_UNI,
  DEFAULT_MAX_UNSENT_DATA,
  MAX_STREAMS_LIMIT,
} from './limits.ts'
import type { CongestionControl } from './recovery/create-congestion-controller.ts'
import { CONGESTION_CONTROLS } from './recovery/create-congestion-controller.ts'

/** What an application may tune. Every field has a default; unknown names are refused. */
export interface TransportOptions {
  /** Silence after which we give up, in ms; 0 means never. Default 30,000. RFC 9000 §10.1. */
  readonly maxIdleTimeout?: number
  /** Time in which the handshake must complete, in ms. Default 10,000. */
  readonly handshakeTimeout?: number
  /** Bytes that the peer may send on all streams before we read any. Default 1 MiB. RFC 9000 §4. */
  readonly initialMaxData?: number
  /** The same for each stream. Default 256 KiB. */
  readonly initialMaxStreamData?: number
  /** The widest that the connection's receive window grows, in bytes. Default 24 MiB. */
  readonly maxData?: number
  /** The widest that one stream's receive window grows, in bytes. Default 8 MiB. */
  readonly maxStreamData?: number
  /**
   * Bytes that the application may have written on all streams of a connection before they are sent; above
   * it `write` returns false as soon as a stream has a little waiting. Default 512 KiB.
   */
  readonly maxUnsentData?: number
  /** Bidirectional streams that the peer may have open at a time. Default 100. RFC 9000 §4.6. */
  readonly initialMaxStreamsBidi?: number
  /** Unidirectional streams that the peer may have open at a time. Default 100. */
  readonly initialMaxStreamsUni?: number
  /**
   * A server asks its clients to stay at their addresses, and drops packets from elsewhere: what moves,
   * and what a NAT gives a new port, loses the connection. For servers behind a load balancer that
   * chooses by address. Default false. A client does as if it were set, for servers do not move. RFC
   * 9000 §9, §18.2.
   */
  readonly disableActiveMigration?: boolean
  /**
   * Congestion controller. Default 'cubic' (RFC 9438); 'newreno' is RFC 9002 §7, 'bbr' version 3 of
   * draft-ietf-ccwg-bbr, for paths that lose packets at random or have deep queues.
   */
  readonly congestion?: CongestionControl
  /**
   * Whether to offer the peer to choose how often we acknowledge, and to ask it for fewer
   * acknowledgements as the congestion window grows (draft-ietf-quic-ack-frequency). Default true.
   */
  readonly ackFrequency?: boolean
}

/** `TransportOptions` with every field there. */
export type ResolvedTransportOptions = Readonly<Required<TransportOptions>>

const DEFAULTS: ResolvedTransportOptions = Object.freeze({
  maxIdleTimeout: DEFAULT_IDLE_TIMEOUT,
  handshakeTimeout: DEFAULT_HANDSHAKE_TIMEOUT,
  initialMaxData: DEFAULT_INITIAL_MAX_DATA,
  initialMaxStreamData: DEFAULT_INITIAL_MAX_STREAM_DATA,
  maxData: DEFAULT_MAX_DATA,
  maxStreamData: DEFAULT_MAX_STREAM_DATA,
  maxUnsentData: DEFAULT_MAX_UNSENT_DATA,
  initialMaxStreamsBidi: DEFAULT_MAX_STREAMS_BIDI,
  initialMaxStreamsUni: DEFAULT_MAX_STREAMS_UNI,
  disableActiveMigration: false,
  congestion: 'cubic',
  ackFrequency: true,
})

/**
 * Fills in the defaults. Throws TypeError for an unknown option or a value of the wrong type, and
 * RangeError for a number out of range, each naming the option, what was expected and what came.
 */
export function parseTransportOptions(options: TransportOptions = {}): ResolvedTransportOptions {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(DEFAULTS, name)) {
      throw new TypeError(
        `"transport.${name}" is not an option; known: ${Object.keys(DEFAULTS).join(', ')}`,
      )
    }
  }
  const given: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) if (value !== undefined) given[name] = value
  const parsed: ResolvedTransportOptions = { ...DEFAULTS, ...given }
  checkInteger('maxIdleTimeout', parsed.maxIdleTimeout, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('handshakeTimeout', parsed.handshakeTimeout, 1, Number.MAX_SAFE_INTEGER)
  checkInteger('initialMaxData', parsed.initialMaxData, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('initialMaxStreamData', parsed.initialMaxStreamData, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('maxData', parsed.maxData, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('maxStreamData', parsed.maxStreamData, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('maxUnsentData', parsed.maxUnsentData, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('initialMaxStreamsBidi', parsed.initialMaxStreamsBidi, 0, MAX_STREAMS_LIMIT)
  checkInteger('initialMaxStreamsUni', parsed.initialMaxStreamsUni, 0, MAX_STREAMS_LIMIT)
  if (typeof parsed.disableActiveMigration !== 'boolean') {
    throw new TypeError(
      `"transport.disableActiveMigration" expected a boolean, got ${typeof parsed.disableActiveMigration}`,
    )
  }
  if (!CONGESTION_CONTROLS.includes(parsed.congestion)) {
    throw new TypeError(
      `"transport.congestion" expected one of ${CONGESTION_CONTROLS.join(', ')}, got ${parsed.congestion}`,
    )
  }
  if (typeof parsed.ackFrequency !== 'boolean') {
    throw new TypeError(
      `"transport.ackFrequency" expected a boolean, got ${typeof parsed.ackFrequency}`,
    )
  }
  return Object.freeze(parsed)
}

function checkInteger(name: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number') {
    throw new TypeError(`"transport.${name}" expected an integer, got ${typeof value}`)
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`"transport.${name}" expected an integer ${min}..${max}, got ${value}`)
  }
}
