// ProtocolNameList of application_layer_protocol_negotiation, RFC 7301 §3.1.

import { ByteReader } from '@godwit/wire'

import { latin1, readVector16, readVector8 } from '../message-reader.ts'

/**
 * Reads a list of protocol names; bytes become characters 0..255, so that any name survives. An empty
 * list or an empty name fails the reader.
 */
export function readProtocolNames(reader: ByteReader): string[] {
  const names: string[] = []
  const list = new ByteReader(readVector16(reader, 2))
  while (list.remaining > 0 && list.ok) names.push(latin1(readVector8(list, 1)))
  if (!list.ok) reader.fail()
  return names
}
