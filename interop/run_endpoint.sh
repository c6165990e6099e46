#!/bin/sh
# The entry point of the image for quic-interop-runner: starts godwit in the role that ROLE names.
# The base image brings /setup.sh (routes into the simulator) and /wait-for-it.sh.
set -eu

/setup.sh

cd "$(dirname "$0")/.."
# Parameters are options of node, such as --prof.
case "$ROLE" in
client)
  # The simulator opens this port when it is ready.
  /wait-for-it.sh sim:57832 -s -t 30
  # shellcheck disable=SC2086
  exec node ${CLIENT_PARAMS:-} --import=@godwit/testkit/register interop/client/main.ts
  ;;
server)
  # shellcheck disable=SC2086
  exec node ${SERVER_PARAMS:-} --import=@godwit/testkit/register interop/server/main.ts
  ;;
*)
  echo "ROLE is '$ROLE', expected client or server" >&2
  exit 1
  ;;
esac
