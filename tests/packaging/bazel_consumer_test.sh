#!/usr/bin/env bash
# examples/consumer-bazel: another workspace builds with lb's libraries. Its
# Bazel is another server with files of its own.
set -euo pipefail
source_tree=$(dirname "$(realpath WORKSPACE)")
unset "${!TEST_@}" RUNFILES_DIR JAVA_RUNFILES PYTHON_RUNFILES  # Of the outer Bazel.

consumer_bazel() {
  (cd "$source_tree/examples/consumer-bazel" &&
    bazel --output_user_root="$LAB_DIR/bazel" --max_idle_secs=10 "$@")
}
# Its files are read-only.
trap 'consumer_bazel shutdown; chmod -R u+w "$LAB_DIR/bazel"' EXIT

# Generated code besides.
out=$(consumer_bazel build --symlink_prefix=/ @lb//lb/ipam:ledger_proto 2>"$LAB_DIR/log" &&
  consumer_bazel run --symlink_prefix=/ //:rank -- 172.18.8.201 n1 n2 n3 2>"$LAB_DIR/log") || {
  echo "FAILED: the consumer does not build:"
  tail -n 30 "$LAB_DIR/log"
  exit 1
}
[[ $out == $'n2\nn1\nn3' ]] || {
  echo "FAILED: want n2, n1, n3, got: $out"
  exit 1
}
echo "all seen"
