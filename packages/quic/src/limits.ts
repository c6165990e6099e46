// Every limit and tunable of the transport, each with its unit and its reason. Nothing that a peer
// can grow lacks an entry here.

/** Tokens of one sent packet. A full-size packet of tiny frames stops here and the rest goes next. */
export const MAX_TOKENS_PER_PACKET = 64
