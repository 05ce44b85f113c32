#!/usr/bin/env bash
# Delivery on "lo" follows the kernel: addresses that a user removes are put
# back while they are announced; a node whose "lo" has no IPv6 is a problem and
# another node is elected, until it has been well for a while.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"
LAB_NODES=(n1 n2)

vip4=$LAB_SUBNET.201 vip6=$LAB_SUBNET6:201

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  for node in "${LAB_NODES[@]}"; do
    ip -n "$(lab_namespace "$node")" address show dev lo >&2 || true
    lab_lbctl "$node" services >&2 || true
    lab_lbctl "$node" problems >&2 || true
    tail -n 30 "$LAB_DIR/$node/lbd.log" >&2 || true
  done
  exit 1
}
on_lo() { ip -n "$(lab_namespace "$1")" -o address show dev lo | grep -qF " $2/"; }
node_of() { lab_service n1 "default/$1" | cut -d' ' -f2; }
all_on() {  # all_on NODE SERVICE: as every node shows it.
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ $(lab_service "$node" "default/$2") == *" $1" ]] || return 1
  done
}
settled() {  # settled SERVICE ADDRESS: all show one node, which delivers it.
  local node
  node=$(node_of "$1")
  all_on "$node" "$1" && on_lo "$node" "$2"
}
well() {  # Has no node a problem?
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ $(lab_lbctl "$node" problems) == "No problems." ]] || return 1
  done
}
problem() {  # problem NODE TEXT
  grep -qF -- "$2" <<<"$(lab_lbctl "$1" problems)"
}
reached() { lab_in client ping -n -c 1 -W 1 "$1" >/dev/null 2>&1; }
service() {  # service NAME FAMILY ADDRESS
  cat <<END
---
apiVersion: v1
kind: Service
metadata:
  name: $1
  namespace: default
  annotations: {metallb.io/loadBalancerIPs: "$3"}
spec: {type: LoadBalancer, ipFamilies: [$2], ports: [{port: 80}]}
END
}

why=$(lab_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
trap lab_down EXIT
trap 'exit 130' INT TERM
lab_up || fail "the namespaces could not be made"
mkdir -p "$LAB_DIR/manifests"
{
  cat <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: p}
spec: {addresses: ["$vip4/32", "$vip6/128"]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: l2}
END
  service four IPv4 "$vip4"
  service six IPv6 "$vip6"
} >"$LAB_DIR/manifests/all.yaml"

for node in "${LAB_NODES[@]}"; do lab_start_lbd "$node" --gossip-profile fast; done
lab_wait 15 reached "$vip4" || fail "$vip4 is not reached"
lab_wait 15 reached "$vip6" || fail "$vip6 is not reached"
# The first node may have had them until the second node came.
lab_wait 15 settled four "$vip4" || fail "the nodes do not agree on $vip4"
lab_wait 15 settled six "$vip6" || fail "the nodes do not agree on $vip6"
lab_wait 5 well || fail "a problem, but all is well"

echo "== what somebody takes off lo comes back"
came_back() {  # came_back NODE ADDRESS
  lab_wait 2 on_lo "$1" "$2" || fail "$2 is not put back"
  lab_wait 2 grep -q "DeliveryRestored.*$2" "$LAB_DIR/$1/lbd.log" || fail "no event tells of $2"
  lab_wait 2 reached "$2" || fail "$2 is not reached"
}
node=$(node_of four)
ip -n "$(lab_namespace "$node")" address del "$vip4/32" dev lo
came_back "$node" "$vip4"
node=$(node_of six)
ip -n "$(lab_namespace "$node")" -6 address flush dev lo
came_back "$node" "$vip6"
lab_wait 2 well || fail "a problem, but all is well"

echo "== a node whose lo has no IPv6 is not elected for it"
node=$(node_of six)
other=n1
[[ $node == n2 ]] || other=n2
four=$(node_of four)
lab_in "$node" sysctl -qw net.ipv6.conf.lo.disable_ipv6=1
lab_wait 3 all_on "$other" six || fail "$node goes on with $vip6"
# After it was taken off twice in 10 s, it is tried again 5 s later.
lab_wait 8 problem "$node" "want net.ipv6.conf.lo.disable_ipv6=0" || fail "no problem says so"
lab_wait 3 on_lo "$other" "$vip6" || fail "$other does not deliver $vip6"
lab_wait 5 reached "$vip6" || fail "$vip6 is not reached"
all_on "$four" four || fail "IPv4 moved as well"
grep -qF "its host takes no IPv6 packets" <<<"$(lab_lbctl n1 explain default/six)" ||
  fail "explain does not say why $node is not elected"

echo "== and is again when it has been well for a while"
lab_in "$node" sysctl -qw net.ipv6.conf.lo.disable_ipv6=0
lab_wait 3 well || fail "the problem does not go"
all_on "$other" six || fail "$vip6 came back at once"
lab_wait 15 all_on "$node" six || fail "$vip6 does not come back to $node"
lab_wait 5 reached "$vip6" || fail "$vip6 is not reached"
well || fail "a problem, but all is well"
echo PASSED
