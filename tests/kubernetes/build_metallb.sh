#!/usr/bin/env bash
# build_metallb.sh: builds MetalLB's controller and speaker out of the modules of
# programs/metallb, and prints the folder that has them and metallb-native.yaml.
#
# It takes some minutes of processor time, once: the folder stays in
# ~/.cache/lbd-test until the pins or this file are others. Exits with 75 if the
# module proxy gives nothing (tests/go/modules.sh).
#
# The module proxy lacks the frr-k8s of this version. An older one is pinned in
# its place; it has no prepended AS paths, so the lines for them are left out.
# They are for FRRConfigurations, which nothing here makes.
set -euo pipefail
pins=$(cd "$(dirname "$0")" && pwd)/programs/metallb
new_go_version=go1.26.8
# shellcheck source=tests/go/modules.sh
source "$pins/../../../go/modules.sh"

module=go.universe.tf/metallb
version=$(sed -n "s|^require $module ||p" "$pins/go.mod")
folder=$(kept_path metallb "$version" "$0" "$pins/go.mod" "$pins/go.sum")
lock_build metallb
if [[ -d $folder ]]; then
  echo "$folder"
  exit
fi

fetch_new_go
mkdir "$work/module" "$work/built"
cp "$pins"/go.* "$work/module"
cd "$work/module"
download "MetalLB $version" "$new_go" list -deps "$module/controller" \
  "$module/speaker"
source=$("$new_go" list -m -f '{{.Dir}}' "$module")
# Go's module cache is not to be changed.
cp -r "$source" "$work/metallb"
chmod -R u+w "$work/metallb"
sed -i -e '/^func toAdvertiseWithAsPathPrepend/,/^}/d' \
  -e '/if adv.AsPathPrepend/,/}/d' -e '/AsPathPrepend/d' \
  "$work/metallb/internal/bgp/frrk8s/frrk8s.go"
echo "replace $module => ../metallb" >>go.mod
echo "build_metallb.sh: building MetalLB $version, once" >&2
# A build that was stopped goes on where it was.
export GOCACHE=$cache/build-metallb GOGC=400
"$new_go" build -trimpath -buildvcs=false -ldflags "-s -w" \
  -o "$work/built/" "$module/controller" "$module/speaker" >&2
cp "$source/config/manifests/metallb-native.yaml" "$work/built"
rm -rf "$cache"/metallb-v*
mv "$work/built" "$folder"
rm -rf "$GOCACHE"
echo "$folder"
