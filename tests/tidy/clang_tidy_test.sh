#!/usr/bin/env bash
# Does clang-tidy 14 find nothing, with the checks of .clang-tidy?
#
# It takes about five seconds of processor time for a source, so the default is
# the cores: what has no sockets, in rows 0 to 3. With CLANG_TIDY=all (./test
# --long) it reads all sources.
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
  find lb/base lb/net lb/replication lb/ipam lb/election lb/gossip lb/announce lb/history \
    -name '*.cc' -not -path '*/testing/*' -not -name '*_test.cc' -not -name '*_benchmark.cc'
}
everything() {
  find lb daemon examples tests -name '*.cc' -not -path 'tests/tsan/*'
}
list=cores
[[ ${CLANG_TIDY:-cores} != all ]] || list=everything

"$list" | sort | xargs -P "$(nproc)" -I FILE \
  clang-tidy --quiet FILE -- "${flags[@]}" 2>"$TEST_TMPDIR/stderr" ||
  { grep -v 'warnings generated' "$TEST_TMPDIR/stderr" >&2; exit 1; }
