// A client obeys Retry, RFC 9000 §17.2.5: the server wants to see that the address is real before it
// keeps anything, so the client says hello again, with the token that proves it.

import { equalBytes, RETRY_INTEGRITY_TAG_LENGTH } from '@godwit/protection'
import { VERSION_1 } from '../constants.ts'
import type { PacketHeader } from '../packet-header.ts'
import type { ConnectionCore } from './core.ts'

/** Obeys the Retry packet of `header`. False: it is not for us to obey, nothing has changed. */
export function handleRetry(
  core: ConnectionCore,
  now: number,
  bytes: Uint8Array,
  header: PacketHeader,
): boolean {
  const { side, shared, spaces, handshake, peerIds, recovery, counts } = core
  const { ids } = handshake
  // "A client MUST accept and process at most one Retry packet for each connection attempt. After the
  // client has received and processed an Initial or Retry packet from the server, it MUST discard any
  // subsequent Retry packets that it receives."
  if (side === 'server' || ids.retrySource !== null || counts.packetsReceived > 0) return false
  const tokenEnd = header.end - RETRY_INTEGRITY_TAG_LENGTH
  // "A client MUST discard a Retry packet with a zero-length Retry Token field."
  if (header.tokenStart >= tokenEnd) return false
  const packet = bytes.slice(header.start, header.end)
  if (!shared.protection.verifyRetry(VERSION_1, ids.originalDestination, packet)) return false

  const source = bytes.slice(header.scidStart, header.scidStart + header.scidLength)
  // "A client MUST discard a Retry packet that contains a Source Connection ID field that is
  // identical to the Destination Connection ID field of its Initial packet."
  if (equalBytes(source, ids.originalDestination)) return false
  ids.retrySource = source
  handshake.retryToken = bytes.slice(header.tokenStart, tokenEnd)
  peerIds.replaceInitial(source)
  spaces.initial.installInitialKeys(shared.protection.initialKeys(VERSION_1, source, 'client'))
  recovery.onRetry(now)
  return true
}
