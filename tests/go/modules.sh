# Go programs for tests, out of modules at pinned versions. Sourced by scripts
# that build one. What comes from the module proxy (Go's own settings and
# environment say which) is checked against the checksum database.
#
# Sets `cache`, a folder that outlives the test, and `work`, one that does not;
# `go_here` is Debian's go, and `new_go` a newer one, after fetch_new_go: that of
# `new_go_version`, if the script has set it before.
# shellcheck disable=SC2034 # Used by the scripts.

new_go_version=${new_go_version:-go1.25.5}
go_here=${GO_OF_TEST:-/usr/bin/go}

# Bazel gives each test a home of its own, where no cache lasts.
home=$(getent passwd "$(id -u)" | cut -d: -f6)
if [[ -d $home && -w $home ]]; then export HOME=$home; fi
export CGO_ENABLED=0 GOTOOLCHAIN=local
export GOFLAGS="-mod=readonly ${GOFLAGS:-}"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lbd-test
new_go=$cache/$new_go_version/bin/go
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# kept_path NAME VERSION FILE...: where what is built out of these files stays.
kept_path() {
  local inputs
  inputs=$(cat "${@:3}" | sha256sum)
  echo "$cache/$1-$2-${inputs:0:8}"
}

# lock_build NAME: two tests that want it wait for one build.
lock_build() {
  mkdir -p "$cache"
  exec {lock}>"$cache/$1.lock"
  flock "$lock"
}

# download WHAT COMMAND...: runs a command of Go that fetches modules; its
# output is in $work/download. Exits with 75 if the proxy gives nothing, which
# is no fault of the tree.
download() {
  local what=$1
  shift
  if timeout 300 "$@" >"$work/download" 2>"$work/download.log"; then return; fi
  cat "$work/download" "$work/download.log" >&2
  # Modules that came and differ from go.mod and go.sum are no fault of the
  # network, nor is a program that wants another module.
  if grep -qE 'SECURITY ERROR|mismatch|missing go.sum|parsing|updates to go.mod|no required module|is not in' \
    "$work/download" "$work/download.log"; then
    exit 1
  fi
  echo "$(basename "$0"): $what: nothing from the module proxy" >&2
  exit 75
}

# Has Debian's go fetch the newer one, which is a module too. Modules have no
# execute bits, and Go's module cache is not to be changed, so it is copied.
fetch_new_go() {
  [[ ! -x $new_go ]] || return 0
  local module source copy
  module=golang.org/toolchain@v0.0.1-$new_go_version.linux-$("$go_here" env GOARCH)
  cd "$work"
  GOFLAGS='' download "$new_go_version" "$go_here" mod download -json "$module"
  source=$(sed -n 's/.*"Dir": "\(.*\)",\?$/\1/p' "$work/download")
  mkdir -p "$cache"
  copy=$(mktemp -d "$cache/copy.XXXXXX")
  cp -r "$source/." "$copy"
  chmod -R u+w "$copy"
  chmod +x "$copy"/bin/* "$copy"/pkg/tool/linux_*/*
  rm -rf "${cache:?}/$new_go_version"
  mv "$copy" "$cache/$new_go_version"
}
