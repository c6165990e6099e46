// connect(): an explicit connection for many requests.

import { wrongType } from '../options.ts'
import { dial } from './dial.ts'
import { parseConnectOptions, type ConnectOptions } from './options.ts'
import type { Http3ClientSession } from './session.ts'

/**
 * Connects to the origin of `url`. Resolves when the server is authenticated; rejects with the
 * reason: `ERR_X509_EXPIRED`, `ERR_X509_NAME_MISMATCH`, `ERR_HTTP3_CONNECT_TIMEOUT`, … as `code`.
 */
export async function connect(
  url: string | URL,
  options: ConnectOptions & { readonly signal?: AbortSignal } = {},
): Promise<Http3ClientSession> {
  const origin = new URL(url)
  if (origin.protocol !== 'https:') {
    throw new TypeError(`"url" expected an https: URL, got ${origin.protocol}`)
  }
  if (origin.port === '0') throw new TypeError('"url" expected a port from 1 to 65535, got 0')
  const { signal, ...rest } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongType('signal', 'AbortSignal', signal)
  }
  return dial(new URL(origin.origin), parseConnectOptions(rest), signal)
}
