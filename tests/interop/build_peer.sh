#!/usr/bin/env bash
# build_peer.sh VERSION OUTPUT: builds peer.go with memberlist VERSION (0.7.0)
# as a Go module, by the Go that this version asks for. Both come through
# Debian's go from the module proxy (Go's own settings and environment say
# which), are checked against its checksum database, and stay in Go's caches.
# Exits with 75 if the proxy gives nothing, which is no fault of the tree.
set -euo pipefail
version=$1 output=$2
here=$(cd "$(dirname "$0")" && pwd)
go=${BUILD_PEER_GO:-/usr/bin/go}
toolchain=go1.25.5

# Bazel gives each test a home of its own, where no cache lasts.
home=$(getent passwd "$(id -u)" | cut -d: -f6)
if [[ -d $home && -w $home ]]; then export HOME=$home; fi
export CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lbd-test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/peer"

# Runs `go mod download ...`; its output is in $work/download.
download() {
  if timeout 120 "$@" >"$work/download" 2>&1; then return; fi
  cat "$work/download" >&2
  # Modules that came and differ from go.mod and go.sum are no fault of the
  # network.
  if grep -qE 'SECURITY ERROR|mismatch|missing go.sum|parsing' \
    "$work/download"; then
    exit 1
  fi
  echo "build_peer.sh: memberlist $version: nothing from the module proxy" >&2
  exit 75
}

# Modules have no execute bits, and Go's module cache is not to be changed.
if [[ ! -x $cache/$toolchain/bin/go ]]; then
  module=golang.org/toolchain@v0.0.1-$toolchain.linux-$("$go" env GOARCH)
  cd "$work"
  download "$go" mod download -json "$module"
  source=$(sed -n 's/.*"Dir": "\(.*\)",\?$/\1/p' "$work/download")
  mkdir -p "$cache"
  copy=$(mktemp -d "$cache/copy.XXXXXX")
  cp -r "$source/." "$copy"
  chmod -R u+w "$copy"
  chmod +x "$copy"/bin/* "$copy"/pkg/tool/linux_*/*
  rm -rf "${cache:?}/$toolchain"
  mv "$copy" "$cache/$toolchain"
fi

cp "$here/memberlist/v$version"/go.* "$here/peer.go" "$work/peer"
cd "$work/peer"
download "$cache/$toolchain/bin/go" mod download
"$cache/$toolchain/bin/go" build -o "$output" .
