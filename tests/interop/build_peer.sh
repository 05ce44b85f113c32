#!/usr/bin/env bash
# build_peer.sh VERSION OUTPUT: builds peer.go with memberlist VERSION (0.7.0)
# as a Go module, by the Go that this version asks for. Exits with 75 if the
# module proxy gives nothing (tests/go/modules.sh).
set -euo pipefail
version=$1 output=$2
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/go/modules.sh
source "$here/../go/modules.sh"

fetch_new_go
mkdir "$work/peer"
cp "$here/memberlist/v$version"/go.* "$here/peer.go" "$work/peer"
cd "$work/peer"
download "memberlist $version" "$new_go" mod download
"$new_go" build -o "$output" .
