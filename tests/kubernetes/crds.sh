#!/usr/bin/env bash
# The custom resources of metallb.io in a real API server: they refuse what
# lbd's reader refuses in one object, and take all else (crd_objects.py).
set -euo pipefail
here=$PWD/tests/kubernetes
status=0
KUBE_CORE=$("$here/build_programs.sh" "${KUBERNETES_VERSION:-v1.34.4}") || status=$?
if ((status == 75)); then
  echo "SKIPPED: Kubernetes cannot be built: the module proxy gives nothing"
  exit 77
fi
((status == 0)) || exit "$status"
export KUBE_CORE KUBE_DIR=$LAB_DIR
# shellcheck source=tests/kubernetes/control_plane.sh
source "$here/control_plane.sh"
trap 'kube_down || true' EXIT

kube_up || { echo "FAILED: the API server does not start"; exit 1; }
kube_apply packaging/kubernetes/rbac.yaml packaging/kubernetes/crds/*.yaml
for crd in packaging/kubernetes/crds/*.yaml; do
  kube_established "$(kube_field "$crd" name)"
done
# Its rules count a moment after that.
sleep 1
python3 "$here/crd_objects.py" "$(cat "$KUBE_DIR/server")" "$KUBE_DIR/pki" \
  "$LBCTL" "$LAB_DIR"
