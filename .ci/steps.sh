# Steps of a check and their count, for `.ci/run`: to be sourced by bash.
passed=0 failed=0

# step TITLE COMMAND...: one check that passes when the command succeeds.
step() {
  local title=$1; shift
  printf '\n=== %s\n' "$title"
  if "$@" </dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)); printf 'FAILED: %s\n' "$title"; fi
}

# counted TITLE COMMAND...: adds the command's own last line `N passed, N failed`.
counted() {
  local title=$1 log status; shift
  log=$(mktemp)
  printf '\n=== %s\n' "$title"
  "$@" </dev/null 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  tally "$title" "$status" "$log"
  rm -f "$log"
}

# tally TITLE STATUS LOG: adds the last line `N passed, N failed` of a log. A command that failed without
# counting a failure, that counted nothing, or that checked nothing at all, has failed.
tally() {
  local title=$1 status=$2 log=$3 good= bad=
  read -r good bad < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log" | tail -n 1)
  if [ -z "$good" ]; then good=0 bad=1; fi
  if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; }; then bad=1; fi
  passed=$((passed + good)) failed=$((failed + bad))
  if [ "$bad" -ne 0 ]; then printf 'FAILED: %s (%d failed, exit %d)\n' "$title" "$bad" "$status"; fi
}
