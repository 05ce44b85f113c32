#!/usr/bin/env bash
# What krew installs: the manifest names the archive's bytes, and the program in it
# runs.
set -euo pipefail
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
manifest=packaging/krew/lb.yaml archive=packaging/krew/kubectl-lb.tar.gz

# As krew's validation wants it: internal/index/validation/validate.go.
has() { grep -qE "^ *(- )?$1\$" "$manifest" || fail "no $1 in $(cat "$manifest")"; }
has "apiVersion: krew.googlecontainertools.github.com/v1alpha2"
has "kind: Plugin"
has "name: lb"
has "shortDescription: .+"
has "version: v$("$1" --version | cut -d ' ' -f 2 | sed 's/\./\\./g')"
has "uri: https://.+/kubectl-lb.tar.gz"
has "sha256: $(sha256sum <"$archive" | cut -d ' ' -f 1)"
has "bin: kubectl-lb"
grep -v '^#' "$manifest" | grep -q @ && fail "an @NAME@ is left"

tar -xzf "$archive" -C "$TEST_TMPDIR"
[[ $(cd "$TEST_TMPDIR" && echo ./*) == "./LICENSE ./kubectl-lb" ]] || fail "$(ls "$TEST_TMPDIR")"
"$TEST_TMPDIR/kubectl-lb" --help | grep -q '^Usage: kubectl lb ' || fail "it does not run"
echo "all seen"
