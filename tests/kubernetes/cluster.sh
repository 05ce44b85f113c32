#!/usr/bin/env bash
# A cluster by a real API server: Services that are created are announced, their
# nodes fail with and without the server, lbd starts again without it, nodes are
# drained. One client pings an address every 5 ms.
#
#   cluster.sh             all stories; prints what each came to
#
# Fails if something does not come at all. How long it took is printed: what is
# wanted is in docs/kubernetes.md.
set -euo pipefail
# shellcheck source=kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"

fail() {
  printf '\nFAILED: %s\n' "$*"
  tail -n 30 "$LAB_DIR"/*/lbd.log
  exit 1
}
step() { printf '\n== %s\n' "$*"; }

service=default/web-0
all_agree() { lab_agree "$service" "${LAB_NODES[@]}"; }
owner() { lab_service "${1:-n1}" "$service" | cut -d' ' -f2; }
pinged() { lab_in client ping -n -c 1 -W 0.2 "$vip" >/dev/null; }

forget_neighbours() { lab_in client ip neighbour flush dev eth0; }

# missed WHAT COMMAND...: the client pings; after a second or so the command
# runs; how long the longest silence after it was.
missed() {
  local what=$1 pings=$LAB_DIR/pings broken
  shift
  lab_wait 20 pinged || fail "the client does not reach $vip"
  (lab_exec client tests/netns/ping_often "$vip" ::1 >"$pings" 2>&1) &
  local pinging=$!
  sleep "1.$((RANDOM % 10))"
  broken=$(date +%s.%N)
  "$@" || fail "$what: $* does not work"
  sleep 3
  kill "$pinging"
  wait "$pinging" || true
  awk -v what="$what" -v broken="$broken" '
    $2 != 4 { next }
    $3 == "asked" { if ($1 > broken && $1 - 2.5 < broken) asked[$4]; next }
    { delete asked[$4] }
    last && $1 > broken && $1 - last > gap { gap = $1 - last }
    { last = $1 }
    END {
      printf "%s: no answer for %d ms, %d lost\n", what, gap * 1000, length(asked)
      exit !(last > broken + 2.5)
    }' "$pings" || fail "$what: the client has no answers at the end"
}
# first_answer WHAT COMMAND...: how long after it the address answers.
first_answer() {
  local what=$1 begun
  shift
  forget_neighbours
  begun=$(date +%s%N)
  "$@"
  lab_wait 20 pinged || fail "$what: the client does not reach $vip"
  echo "$what: first answer after" \
    "$((($(date +%s%N) - begun) / 1000000)) ms"
}
start_speaker() { kube_lab_speaker "$1" --drain-on=cordon; }
start_all() {
  local node
  for node in "${LAB_NODES[@]}"; do start_speaker "$node"; done
}
repair() {  # repair NODE: and the address goes back.
  lab_mend_link "$1"
  lab_wait 20 all_agree || fail "the nodes do not agree after $1 is back"
}

kube_lab_begin
step "An API server, controllers, speakers"
kube_lab_up || fail "the control plane does not start"
for node in "${LAB_NODES[@]}"; do
  lab_start_nginx "$node"
  start_speaker "$node"
done
kube_lab_controller one
kube_lab_controller two
kube_apply examples/manifests/metallb-l2-config.yaml

step "Services get addresses, and are announced"
kube_cluster first 5 "$LAB_SUBNET.203" || fail "no answer"
echo "an address that a node had until a second ago:"
kube_cluster again 9 "$LAB_SUBNET.203" || fail "no answer"
kube_cluster services web 3 20 || fail "no addresses"
lab_wait 20 all_agree || fail "the nodes do not agree on $service"
read -r vip node <<<"$(lab_service n1 "$service")"
lab_lbctl n1 services
lab_lbctl n1 members
lab_wait 20 pinged || fail "the client does not reach $vip"

step "Nodes fail"
missed "the link of the announcing node cut" lab_cut_link "$node"
repair "$node"
node=$(owner)
missed "SIGTERM of the announcing speaker" lab_signal_lbd "$node" TERM
lab_wait 5 lab_lbd_gone "$node" || fail "lbd does not end"
start_speaker "$node"
lab_wait 20 all_agree || fail "the nodes do not agree after a restart"
node=$(owner)
missed "the announcing node drained" lab_lbctl "$node" drain
lab_lbctl "$node" undrain >/dev/null
lab_wait 20 all_agree || fail "the nodes do not agree after the drain"
node=$(owner)
missed "the announcing node cordoned" kube_cluster spec "$node" \
  '{"unschedulable": true}'
[[ $(owner) != "$node" ]] || fail "a cordoned node announces $service"
kube_cluster spec "$node" '{"unschedulable": null}'
lab_wait 20 all_agree || fail "the nodes do not agree after the uncordon"
lab_wait 20 eval '[[ $(owner) == "$node" ]]' ||
  fail "$node does not take $service back"

# Later a server that starts again may refuse what it has not read yet.
for log in "$LAB_DIR"/*/lbd.log; do
  ! grep "ApiServerRefuses" "$log" || fail "a right is missing"
done

step "The API server is away"
kube_stop apiserver KILL || true
sleep 1
node=$(owner)
missed "the link of the announcing node cut, no API server" lab_cut_link "$node"
repair "$node"
node=$(owner)
lab_kill_lbd "$node"
first_answer "the announcing speaker killed and started again, no API server" \
  start_speaker "$node"
lab_wait 20 all_agree || fail "the nodes do not agree after $node is back"
before=$(owner)
for node in "${LAB_NODES[@]}"; do lab_kill_lbd "$node"; done
forget_neighbours
pinged && fail "no speaker runs, and $vip answers"
first_answer "all speakers killed and started again, no API server" start_all
says_away() { lab_lbctl n1 problems | grep 'the API server is away'; }
lab_wait 20 says_away || fail "n1 does not say that the server is away"

step "The API server is back"
sleep 15  # Waits between attempts have grown.
kube_start apiserver || fail "the API server does not start again"
kube_cluster services back 1 20 || fail "no address after the restart"
lab_wait 20 all_agree || fail "the nodes do not agree"
[[ $(owner) == "$before" ]] || fail "$service moved from $before to $(owner)"
is_over() { ! says_away >/dev/null; }
lab_wait 20 is_over || fail "n1 still says that the server is away"
echo "all seen"
