/** The certificates that a chain may end in. */
export class TrustStore {
  /** `certificates` are DER. Throws X509Error for one that is no certificate. */
  constructor(certificates: Iterable<Uint8Array>) {
    throw new Error(`not yet ${String(certificates)}`)
  }
}
