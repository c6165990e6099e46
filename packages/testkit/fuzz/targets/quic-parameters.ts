// Transport parameters of both sides: decoded, encoded, and decoded again.

import { TransportError } from '../../../quic/src/errors.ts'
import {
  decodeTransportParameters,
  encodeTransportParameters,
} from '../../../quic/src/transport-parameters.ts'
import { varintElements } from '../engine/outlines.ts'
import { attempt, must, mustMatch } from '../engine/target.ts'
import type { Target } from '../engine/target.ts'

const TRANSPORT_PARAMETER_ERROR = 0x08

export const quicParameters: Target = {
  name: 'quic-parameters',
  about: 'decodeTransportParameters: only TransportError; encoded and decoded again the same',
  maxLength: 600,
  steps: { base: 1000, perByte: 80 },
  dictionary: [
    Uint8Array.of(0xc0, 0, 0, 0, 0xff, 0x04, 0xde, 0x1b),
    0xff04de1b,
    1200,
    65527,
    2 ** 60,
  ],
  seeds: () => {
    const parameters = {
      originalDestinationConnectionId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      maxIdleTimeout: 30_000,
      statelessResetToken: new Uint8Array(16).fill(3),
      maxUdpPayloadSize: 1452,
      initialMaxData: 2 ** 31,
      initialMaxStreamDataBidiLocal: 70_000,
      initialMaxStreamDataBidiRemote: 70_001,
      initialMaxStreamDataUni: 70_002,
      initialMaxStreamsBidi: 100,
      initialMaxStreamsUni: 3,
      ackDelayExponent: 8,
      maxAckDelay: 26,
      disableActiveMigration: true,
      preferredAddress: {
        ipv4Address: Uint8Array.of(127, 0, 0, 1),
        ipv4Port: 443,
        ipv6Address: new Uint8Array(16).fill(6),
        ipv6Port: 8443,
        connectionId: Uint8Array.of(9, 8, 7),
        statelessResetToken: new Uint8Array(16).fill(4),
      },
      activeConnectionIdLimit: 4,
      initialSourceConnectionId: Uint8Array.of(5, 5),
      retrySourceConnectionId: new Uint8Array(20).fill(8),
      minAckDelay: 1000,
    }
    const client = {
      ...parameters,
      originalDestinationConnectionId: null,
      statelessResetToken: null,
      preferredAddress: null,
      retrySourceConnectionId: null,
    }
    return [encodeTransportParameters(parameters), encodeTransportParameters(client)]
  },
  outline: (input) => varintElements(input, 0, input.length),
  run(input) {
    const accepted = (['server', 'client'] as const).map((sender) => {
      const { value, error } = attempt(
        () => decodeTransportParameters(input, sender),
        TransportError,
      )
      if (value === null) {
        must(error.errorCode === TRANSPORT_PARAMETER_ERROR, `error code ${error.errorCode}`)
        return null
      }
      const again = decodeTransportParameters(encodeTransportParameters(value), sender)
      mustMatch(again, value, `of a ${sender}`)
      return value
    })
    // What a client may send, a server may.
    if (accepted[1] !== null) mustMatch(accepted[0], accepted[1], 'the same from either side')
  },
}
