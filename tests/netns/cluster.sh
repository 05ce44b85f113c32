# A cluster of lbds that announces one dual-stack service, and hosts that watch
# the address: for takeover.sh and rivals.sh, which source it. They run as Bazel
# tests, or by hand on what `bazel build //daemon/... //tests/netns/...` built.

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"

tools=$here
if [[ -z ${LBD:-} ]]; then  # By hand.
  tools=$here/../../bazel-bin/tests/netns
  LBD=$here/../../bazel-bin/daemon/lbd
  LBCTL=$here/../../bazel-bin/daemon/lbctl/lbctl
  LAB_DIR=$(mktemp -d /tmp/lb-lab.XXXXXX)
fi
LAB_CLIENTS=(client asker)
service=default/both
vip4=$LAB_SUBNET.201
vip6=$LAB_SUBNET6:201
watchers=()

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  tail -n 30 "$LAB_DIR"/n?/lbd.log >&2 || true
  exit 1
}

# Skips the script where there can be no lab; removes the lab at its end.
begin() {
  local why
  why=$(lab_permitted) || {
    echo "SKIPPED: $why"
    exit 77
  }
  trap finish EXIT
  trap 'exit 130' INT TERM
  mkdir -p "$LAB_DIR/manifests"
  cp "$here"/../../examples/manifests/metallb-l2-config.yaml "$LAB_DIR/manifests/"
  {
    cat <<YAML
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: sixes}
spec: {addresses: ["$LAB_SUBNET6:201-$LAB_SUBNET6:205"]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: sixes-ad}
spec: {ipAddressPools: [sixes]}
---
YAML
    dual_stack_service both "$vip4" "$vip6"
  } >"$LAB_DIR/manifests/service.yaml"
}
finish() {
  [[ ${#watchers[@]} -eq 0 ]] || kill "${watchers[@]}" 2>/dev/null || true
  lab_down
}

dual_stack_service() {  # dual_stack_service NAME IPV4 IPV6: a manifest.
  cat <<YAML
apiVersion: v1
kind: Service
metadata:
  name: $1
  namespace: default
  annotations: {metallb.io/loadBalancerIPs: "$2,$3"}
spec:
  type: LoadBalancer
  ipFamilyPolicy: RequireDualStack
  ipFamilies: [IPv4, IPv6]
  ports: [{port: 80}]
YAML
}

start_nodes() {  # start_nodes OPTION...: all, from nothing, until they agree.
  local node
  for node in "${LAB_NODES[@]}"; do
    rm -rf "${LAB_DIR:?}/$node"
    lab_start_lbd "$node" "$@"
  done
  lab_wait 20 lab_agree "$service" "${LAB_NODES[@]}" || fail "the nodes do not agree"
}

owner_of() { lab_service "$1" "$service" | cut -d' ' -f2; }  # As node $1 sees it.
all_see() {  # all_see OWNER
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ $(owner_of "$node") == "$1" ]] || return 1
  done
}
pinged() {
  lab_in client ping -n -c 1 -W 1 "$vip4" >/dev/null &&
    lab_in client ping -n -c 1 -W 1 "$vip6" >/dev/null
}

ask_into() {  # ask_into FILE [IPV4 IPV6]: the asker begins.
  (lab_exec asker "$tools/ask_often" eth0 "$(lab_mac asker)" "$(lab_address asker)" \
    "$(lab_address6 asker)" "${2:-$vip4}" "${3:-$vip6}" >"$1" 2>&1) &
  watchers+=($!)
}
ping_into() {  # ping_into FILE: the client begins.
  (lab_exec client "$tools/ping_often" "$vip4" "$vip6" >"$1" 2>&1) &
  watchers+=($!)
}
watch_neighbours_into() {  # Changes of the client's neighbour table.
  (lab_exec client ip -ts monitor neigh >"$1" 2>&1) &
  watchers+=($!)
}
watch_down() {
  kill "${watchers[@]}" 2>/dev/null || true
  wait "${watchers[@]}" 2>/dev/null || true
  watchers=()
}
