#!/usr/bin/env bash
# Nodes that cannot announce all services: IPv6 is switched off on two of three
# nodes, then on all; an interface goes by an alternative name; every node is
# excluded. Services go to nodes that can answer. If there is none, that is a
# problem on every node as long as it lasts.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  for node in "${LAB_NODES[@]}"; do
    lab_lbctl "$node" services >&2 || true
    lab_lbctl "$node" problems >&2 || true
    tail -n 30 "$LAB_DIR/$node/lbd.log" >&2 || true
  done
  exit 1
}
skip() {
  echo "SKIPPED: $1"
  exit 77
}

why=$(lab_permitted) || skip "$why"
trap lab_down EXIT
trap 'exit 130' INT TERM
lab_up
manifests=$LAB_DIR/manifests
mkdir -p "$manifests"

ipv6() {  # ipv6 NODE on|off
  lab_in "$1" sysctl -qw "net.ipv6.conf.eth0.disable_ipv6=$([[ $2 == off ]] && echo 1 || echo 0)"
}
advertise() {  # advertise INTERFACES
  cat >"$manifests/new" <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: p}
spec: {addresses: [172.18.8.201-172.18.8.205, "$LAB_SUBNET6:201-$LAB_SUBNET6:205"]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: l2}
spec: {interfaces: $1}
END
  mv "$manifests/new" "$manifests/pool.yaml"
}
services() {  # services FAMILY NAME...
  local family=$1 name
  shift
  for name in "$@"; do
    cat <<END
---
apiVersion: v1
kind: Service
metadata: {name: $name, namespace: default}
spec: {type: LoadBalancer, ipFamilies: [$family], ports: [{port: 80}]}
END
  done
}
label_nodes() {  # label_nodes LABEL
  local node
  for node in "${LAB_NODES[@]}"; do
    cat <<END
---
apiVersion: v1
kind: Node
metadata: {name: $node, labels: {kubernetes.io/hostname: $node$1}}
END
  done
}

all_on() {  # all_on NODE SERVICE...: as every node shows it.
  local node service at=$1
  shift
  for node in "${LAB_NODES[@]}"; do
    for service in "$@"; do
      [[ $(lab_service "$node" "default/$service") == *" $at" ]] || return 1
    done
  done
}
well() {  # Has no node a problem?
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ $(lab_lbctl "$node" problems) == "No problems." ]] || return 1
  done
}
problem() {  # problem TEXT: on every node.
  local node
  for node in "${LAB_NODES[@]}"; do
    grep -qF -- "$1" <<<"$(lab_lbctl "$node" problems)" || return 1
  done
}
answered_by() {  # answered_by NODE ADDRESS: by NDP.
  lab_in client ping -n -c 1 -W 1 "$2" >/dev/null 2>&1 || true
  [[ $(lab_neighbour "$2") == *"$(lab_mac "$1")"* ]]
}

ipv6 n1 off
ipv6 n3 off
advertise "[]"
services IPv6 s1 s2 s3 >"$manifests/services.yaml"
for node in "${LAB_NODES[@]}"; do lab_start_lbd "$node" --gossip-profile fast; done
lab_wait 15 all_on n2 s1 s2 s3 || fail "not all IPv6 services are on the node that has IPv6"
lab_wait 5 well || fail "a problem, but all is well"
for i in 1 2 3; do
  lab_wait 5 answered_by n2 "$LAB_SUBNET6:20$i" || fail "no node answers for $LAB_SUBNET6:20$i"
done

ipv6 n2 off
lab_wait 5 problem "n2 noUsableInterface (wants NDP on any interface; it has eth0 (ARP))" ||
  fail "no node can do NDP, and no problem says so"
ipv6 n1 on
lab_wait 10 all_on n1 s1 s2 s3 || fail "IPv6 services do not follow IPv6"
lab_wait 5 well || fail "the problem does not go"

ip -n "$(lab_namespace n3)" link property add dev eth0 altname uplink-of-n3
advertise "[uplink-of-n3]"
services IPv4 web >"$manifests/services.yaml"
lab_wait 10 all_on n3 web || fail "an alternative name of an interface does not match"
lab_wait 5 well || fail "a problem, but all is well"

advertise "[]"
label_nodes ', node.kubernetes.io/exclude-from-external-load-balancers: ""' >"$manifests/nodes.yaml"
lab_wait 10 problem "set ignore-exclude-lb on all nodes" || fail "the problem does not name the remedy"
label_nodes "" >"$manifests/nodes.yaml"
lab_wait 10 well || fail "the problem does not go"
echo PASSED
