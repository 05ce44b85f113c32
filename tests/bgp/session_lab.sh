# One node or a few, each with manifests of its own, in sessions with one
# router: for the tests of this folder, which source it. The nodes are no
# cluster.
#
#   LAB_NODES=(n1)
#   begin bird                 the lab, and the router; SKIPPED where it cannot be
#   node_peer n1 router 172.18.8.1 'holdTime: 9s'
#   node_routes n1 192.0.2.0/24
#   node_service n1 web 192.0.2.1
#   node_start n1
#   lab_wait 10 router_has_next_hops 192.0.2.1 1 || fail "no route"

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=../netns/lab.sh
source "$here/../netns/lab.sh"
# shellcheck source=router_lab.sh
source "$here/router_lab.sh"

fail() { lab_fail "${ROUTER_KIND:-}: $*"; }
say() { printf '%-7s %s\n' "$ROUTER_KIND" "$*"; }

# Runs a story with each of the routers at once, each in a lab of its own, and
# fails if one fails. For stories that wait for a router's clock.
with_each() {  # with_each STORY ROUTER...
  local story=$1 router pids=() pid status=0
  shift
  for router in "$@"; do
    (
      LAB_PREFIX=$LAB_PREFIX${router:0:2}
      LAB_DIR=$LAB_DIR/$router
      mkdir -p "$LAB_DIR"
      trap 'router_lab_down' EXIT
      "$story" "$router"
    ) &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || status=$?; done
  return "$status"
}

skip_where_impossible() {  # skip_where_impossible PROGRAM...: which it needs.
  local why program
  why=$(lab_permitted) || {
    echo "SKIPPED: $why"
    exit 77
  }
  for program in "$@"; do
    [[ -n $(command -v "$program") ]] || {
      echo "SKIPPED: $program is not installed; see bazel/install_packages.sh"
      exit 77
    }
  done
  trap 'router_lab_down' EXIT
  trap 'exit 130' INT TERM
}

begin() {  # begin ROUTER: a lab from nothing.
  local node
  router_lab_down
  rm -rf "${LAB_DIR:?}"/router
  for node in "${LAB_NODES[@]}"; do rm -rf "${LAB_DIR:?}/$node"; done
  router_lab_up || fail "the namespaces could not be made"
  router_start "$1" || fail "the router does not start"
}

# --- A node's manifests, each in a file of its own.
node_manifest() {  # node_manifest NODE NAME: from stdin, in one step.
  local dir=$LAB_DIR/$1/manifests
  mkdir -p "$dir"
  cat >"$dir/$2.tmp"
  mv "$dir/$2.tmp" "$dir/$2.yaml"
}
node_forget() { rm "$LAB_DIR/$1/manifests/$2.yaml"; }  # node_forget NODE NAME

node_peer() {  # node_peer NODE NAME ADDRESS [FIELD...]: lines of its spec.
  local node=$1 name=$2 address=$3 field
  shift 3
  {
    cat <<END
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: {name: $name}
spec:
  myASN: $(router_as_of "$node")
  peerASN: ${ROUTER_AS:-65000}
  peerAddress: "$address"
END
    for field in "$@"; do echo "  $field"; done
  } | node_manifest "$node" "$name"
}

node_bfd() {  # node_bfd NODE INTERVAL-MS: the profile "quick", three times.
  node_manifest "$1" bfd <<END
apiVersion: metallb.io/v1beta1
kind: BFDProfile
metadata: {name: quick}
spec: {receiveInterval: $2, transmitInterval: $2, detectMultiplier: 3}
END
}

node_routes() {  # node_routes NODE RANGE...: a pool, announced as it is.
  local node=$1 ranges
  shift
  printf -v ranges '"%s", ' "$@"
  node_manifest "$node" routes <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: routed}
spec: {addresses: [${ranges%, }]}
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: {name: routed}
spec: {ipAddressPools: [routed]}
END
}

service() {  # service NAME ADDRESS [ADDRESS6]: a manifest.
  local policy=SingleStack families=IPv4 addresses=$2
  [[ $2 != *:* ]] || families=IPv6
  if [[ -n ${3:-} ]]; then
    policy=RequireDualStack families="IPv4, IPv6" addresses="$2,$3"
  fi
  cat <<END
---
apiVersion: v1
kind: Service
metadata:
  name: $1
  annotations: {metallb.io/loadBalancerIPs: "$addresses"}
spec:
  type: LoadBalancer
  ipFamilyPolicy: $policy
  ipFamilies: [$families]
  ports: [{port: 80}]
END
}
node_service() {  # node_service NODE NAME ADDRESS [ADDRESS6]
  local node=$1
  shift
  service "$@" | node_manifest "$node" "$1"
}

node_start() {  # node_start NODE [OPTION...]
  local node=$1
  shift
  lab_run_lbd "$node" --manifests "$LAB_DIR/$node/manifests" "$@"
}

# --- What the node says.
node_peer_json() {  # node_peer_json NODE PEER PYTHON-EXPRESSION: over `peer`.
  lab_lbctl "$1" peers -o json 2>/dev/null | python3 -c '
import json, sys
for peer in json.load(sys.stdin).get("peers", []):
    if peer["name"] == sys.argv[1]:
        print(eval(sys.argv[2]))' "$2" "$3"
}
node_up() {  # node_up NODE PEER
  lab_lbctl "$1" peers 2>/dev/null | grep -q "^$2 .* Established "
}
node_not_up() { ! node_up "$@"; }
node_problem() {  # node_problem NODE TEXT
  lab_lbctl "$1" problems 2>/dev/null | grep -q -- "$2"
}
# How often the session with the peer came up.
node_ups() { node_peer_json "$1" "$2" 'peer["counters"]["timesEstablished"]'; }

now_ms() { echo $(($(date +%s%N) / 1000000)); }
# Waits for the command, and prints after how many milliseconds it succeeded.
ms_until() {  # ms_until MOST-MS COMMAND...
  local began most=$1
  began=$(now_ms)
  shift
  until "$@"; do
    [[ $(($(now_ms) - began)) -lt $most ]] || return 1
    sleep 0.02
  done
  echo $(($(now_ms) - began))
}

# --- What the router's kernel and the wire saw.
routes_watch() {  # Events of routes, with their time, into $LAB_DIR/events.
  (lab_exec router ip -ts monitor route >"$LAB_DIR/events" 2>&1) &
  watch_pid=$!
  sleep 0.3
}
routes_watch_end() {
  kill "$watch_pid"
  wait "$watch_pid" 2>/dev/null || true
}
wire_watch() {  # All of BGP at the router, into $LAB_DIR/wire.pcap.
  rm -f "$LAB_DIR/wire.pcap"
  (lab_exec router dumpcap -q -i eth0 -f 'tcp port 179' -w "$LAB_DIR/wire.pcap" \
    >"$LAB_DIR/dumpcap.log" 2>&1) &
  wire_pid=$!
  lab_wait 10 test -s "$LAB_DIR/wire.pcap" || fail "dumpcap does not start"
}
wire_watch_end() {
  sleep 0.3
  kill -INT "$wire_pid"
  wait "$wire_pid" 2>/dev/null || true
}
# The messages that a node sent: see wire.py.
wire_sent() {  # wire_sent NODE
  python3 "$here/wire.py" "$LAB_DIR/wire.pcap" "$(lab_address "$1")"
}
