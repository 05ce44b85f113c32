#!/usr/bin/env bash
# What routers make of lbd's routes. For each of BIRD, FRR, GoBGP and ExaBGP:
#
#   n1   eBGP, both families on one session: /32, /128 and two aggregates, with
#        communities, large communities, a MED and a longer path
#   n2   iBGP with a local preference, a session for each family
#   n3   eBGP from an AS above 65535, a session for each family
#
# BIRD and FRR are asked for the kernel's routes; GoBGP and ExaBGP, which write
# none, for what they were told.
set -euo pipefail
# shellcheck source=session_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/session_lab.sh"

LAB_NODES=(n1 n2 n3)
ROUTER_SIX=on
ROUTER_AS_OF_n2=65000
ROUTER_AS_OF_n3=4200000001

advertisement() {  # advertisement NAME ANNOTATIONS [FIELD...]
  local name=$1 annotations=$2 field
  shift 2
  cat <<END
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: {name: $name, annotations: {$annotations}}
spec:
  ipAddressPools: [routed]
END
  for field in "$@"; do echo "  $field"; done
}
pool() {  # pool RANGE...
  local ranges
  printf -v ranges '"%s", ' "$@"
  cat <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: routed}
spec: {addresses: [${ranges%, }]}
END
}

write_manifests() {
  local node
  node_peer n1 router "$(lab_address router)" 'dualStackAddressFamily: true'
  {
    pool 192.0.2.0/24 2001:db8:1::/64
    advertisement exact \
      'lb.io/med: "50", lb.io/as-path-prepend: "2"' \
      'communities: ["65001:100", "65001:7", "large:65001:1:2"]'
    advertisement wide '' 'aggregationLength: 24' 'aggregationLengthV6: 64'
  } | node_manifest n1 routes
  node_service n1 web 192.0.2.1 2001:db8:1::1
  for node in n2 n3; do
    node_peer "$node" router "$(lab_address router)"
    node_peer "$node" router6 "$(lab_address6 router)"
  done
  {
    pool 198.51.100.0/24 2001:db8:2::/64
    advertisement preferred '' 'localPref: 250'
  } | node_manifest n2 routes
  node_service n2 web 198.51.100.1 2001:db8:2::1
  node_routes n3 203.0.113.0/24 2001:db8:3::/64
  node_service n3 web 203.0.113.1 2001:db8:3::1
}

# What the router has of a prefix, on one line of single blanks.
flat() { router_routes "$1" 2>/dev/null | tr -s ' \t\n' ' '; }
told() { [[ -n $(flat "$1") && $(flat "$1") != *"not in table"* ]]; }

want() {  # want PREFIX TEXT...: in what the router has of it.
  local prefix=$1 text have
  shift
  have=$(flat "$prefix")
  for text in "$@"; do
    [[ $have == *"$text"* ]] || fail "$prefix: no \"$text\" in: $have"
  done
}
want_not() {
  [[ $(flat "$1") != *"$2"* ]] || fail "$1: \"$2\" in: $(flat "$1")"
}

want_kernel_route() {  # want_kernel_route PREFIX NODE
  local hop6
  hop6=$(ip -n "$(lab_namespace "$2")" -6 -json address show dev eth0 scope link |
    sed -n 's/.*"local":"\([^"]*\)".*/\1/p')
  case $(router_next_hops "$1") in
    "$(lab_address "$2")" | "$(lab_address6 "$2")" | "$hop6") ;;
    *) fail "$1: the next hop is \"$(router_next_hops "$1")\", want $2" ;;
  esac
}

n1_routes=(192.0.2.1/32 192.0.2.0/24 2001:db8:1::1/128 2001:db8:1::/64)
n2_routes=(198.51.100.1/32 2001:db8:2::1/128)
n3_routes=(203.0.113.1/32 2001:db8:3::1/128)
all_in_kernel() {
  local prefix
  for prefix in "${n1_routes[@]}" "${n2_routes[@]}" "${n3_routes[@]}"; do
    router_has_next_hops "$prefix" 1 || return 1
  done
}
all_told() {
  local prefix
  for prefix in "${n1_routes[@]}" "${n2_routes[@]}" "${n3_routes[@]}"; do
    told "$prefix" || return 1
  done
}

check_bird() {
  local prefix
  for prefix in 192.0.2.1/32 2001:db8:1::1/128; do
    want "$prefix" 'BGP.as_path: 65001 65001 65001 ' 'BGP.med: 50 ' \
      'BGP.community: (65001,7) (65001,100)' 'BGP.large_community: (65001, 1, 2)'
  done
  for prefix in 192.0.2.0/24 2001:db8:1::/64; do
    want "$prefix" 'BGP.as_path: 65001 ' 'BGP.origin: IGP'
    want_not "$prefix" community
    want_not "$prefix" med
  done
  for prefix in "${n2_routes[@]}"; do
    want "$prefix" 'BGP.as_path: ' 'BGP.local_pref: 250'
    want_not "$prefix" 65000
  done
  for prefix in "${n3_routes[@]}"; do
    want "$prefix" 'BGP.as_path: 4200000001 '
  done
}
check_frr() {
  local prefix
  for prefix in 192.0.2.1/32 2001:db8:1::1/128; do
    want "$prefix" ' 65001 65001 65001 ' 'metric 50,' \
      'Community: 65001:7 65001:100' 'Large Community: 65001:1:2'
  done
  for prefix in 192.0.2.0/24 2001:db8:1::/64; do
    want "$prefix" ' 65001 ' 'Origin IGP'
    want_not "$prefix" '65001 65001'
    want_not "$prefix" Community
  done
  for prefix in "${n2_routes[@]}"; do
    want "$prefix" ' Local ' 'localpref 250'
  done
  for prefix in "${n3_routes[@]}"; do
    want "$prefix" ' 4200000001 '
  done
}
check_gobgp() {
  local prefix
  for prefix in 192.0.2.1/32 2001:db8:1::1/128; do
    want "$prefix" '"asns":[65001,65001,65001]' '"metric":50}' \
      "\"communities\":[$((65001 << 16 | 7)),$((65001 << 16 | 100))]" \
      '"value":[{"ASN":65001,"LocalData1":1,"LocalData2":2}]'
  done
  for prefix in 192.0.2.0/24 2001:db8:1::/64; do
    want "$prefix" '"asns":[65001]'
    want_not "$prefix" communities
  done
  for prefix in "${n2_routes[@]}"; do
    want "$prefix" '"value":250}'
  done
  for prefix in "${n3_routes[@]}"; do
    want "$prefix" '"asns":[4200000001]'
  done
}
check_exabgp() {
  local prefix
  for prefix in 192.0.2.1/32 2001:db8:1::1/128; do
    want "$prefix" '"as-path": [ 65001, 65001, 65001 ]' '"med": 50' \
      '"community": [ [ 65001, 7 ], [ 65001, 100 ] ]' \
      '"large-community": [ [ 65001, 1 , 2 ] ]'
  done
  for prefix in 192.0.2.0/24 2001:db8:1::/64; do
    want "$prefix" '"as-path": [ 65001 ]'
    want_not "$prefix" community
  done
  for prefix in "${n2_routes[@]}"; do
    want "$prefix" '"local-preference": 250'
    want_not "$prefix" as-path
  done
  for prefix in "${n3_routes[@]}"; do
    want "$prefix" '"as-path": [ 4200000001 ]'
  done
}

one_router() {  # one_router ROUTER
  local node prefix
  begin "$1"
  write_manifests
  for node in "${LAB_NODES[@]}"; do node_start "$node"; done
  case $1 in
    bird | frr)
      lab_wait 15 all_in_kernel || fail "routes are missing: $(router_sessions)"
      for prefix in "${n1_routes[@]}"; do want_kernel_route "$prefix" n1; done
      for prefix in "${n2_routes[@]}"; do want_kernel_route "$prefix" n2; done
      for prefix in "${n3_routes[@]}"; do want_kernel_route "$prefix" n3; done
      ;;
    *)
      lab_wait 25 all_told || fail "routes are missing: $(router_sessions)"
      ;;
  esac
  "check_$1"
  say "all routes, with their attributes"
}

skip_where_impossible bird /usr/lib/frr/bgpd gobgpd exabgp
for router in ${ROUTERS:-bird frr gobgp exabgp}; do one_router "$router"; done
