#!/usr/bin/env bash
# Real daemons in namespaces: the same manifests give the same addresses in
# whatever order they start, after kill -9 of each, and after kill -9 of all;
# changed and broken files are picked up while they run; a client reaches IPv6
# and dual-stack services; a second SIGTERM ends a daemon at once.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  for node in "${LAB_NODES[@]}"; do
    printf -- '--- %s\n' "$node" >&2
    lab_lbctl "$node" services >&2 || true
    tail -n 30 "$LAB_DIR/$node/lbd.log" >&2 || true
  done
  exit 1
}

why=$(lab_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
trap lab_down EXIT
trap 'exit 130' INT TERM

service() {  # A Service manifest: service NAME [ADDRESS]
  cat <<END
---
apiVersion: v1
kind: Service
metadata: {name: $1, namespace: default}
spec: {type: LoadBalancer, loadBalancerIP: "${2:-}", ports: [{port: 80}]}
END
}

# "name address" lines of a node.
addresses() {
  lab_lbctl "$1" services -o json | python3 -c '
import json, sys
for service in json.load(sys.stdin).get("services", []):
    print(service["name"], *service.get("addresses", []))'
}

all_show() { # all_show LINES: do all nodes show exactly these addresses?
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ $(addresses "$node" 2>/dev/null) == "$1" ]] || return 1
  done
}

mkdir -p "$LAB_DIR/manifests"
cp "$here"/../../examples/manifests/metallb-l2-config.yaml "$LAB_DIR/manifests/"
{ service b && service c 172.18.8.203; } >"$LAB_DIR/manifests/services.yaml"
lab_up || fail "the namespaces could not be made"

echo "== start in the order n3, n1, n2"
for node in n3 n1 n2; do
  lab_start_lbd "$node"
  sleep 1
done
want="default/b 172.18.8.201
default/c 172.18.8.203"
lab_wait 20 all_show "$want" || fail "not all show: $want"

echo "== a changed file is picked up"
service a >"$LAB_DIR/manifests/more.yaml"
want="default/a 172.18.8.202
$want"
lab_wait 10 all_show "$want" || fail "not all show: $want"

echo "== broken files: each a line in the log and in lbctl status; the rest works on"
cp "$here"/../cli/bad/*.yaml "$LAB_DIR/manifests/"
sleep 1
lab_wait 10 all_show "$want" || fail "broken files changed the addresses"
while read -r line; do
  lab_lbctl n1 status | grep -qF "$line" || fail "lbctl status does not say: $line"
  grep -qF "$line" "$LAB_DIR/n1/lbd.log" || fail "the log does not say: $line"
done <"$here/../cli/bad_lines.txt"
for file in "$here"/../cli/bad/*.yaml; do
  rm "$LAB_DIR/manifests/$(basename "$file")"
done

echo "== kill -9 and restart, one by one"
for node in "${LAB_NODES[@]}"; do
  lab_kill_lbd "$node"
  sleep 1
  lab_start_lbd "$node"
  lab_wait 20 all_show "$want" || fail "after the restart of $node not all show: $want"
done

echo "== kill -9 of all, start in the order n2, n3, n1"
for node in "${LAB_NODES[@]}"; do lab_kill_lbd "$node"; done
for node in n2 n3 n1; do lab_start_lbd "$node"; done
lab_wait 20 all_show "$want" || fail "after the restart of all not all show: $want"

echo "== IPv6 and dual stack: a client reaches each address"
cat >"$LAB_DIR/manifests/ipv6.yaml" <<END
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
apiVersion: v1
kind: Service
metadata: {name: v6, namespace: default}
spec: {type: LoadBalancer, ipFamilies: [IPv6], ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata:
  name: v46
  namespace: default
  annotations: {metallb.io/loadBalancerIPs: "172.18.8.205,$LAB_SUBNET6:205"}
spec:
  type: LoadBalancer
  ipFamilyPolicy: RequireDualStack
  ipFamilies: [IPv4, IPv6]
  ports: [{port: 80}]
END
want="$want
default/v46 172.18.8.205 $LAB_SUBNET6:205
default/v6 $LAB_SUBNET6:201"
lab_wait 10 all_show "$want" || fail "not all show: $want"
reached() { lab_in client ping -n -c 1 -W 1 "$1" >/dev/null; }
for vip in 172.18.8.205 "$LAB_SUBNET6:205" "$LAB_SUBNET6:201"; do
  lab_wait 10 reached "$vip" || fail "the client does not reach $vip"
  [[ $(lab_neighbour "$vip") == *lladdr* ]] || fail "the client has no neighbour entry for $vip"
done

echo "== SIGTERM ends a daemon, and the others take note"
lab_signal_lbd n1 TERM
lab_wait 5 lab_lbd_gone n1 || fail "n1 does not end"
left() { lab_lbctl n2 members | grep -q '^n1 .* left '; }
lab_wait 5 left || fail "n2 does not know that n1 left"

echo "== a second SIGTERM ends a daemon at once, even while clients ask it"
(lab_lbctl n2 events --follow >"$LAB_DIR/followed" 2>&1) &
lab_wait 5 test -s "$LAB_DIR/followed" || fail "n2 sends no events"
lab_signal_lbd n2 TERM
sleep 0.1
lab_signal_lbd n2 TERM 2>/dev/null || true
lab_wait 5 lab_lbd_gone n2 || fail "n2 does not end"
echo "all seen"
