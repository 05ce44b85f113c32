#!/usr/bin/env bash
# A peer by its interface, with FRR and BIRD: a link between n1 and the router
# that has link-local addresses alone. The route of an IPv4 service goes by the
# IPv6 next hop (RFC 8950), and connections go by the route. The link is cut and
# comes back; the router and lbd are restarted.
#
#                    n1 eth1 ---- br1 ---- eth1 router far ---- eth0 client
set -euo pipefail
# shellcheck source=session_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/session_lab.sh"

LAB_NODES=(n1)
prefix=192.0.2.1/32
prefix6=2001:db8:1::1/128

link_local() {  # link_local HOST: its address on eth1.
  ip -n "$(lab_namespace "$1")" -6 -json address show dev eth1 scope link |
    sed -n 's/.*"local":"\([^"]*\)".*/\1/p'
}

link_up() {  # The link, beside eth0, which has gossip's address.
  local switch host namespace
  switch=$(lab_namespace switch)
  ip -n "$switch" link add br1 type bridge
  ip -n "$switch" link set br1 up
  for host in n1 router; do
    namespace=$(lab_namespace "$host")
    ip link add eth1 netns "$namespace" type veth peer name "$host-up" netns "$switch"
    ip -n "$switch" link set "$host-up" master br1 up
    ip -n "$namespace" link set eth1 up
    lab_in "$host" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0
  done
  lab_wait 10 lab_without_tentative
  ip -n "$(lab_namespace n1)" route replace default via inet6 "$(link_local router)" dev eth1
  ip -n "$(lab_namespace n1)" -6 route replace default via "$(link_local router)" dev eth1
}
link_set() {  # link_set up|down
  local host
  for host in n1 router; do
    ip -n "$(lab_namespace switch)" link set "$host-up" "$1"
  done
}

router_frr_config() {
  local family
  cat <<END
hostname router
router bgp ${ROUTER_AS:-65000}
 bgp router-id $(lab_address router)
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 timers bgp $((ROUTER_HOLD / 3)) $ROUTER_HOLD
 neighbor eth1 interface remote-as external
$([[ -z ${ROUTER_BFD:-} ]] || echo " neighbor eth1 bfd profile lab")
END
  for family in ipv4 ipv6; do
    echo " address-family $family unicast"
    echo "  neighbor eth1 activate"
    echo " exit-address-family"
  done
  router_frr_bfd
}

router_bird_config() {
  cat <<END
log stderr all;
router id $(lab_address router);
protocol device { }
protocol direct { ipv4; ipv6; }
protocol kernel { ipv4 { export all; }; }
protocol kernel { ipv6 { export all; }; }
protocol radv { interface "eth1" { max ra interval 5; default lifetime 0; }; }
$([[ -z ${ROUTER_BFD:-} ]] || echo "protocol bfd { interface \"*\" { min rx interval $ROUTER_BFD ms;" \
  "min tx interval $ROUTER_BFD ms; multiplier 3; }; }")
protocol bgp unnumbered {
  local $(link_local router) as ${ROUTER_AS:-65000};
  interface "eth1";
  neighbor $(link_local n1) as $ROUTER_NODE_AS;
  passive on;
  error wait time 1, 2;
  hold time $ROUTER_HOLD;
  $([[ -z ${ROUTER_BFD:-} ]] || echo "bfd on;")
  ipv4 { import all; export none; extended next hop on; };
  ipv6 { import all; export none; };
}
END
}

there() { router_has_next_hops "$prefix" 1 && router_has_next_hops "$prefix6" 1; }
gone() { router_lacks "$prefix" && router_lacks "$prefix6"; }
by_the_link() {  # Is n1's link-local address the next hop of both routes?
  local one
  for one in "$prefix" "$prefix6"; do
    [[ $(router_next_hops "$one") == "$(link_local n1)" ]] || return 1
    ip -n "$(lab_namespace router)" "$([[ $one == *:* ]] && echo -6 || echo -4)" \
      route show "$one" | grep -q 'dev eth1' || return 1
  done
}
connects() {
  local url
  for url in http://192.0.2.1/ 'http://[2001:db8:1::1]/'; do
    lab_in client curl -sfg --max-time 2 -o /dev/null "$url" || return 1
  done
}
works() {  # works WHAT: both routes, and connections by them.
  lab_wait 20 there || fail "$1: no routes: $(lab_lbctl n1 peers; router_sessions)"
  by_the_link || fail "$1: next hops: $(router_next_hops "$prefix"; router_next_hops "$prefix6")"
  lab_wait 5 connects || fail "$1: the client does not reach the service"
}

searches() { lab_lbctl n1 peers 2>/dev/null | grep -q 'on eth1 .* searching .*no router advertisement heard on eth1'; }

starts_without_a_router() {
  node_start n1
  lab_wait 10 searches || fail "lbctl does not say that lbd searches: $(lab_lbctl n1 peers)"
  lab_wait 20 node_problem n1 'no router advertisement heard on eth1' ||
    fail "no problem says that the router is missing"
  say "without a router: searching, and a problem that says so"
}

router_comes() {
  local ms
  "router_start_$ROUTER_KIND"
  lab_wait 10 router_listens || fail "the router does not start"
  ms=$(ms_until 20000 there) || fail "no routes: $(lab_lbctl n1 peers; router_sessions)"
  say "routes $ms ms after the router listens"
  works "start"
  lab_lbctl n1 peers | grep -q "\[$(link_local router)\]:179 on eth1 .* Established" ||
    fail "lbctl peers: $(lab_lbctl n1 peers)"
  lab_wait 5 has_no_problem || fail "a problem is left: $(lab_lbctl n1 problems)"
  say "both families by $(link_local n1) on eth1; the client is served"
}
has_no_problem() { ! node_problem n1 eth1; }

link_cut() {
  local ms
  link_set down
  ms=$(ms_until 15000 gone) || fail "the link is cut, the routes stay"
  say "link cut: routes gone after $ms ms"
  lab_wait 15 node_not_up n1 router || fail "the link is cut, the session stays"
  link_set up
  ms=$(ms_until 20000 there) || fail "the link is back: $(lab_lbctl n1 peers; router_sessions)"
  say "link back: routes after $ms ms"
  works "the link is back"
}

router_restarts() {
  local ms
  router_kill
  lab_wait 15 node_not_up n1 router || fail "lbd does not see that the router is gone"
  "router_start_$ROUTER_KIND"
  lab_wait 10 router_listens || fail "the router does not start again"
  ms=$(ms_until 20000 there) || fail "no routes after its restart: $(lab_lbctl n1 peers; router_sessions)"
  say "router restarted: routes $ms ms after it listens"
  works "the router restarted"
}

lbd_restarts() {
  lab_signal_lbd n1 TERM
  lab_wait 5 gone || fail "lbd was told to end, the routes stay"
  lab_wait 5 lab_lbd_gone n1 || fail "lbd does not end"
  node_start n1
  works "lbd restarted"
  say "lbd restarted"
}

bfd_detects() {
  local ms
  bfd_up() { lab_lbctl n1 bfd | grep -qw Up; }
  lab_wait 10 bfd_up || fail "BFD is not up: $(lab_lbctl n1 bfd)"
  sleep 2  # Until both ends have agreed on the fast intervals.
  lab_signal_lbd n1 STOP
  ms=$(ms_until 5000 gone) || fail "lbd is stopped, BFD does not see it"
  lab_signal_lbd n1 CONT
  say "BFD by link-local addresses: lbd stopped, routes gone after $ms ms"
  works "lbd went on"
}

# A global address of n1 that the router has no route to: FRR takes the
# link-local half of the next hop. BIRD takes the global one, so it is not asked.
foreign_address() {
  ip -n "$(lab_namespace n1)" address add 2001:db8:77::1/64 dev eth1 nodad
  lbd_restarts
  say "n1 has a global address of its own on eth1: next hops are link-local"
}

story() {  # story ROUTER
  ROUTER_KIND=$1
  router_lab_down
  ROUTER_FRR_DIR=
  router_lab_up || fail "the namespaces could not be made"
  link_up
  node_manifest n1 router <<END
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: {name: router}
spec:
  myASN: $ROUTER_NODE_AS
  dynamicASN: external
  interface: eth1
  holdTime: ${ROUTER_HOLD}s
  bfdProfile: quick
END
  node_bfd n1 "$ROUTER_BFD"
  node_routes n1 192.0.2.0/24 2001:db8:1::/64
  node_service n1 web 192.0.2.1 2001:db8:1::1
  lab_start_nginx n1
  starts_without_a_router
  router_comes
  link_cut
  router_restarts
  lbd_restarts
  bfd_detects
  [[ $1 != frr ]] || foreign_address
}

ROUTER_HOLD=9
ROUTER_BFD=100
skip_where_impossible bird /usr/lib/frr/bgpd nginx curl
for router in ${ROUTERS:-frr bird}; do
  rm -rf "${LAB_DIR:?}"/router "${LAB_DIR:?}"/n1
  story "$router"
done
