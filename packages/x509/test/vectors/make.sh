#!/bin/sh
# Makes every file of this folder anew with the openssl command (3.0). Tests never run it.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f ./*.pem

cat >"$work/ca.cnf" <<'CNF'
[ca]
default_ca = main
[main]
database = $ENV::WORK/index.txt
new_certs_dir = $ENV::WORK
rand_serial = yes
unique_subject = no
policy = any
copy_extensions = none
default_md = default
email_in_dn = yes
[any]
countryName = optional
organizationName = optional
commonName = optional
emailAddress = optional
CNF
export WORK="$work"

key() { # name, then options of genpkey
  name=$1
  shift
  openssl genpkey -out "$work/$name.key" "$@" 2>/dev/null
}
p256() { key "$1" -algorithm EC -pkeyopt ec_paramgen_curve:P-256; }
p384() { key "$1" -algorithm EC -pkeyopt ec_paramgen_curve:P-384; }
rsa() { key "$1" -algorithm RSA -pkeyopt rsa_keygen_bits:"${2:-2048}"; }

from=20250101000000Z
to=20450101000000Z

# certificate FILE KEY ISSUER SUBJECT EXTENSIONS [more options]; ISSUER is FILE for self-signed
certificate() {
  file=$1 keyname=$2 issuer=$3 subject=$4 extensions=$5
  shift 5
  printf '[x]\n%b\n' "$extensions" >"$work/ext.cnf"
  : >"$work/index.txt"
  openssl req -new -key "$work/$keyname.key" -subj "$subject" -utf8 -out "$work/req.pem"
  if [ "$issuer" = "$file" ]; then
    signer="-selfsign -keyfile $work/$keyname.key"
  else
    signer="-cert $issuer.pem -keyfile $work/$issuer.key"
  fi
  # shellcheck disable=SC2086 # the options are several words
  openssl ca -config "$work/ca.cnf" -batch -notext $signer -in "$work/req.pem" -out "$file.pem" \
    -extfile "$work/ext.cnf" -extensions x -startdate $from -enddate $to "$@" 2>"$work/log" ||
    { cat "$work/log"; exit 1; }
  [ -e "$work/$file.key" ] || cp "$work/$keyname.key" "$work/$file.key"
}

ids='subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid'
ca="basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n$ids"
ca0="basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n$ids"
leaf="basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n$ids"
san='subjectAltName=DNS:example.org,DNS:*.example.org,IP:192.0.2.1,IP:2001:db8::1,email:me@example.org,URI:https://example.org/'
noeku="basicConstraints=critical,CA:FALSE\n$ids\n$san"

# Chains of each kind of key.
p256 root-p256; certificate root-p256 root-p256 root-p256 '/O=Example/CN=Root P-256' "$ca"
p256 int-p256;  certificate int-p256 int-p256 root-p256 '/O=Example/CN=Intermediate P-256' "$ca0"
p256 leaf-p256; certificate leaf-p256 leaf-p256 int-p256 '/O=Example/CN=example.org' "$leaf\n$san"
certificate leaf-p256-sha512 leaf-p256 int-p256 '/CN=example.org' "$leaf\n$san" -md sha512
p384 root-p384; certificate root-p384 root-p384 root-p384 '/CN=Root P-384' "$ca" -md sha384
p384 leaf-p384; certificate leaf-p384 leaf-p384 root-p384 '/CN=example.org' "$leaf\n$san" -md sha384
key root-p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
certificate root-p521 root-p521 root-p521 '/CN=Root P-521' "$ca" -md sha512
certificate leaf-by-p521 leaf-p256 root-p521 '/CN=example.org' "$leaf\n$san" -md sha512
key root-ed25519 -algorithm ED25519
certificate root-ed25519 root-ed25519 root-ed25519 '/CN=Root Ed25519' "$ca"
key leaf-ed25519 -algorithm ED25519
certificate leaf-ed25519 leaf-ed25519 root-ed25519 '/CN=example.org' "$leaf\n$san"
rsa root-rsa; certificate root-rsa root-rsa root-rsa '/CN=Root RSA' "$ca" -md sha256
rsa int-rsa;  certificate int-rsa int-rsa root-rsa '/CN=Intermediate RSA' "$ca" -md sha384
rsa leaf-rsa; certificate leaf-rsa leaf-rsa int-rsa '/CN=example.org' "$leaf\n$san" -md sha512
pss='-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest'
# shellcheck disable=SC2086
certificate leaf-rsa-pss leaf-rsa int-rsa '/CN=example.org' "$leaf\n$san" -md sha256 $pss
# shellcheck disable=SC2086
certificate leaf-rsa-pss-sha384 leaf-rsa int-rsa '/CN=example.org' "$leaf\n$san" -md sha384 $pss
certificate leaf-rsa-pss-odd-salt leaf-rsa int-rsa '/CN=example.org' "$leaf\n$san" -md sha256 \
  -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:10

# Weak and unknown algorithms.
certificate leaf-sha1 leaf-rsa int-rsa '/CN=example.org' "$leaf\n$san" -md sha1
certificate leaf-md5 leaf-rsa int-rsa '/CN=example.org' "$leaf\n$san" -md md5
certificate leaf-ecdsa-sha1 leaf-p256 int-p256 '/CN=example.org' "$leaf\n$san" -md sha1
certificate leaf-ecdsa-sha224 leaf-p256 int-p256 '/CN=example.org' "$leaf\n$san" -md sha224
rsa leaf-rsa1024 1024
certificate leaf-rsa1024 leaf-rsa1024 int-rsa '/CN=example.org' "$leaf\n$san" -md sha256
key leaf-secp256k1 -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1
certificate leaf-secp256k1 leaf-secp256k1 int-p256 '/CN=example.org' "$leaf\n$san"
certificate root-rsa-sha1 root-rsa root-rsa-sha1 '/CN=Root RSA' "$ca" -md sha1

# Names and keys that only look alike, cross-signing.
p256 root-p256-other
certificate root-p256-other root-p256-other root-p256-other '/O=Example/CN=Root P-256' "$ca"
certificate root-p256-other-noids root-p256-other root-p256-other-noids '/O=Example/CN=Root P-256' \
  'basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=none'
certificate int-noids int-p256 root-p256 '/O=Example/CN=Intermediate P-256' \
  'basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none'
certificate int-cross int-p256 root-rsa '/O=Example/CN=Intermediate P-256' "$ca0" -md sha256
certificate loop-a root-p384 int-p256 '/CN=Loop A' "$ca"
certificate loop-b int-rsa loop-a '/CN=Loop B' "$ca"
certificate loop-a2 root-p384 loop-b '/CN=Loop A' "$ca" -md sha256
certificate leaf-loop leaf-p256 loop-a '/CN=example.org' "$leaf\n$san"

# Dates.
from=20250101000000Z to=20250201000000Z
certificate leaf-expired leaf-p256 int-p256 '/CN=example.org' "$leaf\n$san"
certificate int-expired int-p256 root-p256 '/O=Example/CN=Intermediate P-256' "$ca0"
certificate root-expired root-p256 root-expired '/O=Example/CN=Root P-256' "$ca"
from=20440101000000Z to=20600101000000Z
certificate leaf-future leaf-p256 int-p256 '/CN=example.org' "$leaf\n$san"
from=20250101000000Z to=20450101000000Z

# Purposes.
certificate leaf-client leaf-p256 int-p256 '/CN=me' "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n$ids"
certificate leaf-both leaf-p256 int-p256 '/CN=me' "extendedKeyUsage=clientAuth,serverAuth\n$san\n$ids"
certificate leaf-any-eku leaf-p256 int-p256 '/CN=me' "extendedKeyUsage=anyExtendedKeyUsage\n$san\n$ids"
certificate leaf-no-eku leaf-p256 int-p256 '/CN=example.org' "$noeku"
certificate leaf-no-signing leaf-rsa int-rsa '/CN=example.org' "keyUsage=critical,keyEncipherment\n$san\n$ids" -md sha256
certificate int-client int-rsa root-p256 '/CN=Client CA' "$ca\nextendedKeyUsage=clientAuth"
certificate leaf-by-client leaf-p256 int-client '/CN=example.org' "$leaf\n$san" -md sha256
certificate int-no-sign int-rsa root-p256 '/CN=No Sign' "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n$ids"
certificate leaf-by-no-sign leaf-p256 int-no-sign '/CN=example.org' "$leaf\n$san" -md sha256
certificate leaf-by-leaf leaf-p384 leaf-p256 '/CN=evil.example' "$leaf\nsubjectAltName=DNS:evil.example"
certificate int-below int-rsa int-p256 '/CN=Below' "$ca"
certificate leaf-too-deep leaf-p256 int-below '/CN=example.org' "$leaf\n$san" -md sha256
certificate int-self-issued root-p384 int-p256 '/O=Example/CN=Intermediate P-256' "$ca0"
certificate leaf-by-self-issued leaf-p256 int-self-issued '/CN=example.org' "$leaf\n$san" -md sha256

# Extensions.
certificate leaf-critical leaf-p256 int-p256 '/CN=example.org' "$leaf\n$san\n1.2.3.4.5=critical,ASN1:NULL"
certificate leaf-policies leaf-p256 int-p256 '/CN=example.org' "$leaf\n$san\ncertificatePolicies=critical,1.2.3.4"
certificate int-policy int-rsa root-p256 '/CN=Policy' "$ca\npolicyConstraints=critical,requireExplicitPolicy:0"
certificate leaf-by-policy leaf-p256 int-policy '/CN=example.org' "$leaf\n$san" -md sha256

# Names.
certificate leaf-cn-only leaf-p256 int-p256 '/CN=example.org' "$leaf"
certificate leaf-wildcards leaf-p256 int-p256 '/CN=example.org' \
  "$leaf\nsubjectAltName=DNS:*.Wild.Example,DNS:*.com,DNS:*,DNS:f*.part.example,DNS:a.*.mid.example,DNS:192.0.2.7,DNS:dot.example."
p256 self-signed
certificate self-signed self-signed self-signed '/CN=localhost' \
  "basicConstraints=critical,CA:TRUE\n$ids\nsubjectAltName=DNS:localhost,IP:127.0.0.1"
# Version 1 has no extensions.
openssl req -new -key "$work/root-p256.key" -subj '/CN=Root V1' -out "$work/req.pem"
openssl x509 -req -in "$work/req.pem" -signkey "$work/root-p256.key" -days 9000 -out root-v1.pem 2>/dev/null
cp "$work/root-p256.key" "$work/root-v1.key"
certificate leaf-by-v1 leaf-p256 root-v1 '/CN=example.org' "extendedKeyUsage=serverAuth\n$san"

# Name constraints.
certificate int-nc int-rsa root-p256 '/CN=Constrained' \
  "$ca\nnameConstraints=critical,permitted;DNS:example.org,permitted;IP:192.0.2.0/255.255.255.0,excluded;DNS:secret.example.org,excluded;DNS:.hidden.example.org"
nc() { certificate "leaf-nc-$1" leaf-p256 int-nc '/CN=constrained' "$leaf\nsubjectAltName=$2" -md sha256; }
nc good 'DNS:example.org,DNS:www.EXAMPLE.org,IP:192.0.2.9,DNS:hidden.example.org'
nc other 'DNS:example.org,DNS:example.net'
nc suffix 'DNS:notexample.org'
nc excluded 'DNS:a.secret.example.org'
nc excluded-dot 'DNS:a.hidden.example.org'
nc wildcard 'DNS:*.example.org'
nc ip 'IP:192.0.3.1'
nc ipv6 'IP:2001:db8::1'
certificate int-nc-dir int-rsa root-p256 '/O=Example/CN=Directory' \
  "$ca\nnameConstraints=critical,permitted;dirName:dir\n[dir]\nO=EXAMPLE "
certificate leaf-nc-dir-good leaf-p256 int-nc-dir '/O=Example/CN=ok' "$leaf\n$san" -md sha256
certificate leaf-nc-dir-bad leaf-p256 int-nc-dir '/O=Other/CN=bad' "$leaf\n$san" -md sha256
certificate int-nc-email int-rsa root-p256 '/CN=Mail' "$ca\nnameConstraints=critical,permitted;email:example.org"
certificate leaf-nc-email leaf-p256 int-nc-email '/CN=mail' "$leaf\n$san" -md sha256
certificate leaf-nc-no-email leaf-p256 int-nc-email '/CN=mail' "$leaf\nsubjectAltName=DNS:example.org" -md sha256
certificate leaf-nc-subject-email leaf-p256 int-nc-email '/CN=mail/emailAddress=me@example.net' \
  "$leaf\nsubjectAltName=DNS:example.org" -md sha256

# Private keys in every form. They protect nothing: they are published here.
cp "$work/leaf-p256.key" key-p256-pkcs8.pem
openssl ec -in "$work/leaf-p256.key" -out key-p256-sec1.pem 2>/dev/null
openssl ec -in "$work/leaf-p384.key" -out key-p384-sec1.pem 2>/dev/null
openssl ecparam -name prime256v1 -genkey -out key-p256-ecparam.pem
cp "$work/leaf-rsa.key" key-rsa-pkcs8.pem
openssl rsa -in "$work/leaf-rsa.key" -traditional -out key-rsa-pkcs1.pem 2>/dev/null
cp "$work/leaf-ed25519.key" key-ed25519-pkcs8.pem
openssl pkcs8 -topk8 -in "$work/leaf-p256.key" -passout pass:secret -out key-encrypted-pkcs8.pem
openssl rsa -in "$work/leaf-rsa.key" -traditional -aes128 -passout pass:secret -out key-encrypted-pkcs1.pem 2>/dev/null
