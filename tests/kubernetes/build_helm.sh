#!/usr/bin/env bash
# build_helm.sh: builds Helm out of the modules of programs/helm, and prints the
# path of the program.
#
# It takes some 4 minutes of processor time, once: the program stays in
# ~/.cache/lbd-test until the pins or this file are others. Exits with 75 if the module proxy
# gives nothing (tests/go/modules.sh).
set -euo pipefail
pins=$(cd "$(dirname "$0")" && pwd)/programs/helm
# shellcheck source=tests/go/modules.sh
source "$pins/../../../go/modules.sh"

version=$(sed -n 's/^require helm.sh\/helm\/v3 //p' "$pins/go.mod")
program=$(kept_path helm "$version" "$0" "$pins/go.mod" "$pins/go.sum")
lock_build helm
if [[ -x $program ]]; then
  echo "$program"
  exit
fi

fetch_new_go
mkdir "$work/module"
cp "$pins"/go.* "$work/module"
cd "$work/module"
command=helm.sh/helm/v3/cmd/helm
download "Helm $version" "$new_go" list -deps "$command"
echo "build_helm.sh: building Helm $version, once" >&2
flags="-s -w -X helm.sh/helm/v3/internal/version.version=$version"
# The Kubernetes for which charts are rendered where no server is asked.
kubernetes=$(sed -n 's/.*k8s.io\/client-go v0.\([0-9]*\).*/\1/p' go.mod)
for package in chartutil lint/rules; do
  flags+=" -X helm.sh/helm/v3/pkg/$package.k8sVersionMajor=1"
  flags+=" -X helm.sh/helm/v3/pkg/$package.k8sVersionMinor=$kubernetes"
done
# A build that was stopped goes on where it was.
export GOCACHE=$cache/build-helm GOGC=400
"$new_go" build -trimpath -buildvcs=false -ldflags "$flags" \
  -o "$work/helm" "$command" >&2
rm -f "$cache"/helm-v*
mv "$work/helm" "$program"
rm -rf "$GOCACHE"
echo "$program"
