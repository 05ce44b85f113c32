#!/usr/bin/env bash
# Runs the pages of docs/ on a Debian with systemd of its own (root.sh): each sh
# block, in order, and each yaml block that begins with "# /path" is that file.
# "sh build" blocks are the commands that the other tests of this folder run; "sh
# cluster" blocks are those of tests/kubernetes/move.sh.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=root.sh
source "$here/root.sh"

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  exit 1
}

# The blocks of a page as one script, which says what it is about to do.
script_of() {
  awk '
    /^```/ && !inside { inside = 1; kind = substr($0, 4); first = 1; next }
    /^```/ { if (into) print "END"; inside = into = 0; next }
    !inside { next }
    kind == "yaml" {
      if (first && /^# \//) { print "cat >" $2 " <<\"END\""; into = 1 }
      else if (first) { print "a yaml block without a path" > "/dev/stderr"; exit 1 }
      first = 0; print; next
    }
    kind == "sh" { print; next }
    kind == "sh cluster" { next }
    kind == "sh build" {
      if ($0 !~ /^bazel (build \/\/:deb|run \/\/:install -- )/) {
        print "no test runs: " $0 > "/dev/stderr"; exit 1
      }
      next
    }
    { print "neither sh nor yaml: " kind > "/dev/stderr"; exit 1 }' "$1"
}

# Every option has its row.
for option in $("$LBD" --help | sed -n 's/^  --\([a-z-]*\) .*/\1/p' | grep -vx config); do
  grep -q "^| \`$option\` |" docs/configure.md || fail "docs/configure.md has no row for $option"
done
# Links lead somewhere, also in the source tree.
docs=$(dirname "$(realpath WORKSPACE)")/docs
for page in docs/*.md; do
  script_of "$page" >/dev/null || fail "$page"
  for link in $(grep -o '](\([^)#:]*\))' "$page" | tr -d ']()'); do
    [[ -e $docs/$link ]] || fail "$page: no $link"
  done
done

why=$(root_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
trap root_down EXIT
trap 'exit 130' INT TERM
mkdir "$LAB_DIR/root"
root_up / "$LAB_DIR/root" || fail "no systemd"
cp packaging/lbd.deb "$ROOT/root/lbd.deb"
install -m 755 tests/packaging/kubectl "$ROOT/usr/local/bin/kubectl"
root_in ip link add eth0 type veth peer name peer0
root_in ip link set peer0 up
root_in ip link set eth0 up
root_in ip address add 192.0.2.11/24 dev eth0

for page in install configure metallb-files failures failover security; do
  echo "== docs/$page.md"
  rm -f "$ROOT"/etc/lbd/manifests/*.yaml  # Each page has its own.
  script_of "docs/$page.md" >"$ROOT/root/$page.sh"
  root_in bash -c "cd /root && PATH=/usr/local/bin:\$PATH bash -euo pipefail -x $page.sh" >"$LAB_DIR/log" 2>&1 || {
    root_in journalctl --no-pager -u lbd -n 10 >>"$LAB_DIR/log" 2>&1 || true
    fail "docs/$page.md: $(tail -n 40 "$LAB_DIR/log")"
  }
  [[ $page != metallb-files ]] || root_in lbctl services | grep -q 'nginx-test-service .*172\.18\.8\.203' ||
    fail "the migrated service lost its address: $(root_in lbctl services)"
done
echo "all seen"
