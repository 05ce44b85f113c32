#!/usr/bin/env bash
# The rights of packaging/kubernetes/rbac.yaml are those that lbd needs: with them
# it is refused nothing, and without any one of them it says which is missing.
set -euo pipefail
# shellcheck source=kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
LAB_NODES=()

kube_lab_begin
kube_lab_up || { echo "FAILED: the control plane does not start" && exit 1; }
lab_in cp python3 "$kube_here/rights.py" "$KUBE_ADDRESS:$KUBE_PORT" \
  "$KUBE_DIR/pki" "$LBD" "$LAB_DIR/cases"
