import type { Certificate } from './certificate.ts'

export function verifyServerName(certificate: Certificate, name: string): boolean {
  throw new Error(`not yet ${name} ${certificate.version}`)
}
