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
