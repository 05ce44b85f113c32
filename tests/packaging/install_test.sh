#!/usr/bin/env bash
# The tree that `bazel run //:install -- PREFIX` makes: complete, it moves as a
# whole, and programs outside the source tree link its libraries.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source_tree=$(dirname "$(realpath WORKSPACE)")
prefix=$LAB_DIR/moved

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  exit 1
}
expect() {  # expect WANT COMMAND...: the command prints exactly that.
  local want=$1 got
  shift
  got=$("$@") || fail "$*: status $?: $got"
  [[ $got == "$want" ]] || fail "$*: want \"$want\", got \"$got\""
}

echo "== installed, and moved"
packaging/install "$LAB_DIR/tree" >/dev/null
grep -q "^ExecStart=$LAB_DIR/tree/sbin/lbd " "$LAB_DIR/tree/lib/systemd/system/lbd.service" ||
  fail "the unit does not start the installed lbd"
mv "$LAB_DIR/tree" "$prefix"
expect "$("$LBD" --version)" "$prefix/sbin/lbd" --version
"$prefix/bin/lbctl" --help >/dev/null || fail "lbctl does not run"
"$prefix/bin/kubectl-lb" --help >/dev/null || fail "kubectl-lb does not run"
for page in man8/lbd.8 man1/lbctl.1; do
  grep -q '@' "$prefix/share/man/$page" && fail "$page has an @NAME@ left"
done
# Each option has its entry.
while read -r option; do
  grep -q "^\.B ${option//-/\\\\-}" "$prefix/share/man/man8/lbd.8" || fail "lbd.8 has no $option"
done < <("$LBD" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p')

echo "== every header that is not for tests or private is there"
python3 - "$source_tree" "$prefix/include" <<'END' || fail "headers are missing"
import pathlib, re, sys
tree, installed = map(pathlib.Path, sys.argv[1:])
missing = []
for header in sorted(tree.glob("lb/**/*.h")):
    if {"testing", "sim"} & set(header.parts):
        continue
    build = (header.parent / "BUILD.bazel").read_text()
    private = '"%s"' % header.name in "".join(re.findall(r"srcs = \[.*?\]", build, re.S))
    if not private and not (installed / header.relative_to(tree)).exists():
        missing.append(str(header.relative_to(tree)))
sys.exit("\n".join(missing + ["add their targets to packaging/BUILD.bazel"]) if missing else 0)
END

echo "== a consumer with g++ and pkg-config"
cp -r "$source_tree/examples/consumer-pkg-config" "$LAB_DIR/consumer"
make --silent -C "$LAB_DIR/consumer" PREFIX="$prefix" || fail "the consumer does not build"
expect "demo/web 192.0.2.10 (pool pool)" "$LAB_DIR/consumer/assign" 192.0.2.10-192.0.2.20 demo/web

echo "== each library of one row does without the others of it"
# Builds the example EXAMPLE where of these libraries only LIBRARY is installed.
row=(announce election gossip history http ipam)
above=(admin config status)
build_alone() {  # build_alone LIBRARY EXAMPLE
  local alone=$LAB_DIR/alone/$2 other
  mkdir -p "$alone"
  cp -r "$prefix/include" "$prefix/lib" "$alone"
  for other in "${row[@]}" "${above[@]}"; do
    [[ $other != "$1" ]] || continue
    rm -r "$alone/include/lb/$other" "$alone/lib/liblb_$other.a" "$alone/lib/pkgconfig/lb-$other.pc"
  done
  # shellcheck disable=SC2046 # Words are wanted.
  g++ -std=c++20 -O0 -o "$alone/$2" "$source_tree/examples/$2.cc" \
    $(PKG_CONFIG_PATH=$alone/lib/pkgconfig pkg-config --cflags --libs "lb-$1" lb-io-posix) ||
    fail "examples/$2.cc does not build with lb-$1 and none of its siblings"
}
run_alone() {  # run_alone EXAMPLE ARGUMENT...
  "$LAB_DIR/alone/$1/$1" "${@:2}"
}
for pair in "announce announce" "election election" "gossip gossip" "history history" \
  "http http" "ipam ipam" "ipam agreement"; do
  # shellcheck disable=SC2086 # Two words.
  build_alone $pair
done
expect "192.0.2.10 is announced by n2, else by n1" run_alone election n1 n2 -- 192.0.2.10
run_alone history | grep -q "demo/web 192.0.2.10 n2 .* for 2m" || fail "history tells another story"
run_alone ipam | grep -q "^node-b *agrees" || fail "two ledgers differ"
expect "$(printf 'node-%s: 192.0.2.0 (pool first-pool)\n' a b)" run_alone agreement "$LAB_DIR/agreement"
run_alone announce 2>/dev/null && fail "announce runs without an interface"
run_alone gossip >/dev/null && fail "gossip runs without a name"
said=$(run_alone http http://127.0.0.1:1/ 2>&1) && fail "http runs without a server"
[[ $said == *"UNAVAILABLE: 127.0.0.1:1: connect"* ]] || fail "http finds a server at port 1: $said"

echo "== each library links by its pkg-config file alone"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
for file in "$PKG_CONFIG_PATH"/*.pc; do
  library=$(basename "$file" .pc)
  echo 'int main() {}' >"$LAB_DIR/main.cc"
  # shellcheck disable=SC2046 # Words are wanted.
  g++ -Wl,--whole-archive "-L$prefix/lib" $(pkg-config --libs-only-l "$library" | grep -o -- '-llb[^ ]*') \
    -Wl,--no-whole-archive "$LAB_DIR/main.cc" $(pkg-config --libs "$library" | sed 's/-llb[^ ]*//g') \
    -o "$LAB_DIR/main" || fail "$library does not link"
done
echo "all seen"
