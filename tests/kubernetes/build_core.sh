#!/usr/bin/env bash
# build_core.sh VERSION: builds core/main.go, etcd and kube-apiserver of
# Kubernetes VERSION (v1.34.4), and prints the program's path. It takes some ten
# minutes of processor time, once: the program stays in ~/.cache/lbd-test, until
# it is another. Exits with 75 if the module proxy gives nothing
# (tests/go/modules.sh).
set -euo pipefail
version=$1
here=$(cd "$(dirname "$0")" && pwd)
pins=$here/core/$version
if [[ ! -d $pins ]]; then
  echo "build_core.sh: $version is not pinned, want one of" \
    "$(cd "$here/core" && echo v*)" >&2
  exit 2
fi
# shellcheck source=tests/go/modules.sh
source "$here/../go/modules.sh"

inputs=$(cat "$here/core/main.go" "$pins/go.mod" "$pins/go.sum" | sha256sum)
program=$cache/core-$version-${inputs:0:8}
mkdir -p "$cache"
# Two tests that want it wait for one build.
exec {lock}>"$cache/core-$version.lock"
flock "$lock"
if [[ -x $program ]]; then
  echo "$program"
  exit
fi

# What each version was tried with.
case $version in
  v1.26.*) go=$go_here ;;
  *)
    fetch_new_go
    go=$new_go
    ;;
esac
mkdir "$work/core"
cp "$here/core/main.go" "$pins"/go.* "$work/core"
cd "$work/core"
download "Kubernetes $version" "$go" list -deps .
packages=$(wc -l <"$work/download")

# The names of these variables are Kubernetes' own.
minor=${version#v1.}
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1"
  flags+=" -X $package.gitMinor=${minor%%.*} -X $package.gitTreeState=clean"
  flags+=" -X $package.buildDate=2026-01-01T00:00:00Z"
done
# What is compiled takes gigabytes. It stays only until the program is there, so
# that a build that was stopped goes on. Less collecting of garbage saves time.
export GOCACHE=$cache/core-build-$version GOGC=400
"$go" build -v -trimpath -buildvcs=false -ldflags "$flags" -o "$work/program" . \
  2>"$work/log" &
build=$!
trap 'kill "$build" 2>/dev/null || true; rm -rf "$work"' EXIT
echo "build_core.sh: Kubernetes $version: building up to $packages packages," \
  "once" >&2
next=30
while kill -0 "$build" 2>/dev/null; do
  sleep 1
  ((SECONDS >= next)) || continue
  next=$((SECONDS + 30))
  echo "build_core.sh: Kubernetes $version: $(wc -l <"$work/log") of up to" \
    "$packages packages after $SECONDS s" >&2
done
if ! wait "$build"; then
  cat "$work/log" >&2
  echo "build_core.sh: Kubernetes $version does not build; see above" >&2
  exit 1
fi
rm -f "$cache/core-$version-"*
mv "$work/program" "$program"
rm -rf "$GOCACHE"
echo "build_core.sh: Kubernetes $version: $program, after $SECONDS s" >&2
echo "$program"
