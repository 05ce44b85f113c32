# For tests of command lines: `failures` counts what did not do as expected.
failures=0

# expect NAME STATUS PATTERN COMMAND...: the command ends with the status, and
# prints a line with the pattern.
expect() {
  local name=$1 status=$2 pattern=$3 output
  shift 3
  output=$("$@" 2>&1)
  local got=$?
  if [[ $got -ne $status || $output != *"$pattern"* ]]; then
    printf 'FAILED: %s: status %s, want %s and "%s" in:\n%s\n' "$name" "$got" "$status" "$pattern" "$output"
    failures=$((failures + 1))
  fi
}
