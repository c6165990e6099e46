import type { DevelopmentCertificate } from 'godwit'

/** Says what to type to see the server work. */
export function printCommands(port: number, certificate: DevelopmentCertificate): void {
  const url = `https://localhost:${port}/`
  console.log(`
HTTP/3 on ${url} (UDP), HTTP/2 and HTTP/1.1 on the same port (TCP)

Certificate SHA-256  ${certificate.fingerprint256}
Authority            ${certificate.caFile}

curl:
  curl --http3-only --cacert ${certificate.caFile} ${url}

Chromium:
  chromium --user-data-dir=$(mktemp -d) \\
    --origin-to-force-quic-on=localhost:${port} \\
    --ignore-certificate-errors-spki-list=${certificate.spkiFingerprint} \\
    ${url}

godwit:
  npx godwit get --cacert ${certificate.caFile} ${url}

Stop with Ctrl+C.`)
}
