#!/usr/bin/env bash
# Does shellcheck find nothing in the scripts that users get, and in those that
# make packages?
set -euo pipefail
. tests/tidy/lib.sh
command -v shellcheck >/dev/null || skip shellcheck_test "no shellcheck"
cd "$(top_of_tree tests/tidy/lib.sh)"

# That the tool finds fault with something.
if printf '#!/bin/sh\necho $1\n' | shellcheck - >/dev/null; then
  echo "shellcheck passes a word without quotes" >&2
  exit 1
fi
mapfile -t scripts < <(grep -rlE '^#!.*(/bin/sh|bash)' packaging)
[[ " ${scripts[*]} " == *" packaging/kubectl-lb "* ]] || {
  echo "packaging/kubectl-lb is not among ${scripts[*]}" >&2
  exit 1
}
shellcheck "${scripts[@]}"
