#!/usr/bin/env bash
# Are all sources as clang-format 14 writes them, by .clang-format?
set -euo pipefail
. tests/tidy/lib.sh
require_clang format_test clang-format
cd "$(top_of_tree tests/tidy/lib.sh)"

# That the tool finds fault with something.
if printf 'int  a ;\n' | clang-format --dry-run -Werror 2>/dev/null; then
  echo "clang-format passes what is not formatted" >&2
  exit 1
fi
sources lb daemon examples tests |
  xargs clang-format --dry-run -Werror --ferror-limit=1 ||
  { echo "Run: clang-format -i FILE" >&2; exit 1; }
