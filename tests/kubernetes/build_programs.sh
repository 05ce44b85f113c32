#!/usr/bin/env bash
# build_programs.sh VERSION [PROGRAM...]: builds programs/PROGRAM/main.go of
# Kubernetes VERSION (v1.34.4), and prints the path of each:
#
#   core      etcd and kube-apiserver; the default
#   control   kube-controller-manager, kube-scheduler, kubectl; 1.34.4 only
#   node      kubelet, kube-proxy; 1.34.4 only
#
# All of them take some 15 minutes of processor time, once: a program stays in
# ~/.cache/lbd-test, until it is another. Exits with 75 if the module proxy gives
# nothing (tests/go/modules.sh).
set -euo pipefail
version=$1
shift
(($# > 0)) || set -- core
here=$(cd "$(dirname "$0")" && pwd)/programs
pins=$here/$version
if [[ ! -d $pins ]]; then
  echo "build_programs.sh: $version is not pinned, want one of" \
    "$(cd "$here" && echo v*)" >&2
  exit 2
fi
# shellcheck source=tests/go/modules.sh
source "$here/../../go/modules.sh"

program_path() {  # program_path PROGRAM: where it stays; its source is part of it.
  kept_path "$1" "$version" "$here/$1/main.go" "$pins/go.mod" "$pins/go.sum"
}
lock_build "core-$version"
missing=()
for program in "$@"; do
  [[ -x $(program_path "$program") ]] || missing+=("$program")
done
if ((${#missing[@]} == 0)); then
  for program in "$@"; do program_path "$program"; done
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
mkdir "$work/module" "$work/built"
for program in "${missing[@]}"; do cp -rL "$here/$program" "$work/module"; done
cp "$pins"/go.* "$work/module"
cd "$work/module"
download "Kubernetes $version" "$go" list -deps ./...
packages=$(wc -l <"$work/download")

# The names of these variables are Kubernetes' own.
minor=${version#v1.}
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1"
  flags+=" -X $package.gitMinor=${minor%%.*} -X $package.gitTreeState=clean"
  flags+=" -X $package.buildDate=2026-01-01T00:00:00Z"
done
# What is compiled takes gigabytes. It stays only until the programs are there,
# so that a build that was stopped goes on. Less collecting of garbage saves
# time.
export GOCACHE=$cache/build-$version GOGC=400
"$go" build -v -trimpath -buildvcs=false -ldflags "$flags" -o "$work/built/" \
  ./... 2>"$work/log" &
build=$!
trap 'kill "$build" 2>/dev/null || true; rm -rf "$work"' EXIT
say() { echo "build_programs.sh: Kubernetes $version, ${missing[*]}: $*" >&2; }
say "building up to $packages packages, once"
next=30
while kill -0 "$build" 2>/dev/null; do
  sleep 1
  ((SECONDS >= next)) || continue
  next=$((SECONDS + 30))
  say "$(wc -l <"$work/log") of up to $packages packages after $SECONDS s"
done
if ! wait "$build"; then
  cat "$work/log" >&2
  say "does not build; see above"
  exit 1
fi
for program in "${missing[@]}"; do
  rm -f "$cache/$program-$version-"*
  mv "$work/built/$program" "$(program_path "$program")"
done
rm -rf "$GOCACHE"
say "built after $SECONDS s"
for program in "$@"; do program_path "$program"; done
