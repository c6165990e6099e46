// Certificates for the servers of the lab: an authority, and a leaf below as many others as the case
// wants. Made by openssl, so that no code of godwit judges godwit.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../lib/debian.ts'
import { run } from '../lib/process.ts'

/** Paths of PEM files. */
export interface Certificates {
  /** The chain, leaf first, without the authority. */
  readonly cert: string
  readonly key: string
  readonly ca: string
  /** A certificate of a long chain halfway to the leaf; of a short one the authority too. */
  readonly middle: string
}

const NAMES = 'DNS:localhost,DNS:server,DNS:server4,DNS:server6,DNS:server46,IP:127.0.0.1,IP:::1'
/** Names that only make the certificates of a long chain large. */
const PADDING = Array.from({ length: 8 }, (_, i) => `DNS:padding${i}.${'x'.repeat(50)}.example`)

// $1: certificates below the authority. The leaf is the last one.
const SCRIPT = `
set -e
new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=interop $1" 2>/dev/null; }
printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign\\nsubjectKeyIdentifier=hash\\n' > ca.ext
printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\nsubjectAltName=%s\\n' "$PADDING" > middle.ext
printf 'basicConstraints=CA:FALSE\\nkeyUsage=critical,digitalSignature\\nextendedKeyUsage=serverAuth\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\nsubjectAltName=%s\\n' "$NAMES" > leaf.ext
new 0
openssl x509 -req -in 0.csr -key 0.key -days 30 -extfile ca.ext -out 0.pem 2>/dev/null
: > chain.pem
for i in $(seq "$1"); do
  up=$((i - 1))
  new "$i"
  if [ "$i" = "$1" ]; then ext=leaf.ext; else ext=middle.ext; fi
  openssl x509 -req -in "$i.csr" -CA "$up.pem" -CAkey "$up.key" -CAcreateserial -days 20 -extfile "$ext" -out "$i.pem" 2>/dev/null
  cat "$i.pem" chain.pem > next.pem
  mv next.pem chain.pem
done
mv chain.pem cert.pem; mv "$1.key" priv.key
if [ "$1" -gt 2 ]; then up=$(($1 / 2)); else up=0; fi
cp "$up.pem" middle.pem
mv 0.pem ca.pem
chmod 644 priv.key
`

/** Makes a chain of `length` certificates in `folder`, unless it is there. */
export async function makeCertificates(
  chroot: Chroot,
  folder: string,
  length: number,
): Promise<Certificates> {
  const names = ['cert.pem', 'priv.key', 'ca.pem', 'middle.pem']
  const [cert, key, ca, middle] = names.map((name) => join(folder, name))
  if (existsSync(ca)) return { cert, key, ca, middle }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'make.sh'), SCRIPT)
  const argv = ['sh', '-c', `cd "${folder}" && sh make.sh ${length}`]
  const env = { ...process.env, NAMES, PADDING: PADDING.join(',') }
  const result = await run(chroot.command(...argv), { env })
  if (result.status !== 0) throw new Error(`openssl failed: ${result.stderr.slice(-500)}`)
  return { cert, key, ca, middle }
}
