#!/usr/bin/env bash
# A storm over a cluster with a real API server: speakers, controllers and the
# server are killed, stopped and cut off, at random, while 50 Services change.
# Meanwhile no address is at two Services and none changes unasked; after the
# last fault statuses, what nodes say and who answers by ARP agree within 10 s.
#
#   STORM_FAULTS  how many; default 12
#   STORM_SEED    draws them; default 1
set -euo pipefail
# shellcheck source=kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
faults=${STORM_FAULTS:-12}
seed=${STORM_SEED:-1}
RANDOM=$seed

fail() {
  printf '\nFAILED (seed %s): %s\n' "$seed" "$*"
  cat "$LAB_DIR/changes" || true
  tail -n 20 "$LAB_DIR"/*/lbd.log
  exit 1
}
agree() {  # agree SOCKET=MAC...
  lab_in client python3 "$kube_here/storm.py" "$KUBE_ADDRESS:$KUBE_PORT" \
    "$KUBE_DIR/pki" agree "$LBCTL" "$@"
}
start() {  # start NAME: a speaker or a controller
  case $1 in
    n*) kube_lab_speaker "$1" ;;
    c*) kube_lab_controller "$1" ;;
  esac
}
seconds() { echo "$((RANDOM % $1)).$((RANDOM % 10))"; }  # Less than so many.

# What is down for a while comes back by itself. One fault of a thing at a time.
declare -A mending=()
for_a_while() {  # for_a_while NAME BREAK REPAIR: commands of one word and NAME.
  local name=$1 pause
  pause=$(seconds 4)
  wait "${mending[$name]:-}" 2>/dev/null || true
  "$2" "$name" || true
  (sleep "$pause" && "$3" "$name") &
  mending[$name]=$!
}
kill_lbd() { lab_kill_lbd "$1"; }
stop_lbd() { lab_signal_lbd "$1" STOP; }
wake_lbd() { lab_signal_lbd "$1" CONT; }
kill_server() { kube_stop apiserver KILL; }

fault() {
  local name
  names=("${LAB_NODES[@]}" "${LAB_NODES[@]}" c1 c2)
  name=${names[RANDOM % ${#names[@]}]}
  case $((RANDOM % 10)) in
    0 | 1 | 2) for_a_while "$name" kill_lbd start ;;
    3 | 4 | 5) for_a_while "$name" stop_lbd wake_lbd ;;
    6 | 7)
      name=n$((RANDOM % 3 + 1))
      for_a_while "$name" lab_cut_link lab_mend_link
      ;;
    8) for_a_while cp lab_cut_link lab_mend_link ;;
    9)
      name=apiserver
      wait "${mending[cp]:-}" 2>/dev/null || true
      kill_server || true
      sleep "$(seconds 3)"
      kube_start apiserver || fail "the API server does not start again"
      ;;
  esac
  echo "$(date +%T) $name"
}

kube_lab_begin
kube_lab_up || fail "the control plane does not start"
cat >"$LAB_DIR/pools.yaml" <<'END'
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: storm, namespace: metallb-system}
spec: {addresses: [172.18.64.1-172.18.64.199]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: storm, namespace: metallb-system}
END
kube_apply "$LAB_DIR/pools.yaml"
for name in "${LAB_NODES[@]}" c1 c2; do start "$name"; done
(lab_exec client python3 "$kube_here/storm.py" "$KUBE_ADDRESS:$KUBE_PORT" \
  "$KUBE_DIR/pki" change "$seed" 50 >"$LAB_DIR/changes" 2>&1) &
changing=$!
sleep 5  # The first Services have addresses.

for ((count = 1; count <= faults; ++count)); do
  fault
  sleep "$(seconds 2)"
done
for pid in "${mending[@]}"; do wait "$pid" || true; done
kill "$changing"
wait "$changing" || fail "the changes ended with $?"
cat "$LAB_DIR/changes"
! grep -q BROKEN "$LAB_DIR/changes" || fail "a claim was broken"
begun=$(date +%s%N)
nodes=()
for name in "${LAB_NODES[@]}"; do
  nodes+=("$LAB_DIR/$name/lbd.sock=$(lab_mac "$name")")
done
until agree "${nodes[@]}" >"$LAB_DIR/agreement" 2>&1; do
  (($(date +%s%N) - begun < 10000000000)) ||
    fail "no agreement after 10 s: $(cat "$LAB_DIR/agreement")"
done
cat "$LAB_DIR/agreement"
echo "seed $seed, $faults faults: agreed" \
  "$((($(date +%s%N) - begun) / 1000000)) ms after the last"
