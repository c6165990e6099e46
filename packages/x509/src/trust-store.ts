// The certificates that a chain may end in.

import { type Certificate, parseCertificate, parseSubject } from './certificate.ts'
import { type DistinguishedName, nameKey } from './distinguished-name.ts'
import { equalContents } from './text.ts'

/** An entry is parsed when a chain asks for its name: a system has some 150, and a chain needs one. */
interface Entry {
  readonly der: Uint8Array
  certificate: Certificate | null
}

/**
 * A set of trusted certificates. Whatever is in it is trusted as it stands: a root, an intermediate,
 * or a server's own certificate. Immutable, so one store serves any number of connections.
 */
export class TrustStore {
  readonly #bySubject: Map<string, Entry[]>
  readonly #size: number

  /**
   * Takes certificates in DER (they are not copied). Duplicates are dropped. Throws X509Error
   * `ERR_X509_MALFORMED` for one that is no certificate.
   */
  constructor(certificates: Iterable<Uint8Array>) {
    this.#bySubject = new Map()
    let size = 0
    for (const der of certificates) {
      const key = nameKey(parseSubject(der))
      const entries = this.#bySubject.get(key)
      if (entries === undefined) this.#bySubject.set(key, [{ der, certificate: null }])
      else if (entries.some((entry) => equalContents(entry.der, der))) continue
      else entries.push({ der, certificate: null })
      size += 1
    }
    this.#size = size
  }

  /** How many certificates are trusted. */
  get size(): number {
    return this.#size
  }

  /**
   * The certificates with this subject. One that does not parse is left out while there are others;
   * throws its X509Error when there are none.
   */
  bySubject(subject: DistinguishedName): Certificate[] {
    const certificates: Certificate[] = []
    let failure: unknown = null
    for (const entry of this.#bySubject.get(nameKey(subject)) ?? []) {
      try {
        certificates.push((entry.certificate ??= parseCertificate(entry.der)))
      } catch (error) {
        failure = error
      }
    }
    if (certificates.length === 0 && failure !== null) throw failure
    return certificates
  }

  /** Whether this very certificate is trusted. */
  has(certificate: Certificate): boolean {
    const entries = this.#bySubject.get(nameKey(certificate.subject)) ?? []
    return entries.some((entry) => equalContents(entry.der, certificate.raw))
  }
}
