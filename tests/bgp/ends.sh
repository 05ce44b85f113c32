#!/usr/bin/env bash
# How sessions with BIRD and FRR end and come back, asserted in the router's
# kernel routes and on the wire: the router is killed and restarted, lbd is
# killed, stopped without and with BFD, and told to end; a node drains; a
# stopped router is told so when the hold time of 9 s is over.
set -euo pipefail
# shellcheck source=session_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/session_lab.sh"

LAB_NODES=(n1)
prefix=192.0.2.1/32

gone() { router_lacks "$prefix"; }
there() { router_has_next_hops "$prefix" 1; }
want_there() { lab_wait 10 there || fail "$1: the route is not there: $(router_sessions)"; }

manifests() {  # manifests [FIELD...]: of the peer.
  node_peer n1 router "$(lab_address router)" "$@"
  node_routes n1 192.0.2.0/24
  node_service n1 web 192.0.2.1
}

router_killed() {
  local listens ms
  router_kill
  lab_wait 5 node_not_up n1 router || fail "lbd does not see that the router is gone"
  sleep 1
  "router_start_$ROUTER_KIND"
  listens=$(ms_until 10000 router_listens) || fail "the router does not start"
  ms=$(ms_until 10000 node_up n1 router) || fail "no session with the restarted router"
  say "router killed, and back after 1 s: session up $ms ms after it listens (it took $listens ms to start)"
  [[ $ms -le 1100 ]] || fail "the session is up after $ms ms, want at most 1100"
  want_there "router restarted"
}

lbd_killed() {
  local ms
  lab_signal_lbd n1 KILL
  ms=$(ms_until 3000 gone) || fail "the route of a killed lbd stays"
  say "lbd killed: route gone after $ms ms"
  node_start n1
  want_there "lbd restarted"
}

lbd_stopped() {  # lbd_stopped MOST-MS WHAT
  local ms
  lab_signal_lbd n1 STOP
  ms=$(ms_until "$1" gone) || fail "$2, lbd stopped: the route stays"
  say "$2, lbd stopped: route gone after $ms ms"
  lab_signal_lbd n1 CONT
  lab_wait 20 there || fail "$2: no route after lbd went on: $(lab_lbctl n1 peers)"
}

lbd_told_to_end() {
  local said
  wire_watch
  lab_signal_lbd n1 TERM
  lab_wait 5 gone || fail "the route of a lbd that ended stays"
  lab_wait 5 lab_lbd_gone n1 || fail "lbd does not end"
  wire_watch_end
  said=$(wire_sent n1 | cut -d' ' -f2-3 | tr '\n' ' ')
  [[ $said == *"UPDATE 1 NOTIFICATION 6/2 " ]] ||
    fail "SIGTERM: want a withdrawal and 6/2, lbd sent: $said"
  say "SIGTERM: withdrawn, then 6/2"
  node_start n1
  want_there "lbd started again"
}

drains() {
  drained() { router_routes "$prefix" | grep -qE '\(65535,0\)|graceful-shutdown|65535:0'; }
  undrained() { there && ! drained; }
  lab_lbctl n1 drain >/dev/null
  lab_wait 5 drained || fail "the router does not see the drain: $(router_routes "$prefix")"
  there || fail "the last node that announces withdrew when it drained"
  lab_lbctl n1 undrain >/dev/null
  lab_wait 5 undrained || fail "the drain does not end: $(router_routes "$prefix")"
  say "drain and its end seen, the route stays"
}

router_stopped() {
  local began notified
  wire_watch
  began=$(date +%s.%N)
  router_signal STOP
  lab_wait 14 node_not_up n1 router || fail "a stopped router keeps its session"
  router_signal CONT
  wire_watch_end
  notified=$(wire_sent n1 | awk -v began="$began" \
    '$2 == "NOTIFICATION" && $3 == "4/0" { printf "%.1f", $1 - began }')
  [[ -n $notified ]] || fail "no NOTIFICATION 4/0: $(wire_sent n1)"
  say "router stopped: 4/0 after $notified s"
  awk -v s="$notified" 'BEGIN { exit s <= 10.5 ? 0 : 1 }' ||
    fail "4/0 after $notified s, want 10"
  want_there "the router went on"
}

ends() {  # ends ROUTER
  begin "$1"
  manifests 'holdTime: 9s'
  node_start n1
  want_there "start"
  lbd_told_to_end
  lbd_killed
  router_killed
  drains
  lbd_stopped 12000 "hold time 9 s"
  router_stopped
  ROUTER_BFD=50
  begin "$1"
  manifests 'bfdProfile: quick'
  node_bfd n1 50
  node_start n1
  want_there "start with BFD"
  bfd_up() { lab_lbctl n1 bfd | grep -qw Up; }
  lab_wait 10 bfd_up || fail "BFD is not up: $(lab_lbctl n1 bfd)"
  # Time for the router to agree on the fast intervals as well.
  sleep 2
  lbd_stopped 1500 "BFD 3 x 50 ms"
}

skip_where_impossible bird /usr/lib/frr/bgpd dumpcap tshark
# shellcheck disable=SC2086
with_each ends ${ROUTERS:-bird frr}
