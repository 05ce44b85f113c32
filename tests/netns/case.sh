#!/usr/bin/env bash
# Runs a lab script as a Bazel test case: exit status 77 (and a line "SKIPPED:
# why") makes it a skipped one in the results, never a passed one.
set -uo pipefail

name=$1 script=$2
suite=$(basename "$(dirname "$script")")
export LBD=$PWD/$3 LBCTL=$PWD/$4
# Short, because the path of a unix socket has at most 107 bytes.
export LAB_PREFIX=t$$- LAB_DIR=$(mktemp -d /tmp/lb-lab.XXXXXX)
trap 'rm -rf "$LAB_DIR"' EXIT
output=$(mktemp "$TEST_TMPDIR/output.XXXXXX")

bash "$script" 2>&1 | tee "$output"
status=${PIPESTATUS[0]}
[[ $status -eq 77 ]] || exit "$status"
cat >"$XML_OUTPUT_FILE" <<END
<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="$suite" tests="1">
<testcase classname="$suite" name="$name"><skipped message="$(grep -m1 SKIPPED "$output")"/></testcase>
</testsuite></testsuites>
END
