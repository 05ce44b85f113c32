#!/usr/bin/env bash
# Pools from files, and all else from a real API server that knows no custom
# resource of metallb.io.
#
#   pools_from_files.sh    fails if a Service has no address of the files
set -euo pipefail
# shellcheck source=kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"

fail() {
  printf '\nFAILED: %s\n' "$*"
  tail -n 30 "$LAB_DIR"/*/lbd.log
  exit 1
}
step() { printf '\n== %s\n' "$*"; }

options=(--pools-from manifests --manifests "$LAB_DIR/pools")
all_agree() { lab_agree "$1" "${LAB_NODES[@]}"; }
pinged() { lab_in client ping -n -c 1 -W 0.2 "$1" >/dev/null; }
says() { lab_lbctl n1 problems | grep -q "$1"; }
is_fine() { says '^No problems'; }

# write_pools ADDRESSES: as a whole, as an editor does.
write_pools() {
  mkdir -p "$LAB_DIR/pools"
  cat >"$LAB_DIR/pools.new" <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: files}
spec: {addresses: [$1]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: files}
END
  mv "$LAB_DIR/pools.new" "$LAB_DIR/pools/pools.yaml"
}

kube_lab_begin
step "An API server without the custom resources, controllers, speakers"
KUBE_LAB_CRDS=none kube_lab_up || fail "the control plane does not start"
write_pools "$LAB_SUBNET.201-$LAB_SUBNET.202"
for node in "${LAB_NODES[@]}"; do
  lab_start_nginx "$node"
  kube_lab_speaker "$node" "${options[@]}"
done
kube_lab_controller one "${options[@]}"

step "Services get addresses of the files, and are announced"
kube_cluster services web 2 20 || fail "no addresses"
lab_wait 20 all_agree default/web-0 || fail "the nodes do not agree"
lab_lbctl n1 services
lab_wait 20 pinged "$LAB_SUBNET.201" || fail "no answer"
lab_wait 20 is_fine || fail "there are problems: $(lab_lbctl n1 problems)"

step "The files change"
write_pools "$LAB_SUBNET.201-$LAB_SUBNET.203"
kube_cluster services more 1 20 || fail "no address of the larger pool"
lab_wait 20 all_agree default/more-0 || fail "the nodes do not agree"
lab_wait 20 pinged "$LAB_SUBNET.203" || fail "no answer"

step "A Service in the files is refused, and the rest goes on"
cat >"$LAB_DIR/pools/more.yaml" <<'END'
apiVersion: v1
kind: Service
metadata: {name: web-0, namespace: default}
spec: {type: LoadBalancer, ports: [{port: 80}]}
END
lab_wait 20 says "Service/default/web-0: with pools-from: manifests" ||
  fail "it is not refused"
pinged "$LAB_SUBNET.201" || fail "no answer"
rm "$LAB_DIR/pools/more.yaml"
lab_wait 20 is_fine || fail "the problem does not go"

step "A controller starts again"
lab_kill_lbd one
kube_lab_controller two "${options[@]}"
write_pools "$LAB_SUBNET.201-$LAB_SUBNET.204"
kube_cluster services last 1 20 || fail "no address"
[[ $(kube_cluster addresses | wc -l) == 4 ]] || fail "addresses are missing"
echo "all seen"
