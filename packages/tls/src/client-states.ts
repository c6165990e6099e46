/*
 * The client's handshake, RFC 9846 appendix A.1. Server certificates only: the branch past the
 * certificate for pre-shared keys (WAIT_EE to WAIT_FINISHED) joins with resumption.
 *
 *                   START
 *                     | Send ClientHello
 *                     v         Recv HelloRetryRequest
 *                  WAIT_SH --------------------------+
 *                     | Recv ServerHello             | Send ClientHello
 *                     |                              v
 *                     |<------------------- WAIT_SH_AFTER_RETRY
 *                     v         Recv ServerHello
 *                  WAIT_EE
 *                     | Recv EncryptedExtensions
 *                     v
 *               WAIT_CERT_CR
 *    Recv Certificate |       | Recv CertificateRequest
 *                     |       v
 *                     |   WAIT_CERT
 *                     |       | Recv Certificate
 *                     v       v
 *                     WAIT_CV
 *                         | Recv CertificateVerify
 *                         v
 *                   WAIT_FINISHED
 *                         | Recv Finished
 *                         | [Send Certificate]
 *                         | Send Finished
 *                         v
 *                     CONNECTED <--+ Recv NewSessionTicket
 *                         +--------+
 *
 * A second state for waiting says what the RFC says in words: a second HelloRetryRequest is refused.
 */

export const START = 0
export const WAIT_SH = 1
export const WAIT_SH_AFTER_RETRY = 2
export const WAIT_EE = 3
export const WAIT_CERT_CR = 4
export const WAIT_CERT = 5
export const WAIT_CV = 6
export const WAIT_FINISHED = 7
export const CONNECTED = 8

export const SEND_CLIENT_HELLO = 0
export const RECV_HELLO_RETRY_REQUEST = 1
export const RECV_SERVER_HELLO = 2
export const RECV_ENCRYPTED_EXTENSIONS = 3
export const RECV_CERTIFICATE_REQUEST = 4
export const RECV_CERTIFICATE = 5
export const RECV_CERTIFICATE_VERIFY = 6
export const RECV_FINISHED = 7
export const RECV_NEW_SESSION_TICKET = 8
/** Whatever else comes: no state takes it. */
export const RECV_OTHER = 9

/** No transition: unexpected_message. */
export const NO = -1

/** `CLIENT_TRANSITIONS[state][event]` is the next state or `NO`; a test pins every cell. */
// prettier-ignore
export const CLIENT_TRANSITIONS: readonly (readonly number[])[] = [
  //                        SEND_CH  HRR                  SH       EE            CR         CERT     CV             FIN        NST        other
  /* START               */ [WAIT_SH, NO,                  NO,      NO,           NO,        NO,      NO,            NO,        NO,        NO],
  /* WAIT_SH             */ [NO,      WAIT_SH_AFTER_RETRY, WAIT_EE, NO,           NO,        NO,      NO,            NO,        NO,        NO],
  /* WAIT_SH_AFTER_RETRY */ [NO,      NO,                  WAIT_EE, NO,           NO,        NO,      NO,            NO,        NO,        NO],
  /* WAIT_EE             */ [NO,      NO,                  NO,      WAIT_CERT_CR, NO,        NO,      NO,            NO,        NO,        NO],
  /* WAIT_CERT_CR        */ [NO,      NO,                  NO,      NO,           WAIT_CERT, WAIT_CV, NO,            NO,        NO,        NO],
  /* WAIT_CERT           */ [NO,      NO,                  NO,      NO,           NO,        WAIT_CV, NO,            NO,        NO,        NO],
  /* WAIT_CV             */ [NO,      NO,                  NO,      NO,           NO,        NO,      WAIT_FINISHED, NO,        NO,        NO],
  /* WAIT_FINISHED       */ [NO,      NO,                  NO,      NO,           NO,        NO,      NO,            CONNECTED, NO,        NO],
  /* CONNECTED           */ [NO,      NO,                  NO,      NO,           NO,        NO,      NO,            NO,        CONNECTED, NO],
]

/** The RFC's names, for messages. */
export const CLIENT_STATE_NAMES: readonly string[] = [
  'START',
  'WAIT_SH',
  'WAIT_SH after a retry',
  'WAIT_EE',
  'WAIT_CERT_CR',
  'WAIT_CERT',
  'WAIT_CV',
  'WAIT_FINISHED',
  'CONNECTED',
]
