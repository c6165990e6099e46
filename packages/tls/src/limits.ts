// Every limit of the handshake, with its unit and reason. Nothing that a peer can grow lacks an
// entry here.

import { CERTIFICATE, CERTIFICATE_REQUEST, NEW_SESSION_TICKET } from './constants.ts'

/**
 * Bytes of one handshake message's body. A ClientHello with post-quantum shares and a ticket stays
 * below 8 KiB; common implementations accept 16 KiB.
 */
export const MAX_MESSAGE_LENGTH = 16_384

/**
 * Bytes of a Certificate, CertificateRequest or NewSessionTicket body. Chains of a dozen RSA-4096
 * certificates, or of post-quantum ones, come to tens of kilobytes, and a ticket may have 65,535.
 */
export const MAX_LARGE_MESSAGE_LENGTH = 131_072

/** Certificates in a chain: real ones have two to five; every one may cost a signature check. */
export const MAX_CHAIN_LENGTH = 16

/** Bytes of a host name in server_name: the longest DNS name in text (RFC 1035 §2.3.4). */
export const MAX_SERVER_NAME_LENGTH = 253

/** The bytes that the body of a message of `type` may have. */
export function messageLimit(type: number): number {
  return type === CERTIFICATE || type === CERTIFICATE_REQUEST || type === NEW_SESSION_TICKET
    ? MAX_LARGE_MESSAGE_LENGTH
    : MAX_MESSAGE_LENGTH
}
