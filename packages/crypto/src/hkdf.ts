// HKDF-Expand-Label, RFC 9846 §7.1: the one key derivation of TLS 1.3 and QUIC.

import type { HashName } from './constants.ts'
import type { CryptoProvider } from './provider.ts'

const PREFIX = 'tls13 '
const NO_CONTEXT = new Uint8Array(0)

/**
 * The HkdfLabel structure of RFC 9846 §7.1: what goes into HKDF-Expand as `info`.
 *
 * @param label ASCII without the "tls13 " prefix, at most 249 bytes
 * @param context at most 255 bytes
 * @param length of the derived bytes
 */
export function encodeHkdfLabel(label: string, context: Uint8Array, length: number): Uint8Array {
  const labelLength = PREFIX.length + label.length
  if (labelLength > 255 || context.length > 255) {
    throw new RangeError('"label" and "context" expected at most 249 and 255 bytes')
  }
  const info = new Uint8Array(4 + labelLength + context.length)
  info[0] = length >>> 8
  info[1] = length
  info[2] = labelLength
  let at = 3
  for (let i = 0; i < PREFIX.length; i++) info[at++] = PREFIX.charCodeAt(i)
  for (let i = 0; i < label.length; i++) info[at++] = label.charCodeAt(i)
  info[at++] = context.length
  info.set(context, at)
  return info
}

// The labels of key derivation without context: a dozen, all from constants of this program.
const INFOS = new Map<string, Uint8Array>()
const MAX_INFOS = 64

function labelInfo(label: string, length: number): Uint8Array {
  const key = `${length} ${label}`
  let info = INFOS.get(key)
  if (info === undefined) {
    info = encodeHkdfLabel(label, NO_CONTEXT, length)
    // An application may export under labels of its own.
    if (INFOS.size < MAX_INFOS) INFOS.set(key, info)
  }
  return info
}

/** HKDF-Expand-Label(secret, label, context, length), RFC 9846 §7.1. */
export function hkdfExpandLabel(
  provider: CryptoProvider,
  hash: HashName,
  secret: Uint8Array,
  label: string,
  context: Uint8Array = NO_CONTEXT,
  length: number = secret.length,
): Uint8Array {
  const info =
    context.length === 0 ? labelInfo(label, length) : encodeHkdfLabel(label, context, length)
  return provider.hkdfExpand(hash, secret, info, length)
}
