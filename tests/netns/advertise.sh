#!/usr/bin/env bash
# The address that a node advertises, on real routes: it is not that of docker0,
# nor a lower one that moves between hosts. The node follows it when a lease
# brings another one.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"
LAB_NODES=(n1 n2)

step() { printf '\n== %s\n' "$*"; }
fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  tail -n 30 "$LAB_DIR"/*/lbd.log >&2
  exit 1
}
finish() {
  local status=$?
  trap - EXIT INT TERM
  lab_down
  exit "$status"
}

why=$(lab_permitted) || { echo "SKIPPED: $why"; exit 77; }
trap finish EXIT INT TERM
mkdir -p "$LAB_DIR/manifests"
cat >"$LAB_DIR/manifests/all.yaml" <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: p}
spec: {addresses: [172.18.8.201-172.18.8.205]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: all}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: default}
spec: {type: LoadBalancer, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: default}
spec: {type: LoadBalancer, ports: [{port: 80}]}
END

start() {  # start NODE: bound to 0.0.0.0; the join list is the same for all.
  mkdir -p "$LAB_DIR/$1"
  (lab_exec "$1" "$LBD" --node-name "$1" --state-dir "$LAB_DIR/$1/state" \
    --manifests "$LAB_DIR/manifests" --join 172.18.8.11,172.18.8.12 --gossip-in-the-clear \
    --status-listen "unix:$LAB_DIR/$1/lbd.sock" --user "$(id -un)" \
    >>"$LAB_DIR/$1/lbd.log" 2>&1) &
  disown
}
member() {  # member AT NODE: "172.18.8.11:7946 ALIVE", as AT has it.
  lab_lbctl "$1" members -o json 2>/dev/null | python3 -c '
import json, sys
for member in json.load(sys.stdin).get("members", []):
    if member["name"] == sys.argv[1]:
        print(member["endpoint"], member["state"])' "$2"
}
shows() { [[ $(member "$1" "$2") == "$3:7946 ALIVE" ]]; }
no_problems() { lab_lbctl "$1" problems | grep -q '^No problems'; }
has_problem() { lab_lbctl "$1" problems | grep -q "$2"; }

step "n1 has docker0, made before eth0, and an address of full length below its own"
lab_up
n1=$(lab_namespace n1)
n2=$(lab_namespace n2)
switch=$(lab_namespace switch)
ip -n "$n1" link del eth0
ip -n "$n1" link add docker0 type bridge
ip -n "$n1" link set docker0 up
ip -n "$n1" address add 172.17.0.1/16 dev docker0
ip link add eth0 netns "$n1" type veth peer name n1 netns "$switch"
ip -n "$switch" link set n1 master br0 up
ip -n "$n1" link set eth0 up
ip -n "$n1" address add 172.18.8.11/24 dev eth0
ip -n "$n1" address add 172.18.8.2/32 dev eth0
start n1
start n2
for at in n1 n2; do
  lab_wait 10 shows "$at" n1 172.18.8.11 || fail "$at: n1 is not at 172.18.8.11: $(member "$at" n1)"
  lab_wait 10 shows "$at" n2 172.18.8.12 || fail "$at: n2 is not at 172.18.8.12: $(member "$at" n2)"
  lab_wait 10 lab_agree default/a n1 n2 || fail "the nodes do not agree"
  lab_wait 5 no_problems "$at" || fail "$at: $(lab_lbctl "$at" problems)"
done

step "n2's lease is renewed with another address"
before=$(lab_service n1 default/a)
ip -n "$n2" address del 172.18.8.12/24 dev eth0
ip -n "$n2" address add 172.18.8.112/24 dev eth0
for at in n1 n2; do
  lab_wait 3 shows "$at" n2 172.18.8.112 || fail "$at: n2 is not at 172.18.8.112: $(member "$at" n2)"
done
lab_wait 3 no_problems n2 || fail "n2: $(lab_lbctl n2 problems)"
[[ $(lab_service n1 default/a) == "$before" ]] || fail "a moved: $before, $(lab_service n1 default/a)"
! lab_lbctl n1 events | grep -E 'MemberFailed|MemberLeft|NameConflict' || fail "n1 lost n2 meanwhile"

step "the lease runs out, and another comes"
ip -n "$n2" address del 172.18.8.112/24 dev eth0
lab_wait 5 has_problem n2 "no interface has an address" || fail "n2: $(lab_lbctl n2 problems)"
ip -n "$n2" address add 172.18.8.113/24 dev eth0
for at in n1 n2; do
  lab_wait 5 shows "$at" n2 172.18.8.113 || fail "$at: n2 is not at 172.18.8.113: $(member "$at" n2)"
done
lab_wait 5 lab_agree default/a n1 n2 || fail "the nodes do not agree"
lab_wait 8 no_problems n2 || fail "n2: $(lab_lbctl n2 problems)"

step "All seen."
