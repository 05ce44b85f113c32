#!/usr/bin/env bash
# Fuzzes a reader of bytes from the network. The corpus has bytes of real nodes.
#
#   fuzz_test.sh FUZZER VECTORS VECTORS_MIN MALLOC_LIMIT_MB
#
# FUZZ_SECONDS (5) says for how long: bazel test --test_env=FUZZ_SECONDS=60 ...
# An input that fails is printed in base64; one that makes the decoder allocate
# more than the limit at once fails.
set -euo pipefail

fuzzer=$1 vectors=$2 vectors_min=$3 limit=$4
seeds=$TEST_TMPDIR/seeds
mkdir -p "$seeds"
# The corpus: lines of hexadecimal digits; long ones are abridged with "..".
count=0
while read -r hex; do
  count=$((count + 1))
  printf "$(sed 's/../\\x&/g' <<<"$hex")" >"$seeds/$count"
done < <(grep -E '^([0-9a-f]{2})+$' "$vectors")
if [[ $count -lt $vectors_min ]]; then
  echo "$vectors: $count vectors, want $vectors_min or more" >&2
  exit 1
fi

"$fuzzer" -max_total_time="${FUZZ_SECONDS:-5}" -max_len=65536 -seed=1 \
  -malloc_limit_mb="$limit" -rss_limit_mb=1024 -timeout=5 -verbosity=1 \
  -print_final_stats=1 -artifact_prefix="$TEST_TMPDIR/" "$seeds" 2>&1 |
  grep -vE 'REDUCE|NEW  |pulse|RELOAD' | tail -60
