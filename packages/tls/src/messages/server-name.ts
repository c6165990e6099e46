// server_name, RFC 6066 §3.

import { ByteReader } from '@godwit/wire'

import { ALERT_ILLEGAL_PARAMETER } from '../alerts.ts'
import { TlsError } from '../errors.ts'
import { MAX_SERVER_NAME_LENGTH } from '../limits.ts'
import { latin1, readVector16 } from '../message-reader.ts'

const HOST_NAME = 0
const HOST_NAME_CHARACTERS = /^[A-Za-z0-9._-]+$/
/** An IPv4 address, or an IPv6 address with or without brackets. */
const ADDRESS = /^(?:\d+\.\d+\.\d+\.\d+|\[?[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]?)$/

/**
 * Reads a ServerNameList and returns its host_name in lower case, or null when there is none. Names
 * of other types have a length of two bytes in front, by RFC 6066, and are skipped. "Literal IPv4 and
 * IPv6 addresses are not permitted", but clients send them: they name nothing, as if absent. Throws
 * illegal_parameter for two host names, and for one that cannot be a DNS name.
 */
export function readServerName(reader: ByteReader): string | null {
  let hostName: string | null = null
  const list = new ByteReader(readVector16(reader, 1))
  while (list.remaining > 0) {
    const type = list.u8()
    const name = readVector16(list, 1)
    if (!list.ok) {
      reader.fail()
      return null
    }
    if (type !== HOST_NAME) continue
    // "The ServerNameList MUST NOT contain more than one name of the same name_type."
    if (hostName !== null) throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'two host names')
    hostName = latin1(name)
    const permitted = HOST_NAME_CHARACTERS.test(hostName) || ADDRESS.test(hostName)
    if (name.length > MAX_SERVER_NAME_LENGTH || !permitted) {
      throw new TlsError(ALERT_ILLEGAL_PARAMETER, 'server_name is not a DNS name')
    }
  }
  return hostName === null || ADDRESS.test(hostName) ? null : hostName.toLowerCase()
}
