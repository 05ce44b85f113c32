#!/usr/bin/env bash
# BGP by a real API server, to a real router (BIRD): a Service that is created
# has three next hops, one goes when its node's link is cut, and all go with the
# Service; the ServiceBGPStatus objects say who announces it to whom.
set -euo pipefail
# shellcheck source=kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
# shellcheck source=../bgp/router_lab.sh
source "$PWD/tests/bgp/router_lab.sh"

# All hosts are on the one bridge here, the client too.
LAB_CLIENTS=(client cp router)
lab_address() {
  case $1 in
    router) echo "$LAB_SUBNET.1" ;;
    *) nodes_address "$1" ;;
  esac
}
ROUTER_BFD=50
password=sesame
ROUTER_PASSWORD=$password

fail() {
  printf '\nFAILED: %s\n' "$*"
  tail -n 30 "$LAB_DIR"/*/lbd.log "$LAB_DIR"/router/*.log
  exit 1
}
step() { printf '\n== %s\n' "$*"; }

objects() {
  cat <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: routed, namespace: metallb-system}
spec: {addresses: [192.0.2.1-192.0.2.10]}
---
apiVersion: v1
kind: Secret
metadata: {name: router, namespace: metallb-system}
type: kubernetes.io/basic-auth
data: {username: "", password: $(printf %s "$password" | base64)}
---
apiVersion: metallb.io/v1beta1
kind: BFDProfile
metadata: {name: fast, namespace: metallb-system}
spec: {receiveInterval: 50, transmitInterval: 50, detectMultiplier: 3}
---
apiVersion: metallb.io/v1beta1
kind: Community
metadata: {name: aliases, namespace: metallb-system}
spec: {communities: [{name: lab, value: "65001:7"}]}
---
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: {name: router, namespace: metallb-system}
spec:
  myASN: 65001
  peerASN: 65000
  peerAddress: $(lab_address router)
  bfdProfile: fast
  passwordSecret: {name: router}
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: {name: routed, namespace: metallb-system}
spec: {ipAddressPools: [routed], communities: [lab]}
END
}

# says WANT: the ServiceBGPStatus objects, as a line "node service peers" each.
says() { [[ $(kube_cluster routed) == "$1" ]]; }

kube_lab_begin
[[ -n $(type -P bird) ]] || {
  echo "SKIPPED: bird is not installed"
  exit 77
}
end() {
  router_signal KILL || true
  kube_lab_down
}
trap end EXIT

step "An API server, a controller, speakers, a router"
kube_lab_up || fail "the control plane does not start"
router_start bird || fail "the router does not start"
for node in "${LAB_NODES[@]}"; do kube_lab_speaker "$node"; done
kube_lab_controller one
objects >"$LAB_DIR/objects.yaml"
kube_apply "$LAB_DIR/objects.yaml" || fail "the objects are not taken"

step "A Service gets an address, and the router three next hops for it"
kube_cluster services web 1 20 || fail "no address"
vip=$(kube_cluster addresses | cut -d' ' -f2)
lab_wait 20 router_has_next_hops "$vip" 3 || fail "no three next hops"
router_next_hops "$vip"
router_routes "$vip" | grep '(65001,7)' || fail "the community is not told"
lab_lbctl n1 peers
lab_wait 10 says $'n1 default/web-0 router\nn2 default/web-0 router\nn3 default/web-0 router' ||
  fail "ServiceBGPStatus: $(kube_cluster routed)"
kube_cluster routed

step "The link of n2 is cut"
begun=$(date +%s%N)
lab_cut_link n2
lab_wait 5 router_has_next_hops "$vip" 2 || fail "the router still has n2"
echo "two next hops after $((($(date +%s%N) - begun) / 1000000)) ms," \
  "with BFD of three times 50 ms"
lab_mend_link n2
lab_wait 20 router_has_next_hops "$vip" 3 || fail "n2 did not come back"

step "The API server is away, and routes stay"
kube_stop apiserver KILL || true
sleep 5
router_has_next_hops "$vip" 3 || fail "a route went with the server"
lab_kill_lbd n3
lab_wait 5 router_has_next_hops "$vip" 2 || fail "the router still has n3"
kube_lab_speaker n3
lab_wait 20 router_has_next_hops "$vip" 3 || fail "n3 did not come back"
kube_start apiserver || fail "the API server does not start again"

step "The Service is deleted"
kube_cluster delete web-0
lab_wait 20 router_has_next_hops "$vip" 0 || fail "routes stay"
lab_wait 20 says "" || fail "ServiceBGPStatus: $(kube_cluster routed)"
! grep -F "$password" "$LAB_DIR"/*/lbd.log || fail "the password is in a log"
echo "all seen"
