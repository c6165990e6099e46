// PEM, RFC 7468.

/** One block of a PEM text. */
export interface PemBlock {
  /** 'CERTIFICATE', 'PRIVATE KEY', … */
  readonly label: string
  /** RFC 1421 headers (`Proc-Type: 4,ENCRYPTED`), one line each; modern files have none. */
  readonly headers: readonly string[]
  readonly der: Uint8Array
}

export function parsePem(text: string): PemBlock[] {
  throw new Error(`not yet ${text.length}`)
}

/** The certificates of a PEM text, in order. Throws ERR_X509_NO_CERTIFICATE when there is none. */
export function parsePemCertificates(text: string): Uint8Array[] {
  throw new Error(`not yet ${text.length}`)
}

export function encodePem(label: string, der: Uint8Array): string {
  throw new Error(`not yet ${label} ${der.length}`)
}
