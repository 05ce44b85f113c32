#!/usr/bin/env bash
# build_peer.sh VERSION OUTPUT: builds peer.go with memberlist VERSION (0.7.0)
# as a Go module, by the Go that this version asks for. Both come through
# Debian's go from the module proxy (Go's own settings and environment say
# which), are checked against its checksum database, and stay in Go's caches.
set -euo pipefail
version=$1 output=$2
here=$(cd "$(dirname "$0")" && pwd)
go=/usr/bin/go
toolchain=go1.25.5

# Bazel gives each test a home of its own, where no cache lasts.
home=$(getent passwd "$(id -u)" | cut -d: -f6)
if [[ -d $home && -w $home ]]; then export HOME=$home; fi
export CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lbd-test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Modules have no execute bits, and Go's module cache is not to be changed.
if [[ ! -x $cache/$toolchain/bin/go ]]; then
  module=golang.org/toolchain@v0.0.1-$toolchain.linux-$("$go" env GOARCH)
  source=$(cd "$work" && timeout 120 "$go" mod download -json "$module" |
    sed -n 's/.*"Dir": "\(.*\)",\?$/\1/p')
  mkdir -p "$cache"
  copy=$(mktemp -d "$cache/copy.XXXXXX")
  cp -r "$source/." "$copy"
  chmod -R u+w "$copy"
  chmod +x "$copy"/bin/* "$copy"/pkg/tool/linux_*/*
  rm -rf "${cache:?}/$toolchain"
  mv "$copy" "$cache/$toolchain"
fi

cp "$here/memberlist/v$version"/go.* "$here/peer.go" "$work"
cd "$work"
timeout 120 "$cache/$toolchain/bin/go" mod download
"$cache/$toolchain/bin/go" build -o "$output" .
