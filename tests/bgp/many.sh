#!/usr/bin/env bash
# 1,000 and 10,000 routes to BIRD and to FRR: all are in the router's kernel, in
# as few UPDATEs as fit (800 prefixes each); all are withdrawn again; and none of
# that, nor a manifest that changes only routes, resets the session.
set -euo pipefail
# shellcheck source=session_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/session_lab.sh"

LAB_NODES=(n1)

services() {  # services COUNT: a manifest, on stdout.
  local i
  for ((i = 0; i < $1; ++i)); do
    printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d}\n' "$i"
    printf 'spec: {type: LoadBalancer, ports: [{port: 80}]}\n'
  done
}

kernel_routes() {
  ip -n "$(lab_namespace router)" route show | grep -c '^100\.64\.' || true
}
kernel_has() { [[ $(kernel_routes) -eq $1 ]]; }
all_have() {  # all_have COMMUNITY COUNT: routes as lbd plans them.
  [[ $(lab_lbctl n1 routes --peer router | grep -c -- "$1") -eq $2 ]]
}
nothing_pending() {
  [[ $(node_peer_json n1 router 'peer["families"][0].get("pending", 0)') == 0 ]]
}

# Messages of a kind that lbd sent, and prefixes in them.
sent() { wire_sent n1 | awk -v kind="$1" '$2 == kind { ++n; p += $3 } END { print n + 0, p + 0 }'; }

check_wire() {  # check_wire WHAT COUNT MOST-UPDATES
  local updates prefixes
  wire_watch_end
  read -r updates prefixes <<<"$(sent UPDATE)"
  say "$1: $prefixes prefixes in $updates UPDATEs"
  [[ $prefixes -eq $2 ]] || fail "$1: $prefixes prefixes on the wire, want $2"
  [[ $updates -le $3 ]] || fail "$1: $updates UPDATEs, want at most $3"
  [[ $(sent NOTIFICATION) == "0 0" && $(sent OPEN) == "0 0" ]] ||
    fail "$1: the session was reset: $(wire_sent n1 | grep -v UPDATE)"
}

many() {  # many ROUTER
  local count most
  begin "$1"
  node_peer n1 router "$(lab_address router)"
  node_routes n1 100.64.0.0/16
  node_service n1 first 100.64.255.1
  node_start n1
  lab_wait 15 kernel_has 1 || fail "no route: $(router_sessions)"

  for count in 1000 10000; do
    # So many are full, and one has the rest.
    most=$(((count + 799) / 800))
    wire_watch
    services "$count" | node_manifest n1 many
    lab_wait 60 kernel_has $((count + 1)) ||
      fail "$(kernel_routes) routes in the kernel, want $((count + 1))"
    # Addresses come in portions; on a machine that stands still for a quarter of
    # a second the next one is not waited for.
    check_wire "$count routes added" "$count" $((most + 2))
    wire_watch
    node_manifest n1 communities <<END
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: {name: routed-too}
spec: {ipAddressPools: [routed], communities: ["65001:$count"]}
END
    lab_wait 30 all_have "65001:$count" $((count + 1)) || fail "not all is planned again"
    lab_wait 30 nothing_pending || fail "not all is told again"
    check_wire "$count routes changed" $((count + 1)) "$most"
    wire_watch
    node_forget n1 many
    lab_wait 60 kernel_has 1 || fail "$(kernel_routes) routes in the kernel, want 1"
    check_wire "$count routes withdrawn" "$count" "$most"
  done
  [[ $(node_ups n1 router) == 1 ]] || fail "the session came up $(node_ups n1 router) times"

  # A new session tells all in one go.
  services 10000 | node_manifest n1 many
  lab_wait 60 kernel_has 10001 || fail "the 10,000 routes do not come back"
  lab_signal_lbd n1 KILL
  lab_wait 30 kernel_has 0 || fail "the routes of a killed lbd stay"
  wire_watch
  node_start n1
  lab_wait 60 kernel_has 10001 || fail "the 10,000 routes do not come after a restart"
  wire_watch_end
  say "first table: $(sent UPDATE | awk '{ print $2 " prefixes in " $1 }') UPDATEs, the End-of-RIB too"
  [[ $(sent UPDATE | cut -d' ' -f1) -le 15 ]] || fail "$(wire_sent n1)"
}

skip_where_impossible bird /usr/lib/frr/bgpd dumpcap tshark
for router in ${ROUTERS:-bird frr}; do many "$router"; done
