#!/usr/bin/env bash
# Does clang-tidy 14 find nothing, with the checks of .clang-tidy?
#
# A source takes five seconds and more of processor time, nearly all of it for
# its headers. So the sources of a folder are read as one. If something is found,
# or they cannot be read as one, each half of them is, down to the single source.
#
# The default is the cores: what has no sockets, in rows 0 to 3. With
# CLANG_TIDY=all (./test --long) it reads all sources, each alone: among several
# a name that one source declares and only another uses passes as used.
set -euo pipefail
. tests/tidy/lib.sh
require_clang clang_tidy_test clang-tidy
cd "$(top_of_tree tests/tidy/lib.sh)"

generated=$TEST_TMPDIR/generated
mkdir -p "$generated"
find lb -name '*.proto' -exec protoc -I. --cpp_out="$generated" \
  --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin \
  --grpc_out="$generated" {} +
flags=(
  -xc++ -std=c++20 -I. -isystem "$generated" -isystem /usr/include/libnl3
  -DASIO_STANDALONE -DMSGPACK_NO_BOOST
)

# That the tool finds fault with something.
bad=$TEST_TMPDIR/bad.cc
echo '#include <string>
int F(std::string s) { return s.size() == 0 ? 1 : 0; }' >"$bad"
if clang-tidy --quiet --config-file=.clang-tidy "$bad" -- "${flags[@]}" \
  >/dev/null 2>&1; then
  echo "clang-tidy passes a bad example" >&2
  exit 1
fi

cores() {
  find lb/base lb/net lb/replication lb/ipam lb/election lb/gossip lb/announce lb/history lb/http \
    -name '*.cc' -not -path '*/testing/*' -not -name '*_test.cc' -not -name '*_benchmark.cc'
}
everything() {
  find lb daemon examples tests -name '*.cc' -not -path 'tests/tsan/*'
}

# check SOURCE...: prints what clang-tidy finds in them.
check() {
  local one half=$(($# / 2)) status=0
  if [[ $# -eq 1 ]]; then
    clang-tidy --quiet "$1" -- $CLANG_FLAGS
    return
  fi
  one=$(mktemp "$TEST_TMPDIR/XXXXXX.cc")
  cat "$@" >"$one"
  clang-tidy --quiet --config-file=.clang-tidy "$one" -- $CLANG_FLAGS \
    >/dev/null 2>&1 && return
  check "${@:1:half}" || status=1
  check "${@:half + 1}" || status=1
  return "$status"
}
export -f check
export CLANG_FLAGS="${flags[*]}"

# Puts the sources of a folder on one line. Reads sources from standard input.
# The folders with the most of them come first, so that no core is idle at the
# end.
by_folder() {
  local source
  local -A sources=()
  while read -r source; do
    sources[$(dirname "$source")]+=" $source"
  done
  printf '%s\n' "${sources[@]}" | awk '{ print NF, $0 }' | sort -rn | cut -d' ' -f2-
}

if [[ ${CLANG_TIDY:-cores} == all ]]; then
  everything | sort
else
  cores | sort | by_folder
fi >"$TEST_TMPDIR/lists"
xargs -P "$(nproc)" -L 1 bash -c 'check "$@"' - \
  <"$TEST_TMPDIR/lists" 2>"$TEST_TMPDIR/stderr" ||
  { grep -v 'warnings generated' "$TEST_TMPDIR/stderr" >&2; exit 1; }
