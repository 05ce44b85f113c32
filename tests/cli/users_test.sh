#!/usr/bin/env bash
# lbd --check says of each manifest that users brought what it should say: all
# lines and the exit status stand in NAME.txt.
#
#   users_test.sh LBD [--write]   --write: writes the files
set -uo pipefail

lbd=$1 write=${2:-}
users=tests/cli/users
failures=0

for input in "$users"/*; do
  [[ $input == *.txt ]] && continue
  got=$("$lbd" --check --manifests "$input" 2>&1)
  got+=$'\n'"exit status $?"
  got=${got//"$users/"/}
  if [[ $write == --write ]]; then
    echo "$got" >"$input.txt"
  elif ! diff <(echo "$got") "$input.txt" >"$TEST_TMPDIR/diff"; then
    printf 'FAILED: %s: got (<) and want (>):\n' "$input"
    cat "$TEST_TMPDIR/diff"
    failures=$((failures + 1))
  fi
  count=$((${count:-0} + 1))
done
[[ ${count:-0} -ge 8 ]] || { echo "FAILED: only ${count:-0} inputs"; exit 1; }

[[ $failures -eq 0 ]]
