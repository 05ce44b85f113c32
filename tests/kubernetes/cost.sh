#!/usr/bin/env bash
# Measures the cost of 1,000 Services at a real API server, with three lbds that
# have both roles:
#
#   bazel run -c opt //tests/kubernetes:cost [SECONDS]
#
# The time until all have addresses, the writes at the server for that (its audit
# log), and the memory and processor time of each lbd while nothing happens, for
# a minute or SECONDS.
set -euo pipefail
if [[ -z ${LBD:-} ]]; then
  LBD=$PWD/daemon/lbd
  LBCTL=$PWD/daemon/lbctl/lbctl
  LAB_DIR=$(mktemp -d /tmp/lb-lab.XXXXXX)
fi
# shellcheck source=kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
services=1000
idle_seconds=${1:-60}

fail() {
  echo "FAILED: $*"
  tail -n 30 "$LAB_DIR"/*/lbd.log
  exit 1
}
all_announced() {
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ $(lab_lbctl "$node" services -o json 2>/dev/null |
      grep -c '"announcingNode"') -eq $services ]] || return 1
  done
}

kube_lab_begin
cat >"$LAB_DIR/audit.yaml" <<'END'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, verbs: [create, update, patch, delete]}
- {level: None}
END
kube_lab_up --audit-policy-file="$LAB_DIR/audit.yaml" \
  --audit-log-path="$LAB_DIR/audit.log" || fail "no control plane"
cat >"$LAB_DIR/pools.yaml" <<'END'
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: many, namespace: metallb-system}
spec: {addresses: [172.18.64.0/21]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: many, namespace: metallb-system}
END
kube_apply "$LAB_DIR/pools.yaml"
for node in "${LAB_NODES[@]}"; do
  lab_run_lbd "$node" --kubernetes --kubeconfig "$KUBE_DIR/admin.conf"
done
kube_cluster services first 1 60
kube_cluster many $((services - 1)) || fail "not all have addresses"
begun=$SECONDS
lab_wait 60 all_announced || fail "not all are announced"
echo "all nodes know who announces each: $((SECONDS - begun)) s later"
sleep 15  # What is still to be written.
python3 "$kube_here/writes.py" "$LAB_DIR/audit.log" "$services"

lab_idle_cost "$idle_seconds"
kube_memory
