#!/usr/bin/env bash
# The option fast-node-failure by a real API server: the pods of a node without
# power are marked NotReady, once, and false alarms mark none. There is no kubelet:
# pods and endpoints are objects that marked_pods.py writes.
set -euo pipefail
# shellcheck source=kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"

fail() {
  printf '\nFAILED: %s\n' "$*"
  pods ready
  pods lost
  tail -n 20 "$LAB_DIR"/*/lbd.log
  exit 1
}
step() { printf '\n== %s\n' "$*"; }
pods() {
  lab_in client python3 "$kube_here/marked_pods.py" \
    "$KUBE_ADDRESS:$KUBE_PORT" "$KUBE_DIR/pki" "$@"
}
marked() { pods ready | awk '$2 != "True" { print $1 }' | xargs; }
none_marked() { [[ -z $(marked) ]]; }
is_marked() { [[ $(marked) == "$1" ]]; }
lost_by() { pods lost | awk -v node="$1" '$2 == node { print $1 }' | xargs; }
lost_by_all() { [[ $(lost_by n3) == "n1 n2" ]]; }
lost_by_none() { [[ -z $(pods lost) ]]; }
told() { pods told "$1" | grep "$2"; }
# stays COMMAND...: for 8 s, more than grace and probes take.
stays() {
  local end=$((SECONDS + 8))
  while ((SECONDS < end)); do
    "$@" || return
    sleep 0.3
  done
}
back() {  # back: all nodes know each other again.
  lab_wait 20 lost_by_none || fail "$(pods lost) is still lost"
}

cut_gossip() {
  lab_in n3 nft -f - <<'NFT'
table inet cut {
  chain in { type filter hook input priority 0; meta l4proto { tcp, udp } th dport 7946 drop; }
  chain out { type filter hook output priority 0; meta l4proto { tcp, udp } th dport 7946 drop; }
}
NFT
}
mend_gossip() { lab_in n3 nft delete table inet cut; }

kube_lab_begin
step "An API server, controllers and speakers with fast-node-failure"
kube_lab_up || fail "the control plane does not start"
kube_apply packaging/kubernetes/rbac-fast-node-failure.yaml
for node in "${LAB_NODES[@]}"; do
  kube_lab_speaker "$node" --fast-node-failure
done
for name in one two; do
  kube_lab_controller "$name" --fast-node-failure
done
kube_apply examples/manifests/metallb-l2-config.yaml
pods pods
kube_cluster services front 1 20 || fail "no address"
speakers_say() { [[ $(kube_request GET /apis/metallb.io/v1beta1/configurationstates |
  grep -o '"name": *"speaker-n[123]"' | sort -u | wc -l) -eq 3 ]]; }
lab_wait 30 speakers_say || fail "not all speakers say how they are"
sleep 32  # A controller that starts marks nothing at first.

step "False alarm: the gossip of n3 is cut, and the API server is there"
cut_gossip
lab_wait 5 lost_by_all || fail "n1 and n2 do not say that they lost n3"
stays none_marked || fail "$(marked) is marked"
told n3 "PodsLeftReady.*but it answers" || fail "no event on n3"
mend_gossip
back

step "False alarm: the speaker of n3 is killed"
lab_kill_lbd n3
lab_wait 5 lost_by_all || fail "n1 and n2 do not say that they lost n3"
stays none_marked || fail "$(marked) is marked"
kube_lab_speaker n3 --fast-node-failure
back

step "n3 loses its link"
begun=$(date +%s%N)
lab_cut_link n3
lab_wait 10 is_marked web-n3 || fail "web-n3 is not marked, but: $(marked)"
echo "web-n3 is NotReady after $((($(date +%s%N) - begun) / 1000000)) ms"
pods ready | grep '^web-n3 False NodeLostToLbd$' || fail "no reason of our own"
stays is_marked web-n3 || fail "another pod is marked: $(marked)"
for says in problems "explain default/front-0" services; do
  # shellcheck disable=SC2086 # Two words.
  lab_lbctl n1 $says -o json |
    grep -o "1 of 3 endpoints are on nodes that failed (n3)" ||
    fail "lbctl $says does not say which endpoints are lost"
done
told n3 "PodsMarkedNotReady.*n1, n2 lost it.*1 pods.*default/one stays" ||
  fail "no event on n3: $(pods told n3)"

step "n3 is back, and its kubelet says that the pod is ready"
lab_mend_link n3
pods repair web-n3
back
stays none_marked || fail "$(marked) is marked again"

step "A minute has not passed: n2 loses its link, and is left to Kubernetes"
lab_cut_link n2
lab_wait 10 told n2 "PodsLeftReady.*1 of 3 nodes are out already" ||
  fail "no event on n2: $(pods told n2)"
stays none_marked || fail "$(marked) is marked"
lab_mend_link n2
back

for log in "$LAB_DIR"/*/lbd.log; do
  ! grep ApiServerRefuses "$log" || fail "a right is missing"
done
echo "all seen"
