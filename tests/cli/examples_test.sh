#!/usr/bin/env bash
# The examples do what examples/README.md says. (announce has tests/netns.)
set -uo pipefail

ipam=$1 election=$2 gossip=$3
failures=0

expect() {  # expect NAME PATTERN FILE: the file has a line with the pattern.
  if ! grep -q -- "$2" "$3"; then
    printf 'FAILED: %s: no "%s" in:\n%s\n' "$1" "$2" "$(cat "$3")"
    failures=$((failures + 1))
  fi
}

out=$TEST_TMPDIR/out
"$ipam" >"$out" || echo "status $?" >>"$out"
expect ipam '^demo/web .* (pool first-pool)$' "$out"
"$election" n1 n2 n3 -- 172.18.8.201 2001:db8::10 >"$out" || echo "status $?" >>"$out"
expect election '^172.18.8.201 is announced by n2, else by n1, n3$' "$out"

# Addresses of their own: whole 127.0.0.0/8 is loopback.
"$gossip" a 127.18.8.1:7001 >"$out-a" 2>&1 &
a=$!
"$gossip" b 127.18.8.2:7001 127.18.8.1:7001 >"$out-b" 2>&1 &
b=$!
for ((i = 0; i < 100; ++i)); do
  grep -q 'b joined' "$out-a" && grep -q 'a joined' "$out-b" && break
  sleep 0.1
done
kill -INT "$b"
wait "$b"
for ((i = 0; i < 100; ++i)); do
  grep -q 'b left' "$out-a" && break
  sleep 0.1
done
kill -INT "$a"
wait "$a"
expect gossip '^b joined at 127.18.8.2:7001$' "$out-a"
expect gossip '^b left at 127.18.8.2:7001$' "$out-a"
expect gossip '^a joined at 127.18.8.1:7001$' "$out-b"

[[ $failures -eq 0 ]]
