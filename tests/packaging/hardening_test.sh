#!/usr/bin/env bash
# Checks in the ELF files what the flags of .bazelrc leave in the programs.
# //lb/base:hardening_test checks the flags that leave no trace there.
set -euo pipefail

fail() { echo "FAILED: $*" >&2 && exit 1; }
for tool in readelf objdump; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: $tool (binutils) is not installed" && exit 77; }
done

# has PROGRAM WHAT PATTERN COMMAND...: does the command print such a line?
has() {
  local program=$1 what=$2 pattern=$3
  shift 3
  "$@" "$program" | grep -E "$pattern" >/dev/null || fail "$program: no $what ($* has no $pattern)"
}

for program in "$LBD" "$LBCTL"; do
  has "$program" "position-independent executable" 'Type: +DYN' readelf -hW
  has "$program" "read-only relocations" 'GNU_RELRO' readelf -lW
  has "$program" "binding at the start" 'BIND_NOW' readelf -dW
  has "$program" "stack without execution" 'GNU_STACK.* RW +0x' readelf -lW
  has "$program" "guarded stack" '__stack_chk_fail' readelf -W --dyn-syms
  # Level 1 fortifies memcpy, and not these.
  has "$program" "fortified output" '__(snprintf|fprintf)_chk' readelf -W --dyn-syms
  has "$program" "assertions of the standard library" '__glibcxx_assert_fail' readelf -W --dyn-syms
done

if [[ $(uname -m) == x86_64 ]]; then
  # A large frame is touched page by page.
  has "$LBD" "probes of the stack" 'orq +\$0x0,\(%rsp\)' objdump -d --no-show-raw-insn
fi
echo "all seen"
