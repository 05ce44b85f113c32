#!/usr/bin/env bash
# Three lbds with role=all on a lab of namespaces, and a real API server that
# goes away. All lbds are killed and started again meanwhile: they announce from
# kept state, and fail over. Then the server is back, and a new Service has its
# address. Prints how long each took.
set -euo pipefail
here=$PWD/tests/kubernetes
fail() {
  echo "FAILED: $*"
  tail -n 30 "$LAB_DIR"/n?/lbd.log
  exit 1
}
# shellcheck source=tests/netns/lab.sh
source "$PWD/tests/netns/lab.sh"
LAB_CLIENTS=(client asker)  # The API server is on the asker.
why=$(lab_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
status=0
KUBE_CORE=$("$here/build_core.sh" "${KUBERNETES_VERSION:-v1.34.4}") || status=$?
if ((status == 75)); then
  echo "SKIPPED: Kubernetes cannot be built: the module proxy gives nothing"
  exit 77
fi
((status == 0)) || exit "$status"
KUBE_DIR=$LAB_DIR/kube
KUBE_ADDRESS=$(lab_address asker) KUBE_PORT=6443
KUBE_ETCD_PORT=2379 KUBE_PEER_PORT=2380
KUBE_IN="ip netns exec $(lab_namespace asker)"
export KUBE_CORE KUBE_DIR KUBE_ADDRESS KUBE_PORT KUBE_IN
export KUBE_ETCD_PORT KUBE_PEER_PORT
# shellcheck source=tests/kubernetes/control_plane.sh
source "$here/control_plane.sh"
trap 'kube_down || true; lab_down' EXIT

now() { date +%s%3N; }  # Milliseconds.
# within MILLISECONDS WHAT COMMAND...: prints how long it took to succeed.
within() {
  local begin end limit=$1 what=$2
  shift 2
  begin=$(now)
  until "$@" >/dev/null 2>&1; do
    (($(now) - begin < limit + 10000)) || fail "$what: not within 10 s more"
  done
  end=$(now)
  echo "$what: $((end - begin)) ms, want at most $limit"
  ((end - begin <= limit)) || fail "$what took $((end - begin)) ms"
}
answers() { lab_in client ping -c1 -W0.2 -q "$1"; }
announcer() { lab_service "${2:-n1}" "default/$1" | cut -d' ' -f2; }

object() {  # object PATH JSON: created.
  kube_request POST "$1" --header 'Content-Type: application/json' \
    --data-binary "$2" >"$KUBE_DIR/log/object.log" ||
    fail "$1: $(cat "$KUBE_DIR/log/object.log")"
}
create_service() {  # create_service NAME: with an endpoint on each node.
  local node endpoints=()
  for node in "${LAB_NODES[@]}"; do
    endpoints+=("{\"addresses\":[\"10.0.0.1\"],\"nodeName\":\"$node\"}")
  done
  object /api/v1/namespaces/default/services \
    '{"metadata":{"name":"'"$1"'"},"spec":{"type":"LoadBalancer",
      "ports":[{"port":80}]}}'
  object /apis/discovery.k8s.io/v1/namespaces/default/endpointslices \
    '{"metadata":{"name":"'"$1"'-x",
      "labels":{"kubernetes.io/service-name":"'"$1"'"}},
      "addressType":"IPv4","endpoints":['"$(IFS=,; echo "${endpoints[*]}")"']}'
}
has_address() {
  kube_request GET "/api/v1/namespaces/default/services/$1" |
    grep -q '"ip": *"172'
}
create_objects() {
  local node pods=/api/v1/namespaces/metallb-system/pods
  kube_apply "$here/rights.yaml" packaging/kubernetes/crds/*.yaml
  for crd in ipaddresspools l2advertisements; do
    kube_established "$crd.metallb.io" || fail "$crd are not served"
  done
  cat >"$KUBE_DIR/objects.yaml" <<'END'
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: pool, namespace: metallb-system}
spec: {addresses: [172.18.8.201-172.18.8.220]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: all, namespace: metallb-system}
spec: {}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: metallb-system}
END
  kube_apply "$KUBE_DIR/objects.yaml"
  for node in "${LAB_NODES[@]}"; do
    object /api/v1/nodes '{"metadata":{"name":"'"$node"'"}}'
    object $pods '{"metadata":{"name":"speaker-'"$node"'",
      "labels":{"component":"speaker"}},"spec":{"nodeName":"'"$node"'",
      "automountServiceAccountToken":false,
      "containers":[{"name":"lbd","image":"lbd"}]}}'
    kube_request PATCH "$pods/speaker-$node/status" \
      --header 'Content-Type: application/merge-patch+json' \
      --data-binary '{"status":{"podIP":"'"$(lab_address "$node")"'",
        "podIPs":[{"ip":"'"$(lab_address "$node")"'"}]}}' \
      >"$KUBE_DIR/log/pod.log" || fail "pod: $(cat "$KUBE_DIR/log/pod.log")"
  done
}
start_lbd() {  # start_lbd NODE
  mkdir -p "$LAB_DIR/$1"
  (lab_exec "$1" "$LBD" --kubernetes --kubeconfig "$KUBE_DIR/admin.conf" \
    --node-name "$1" --state-dir "$LAB_DIR/$1/state" \
    --gossip-bind "$(lab_address "$1")" --deliver loopback \
    --gossip-secret-file "$LAB_DIR/secret" --user "$(id -un)" \
    --status-listen "unix:$LAB_DIR/$1/lbd.sock" \
    >>"$LAB_DIR/$1/lbd.log" 2>&1) &
  echo $! >"$LAB_DIR/$1/lbd.pid"
  disown
}
start_all() { for node in "${LAB_NODES[@]}"; do start_lbd "$node"; done; }
kill_all() { for node in "${LAB_NODES[@]}"; do lab_kill_lbd "$node"; done; }

lab_up
kube_up || fail "the API server does not start"
create_objects
echo "the secret of the lab" >"$LAB_DIR/secret"
start_all
create_service web
lab_wait 20 has_address web || fail "web has no address"
within 20000 "web answers at first" answers 172.18.8.201
first=$(announcer web)
sleep 3  # What is known now is on disk.

kube_stop apiserver KILL || true
sleep 1
lab_kill_lbd "$first"
start_lbd "$first"
within 2000 "one lbd is started again without the server" \
  answers 172.18.8.201
kill_all
sleep 1
answers 172.18.8.201 && fail "no lbd runs, and the address answers"
start_all
within 2000 "all lbds are started again without the server" \
  answers 172.18.8.201
says_away() { lab_lbctl n1 problems | grep -q 'the API server is away'; }
says_followed() { ! says_away; }
lab_wait 10 says_away ||
  fail "n1 does not say that the server is away: $(lab_lbctl n1 problems)"
lab_lbctl n1 problems | grep 'the API server is away'

lab_wait 5 [ "$(announcer web)" != - ] || fail "no node announces web"
first=$(announcer web)
other=n1
[[ $first != n1 ]] || other=n2
lab_cut_link "$first"
within 1500 "the link of $first is cut, without the server" \
  answers 172.18.8.201
lab_mend_link "$first"
lab_wait 10 [ "$(announcer web "$other")" != "" ]
sleep 3

before=$(announcer web)
# The holder of the Lease was killed: another waits for lease-duration first.
kube_start apiserver || fail "the API server does not start again"
create_service new
within 7000 "the server is ready, and the Lease a dead process's: a new \
Service has its address" has_address new
within 1000 "it answers" answers 172.18.8.202
[[ $(announcer web) == "$before" ]] || fail "web moved from $before"
answers 172.18.8.201 || fail "web does not answer"
lab_wait 10 says_followed ||
  fail "n1 still says that the server is away"

kube_stop apiserver KILL || true
sleep 15  # The back-off of all parts has grown.
kube_start apiserver || fail "the API server does not start a third time"
create_service newer
within 3000 "the server was away for long, and is ready: a new Service has its \
address" has_address newer
within 1000 "it answers" answers 172.18.8.203
[[ $(announcer web) == "$before" ]] || fail "web moved from $before"
echo "all seen"
