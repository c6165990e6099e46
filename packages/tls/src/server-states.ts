/*
 * The server's handshake, RFC 9846 appendix A.2. Without 0-RTT and client certificates: WAIT_EOED does
 * not exist in QUIC (RFC 9001 §8.3), WAIT_CERT and WAIT_CV join with client authentication.
 *
 *                   START
 *                     | Recv ClientHello       Send HelloRetryRequest
 *                     v
 *                 RECVD_CH ---------------------> WAIT_CH
 *                     |                              | Recv ClientHello
 *                     | Select parameters            v
 *                     |                      RECVD_CH_AFTER_RETRY
 *                     v   Select parameters          |
 *                 NEGOTIATED <-----------------------+
 *                     | Send ServerHello, EncryptedExtensions,
 *                     | Certificate, CertificateVerify, Finished
 *                     v
 *               WAIT_FINISHED
 *                     | Recv Finished
 *                     v
 *                 CONNECTED
 */

export const START = 0
export const RECVD_CH = 1
export const WAIT_CH = 2
export const RECVD_CH_AFTER_RETRY = 3
export const NEGOTIATED = 4
export const WAIT_FINISHED = 5
export const CONNECTED = 6

export const RECV_CLIENT_HELLO = 0
export const SEND_HELLO_RETRY_REQUEST = 1
export const SELECT_PARAMETERS = 2
export const SEND_FLIGHT = 3
export const RECV_FINISHED = 4
/** Whatever else comes: no state takes it. */
export const RECV_OTHER = 5

/** No transition: unexpected_message when the peer caused it. */
export const NO = -1

/** `SERVER_TRANSITIONS[state][event]` is the next state or `NO`; a test pins every cell. */
// prettier-ignore
export const SERVER_TRANSITIONS: readonly (readonly number[])[] = [
  //                         RECV_CH               HRR      SELECT      FLIGHT         FIN        other
  /* START                */ [RECVD_CH,             NO,      NO,         NO,            NO,        NO],
  /* RECVD_CH             */ [NO,                   WAIT_CH, NEGOTIATED, NO,            NO,        NO],
  /* WAIT_CH              */ [RECVD_CH_AFTER_RETRY, NO,      NO,         NO,            NO,        NO],
  /* RECVD_CH_AFTER_RETRY */ [NO,                   NO,      NEGOTIATED, NO,            NO,        NO],
  /* NEGOTIATED           */ [NO,                   NO,      NO,         WAIT_FINISHED, NO,        NO],
  /* WAIT_FINISHED        */ [NO,                   NO,      NO,         NO,            CONNECTED, NO],
  /* CONNECTED            */ [NO,                   NO,      NO,         NO,            NO,        NO],
]

/** The RFC's names, for messages. */
export const SERVER_STATE_NAMES: readonly string[] = [
  'START',
  'RECVD_CH',
  'WAIT_CH after a retry',
  'RECVD_CH after a retry',
  'NEGOTIATED',
  'WAIT_FINISHED',
  'CONNECTED',
]
