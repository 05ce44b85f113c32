#!/usr/bin/env bash
# Graceful restart with BIRD and FRR as helpers: the routes stay in the router's
# kernel while lbd is replaced, by SIGTERM and by kill -9, and the new lbd's first
# table drops what is no longer wanted. If no lbd comes back, they go when its
# restart time of 30 s is over.
set -euo pipefail
# shellcheck source=session_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/session_lab.sh"

LAB_NODES=(n1)
ROUTER_GR=helper
restart_time=30

there() { router_has_next_hops "$1" 1; }

replaced() {  # replaced SIGNAL: lbd ends by it, and is started 2 s later.
  local ups
  routes_watch
  lab_signal_lbd n1 "$1"
  lab_wait 5 lab_lbd_gone n1 || fail "lbd does not end by SIG$1"
  sleep 2
  there 192.0.2.1/32 || fail "SIG$1: the route went before lbd was back"
  node_start n1
  lab_wait 10 node_up n1 router || fail "no session after SIG$1: $(lab_lbctl n1 peers)"
  ups=$(lab_lbctl n1 routes --peer router)
  [[ $ups == *192.0.2.1/32* ]] || fail "lbd has no route after SIG$1: $ups"
  sleep 3 # BIRD's and FRR's End-of-RIB work is done by then.
  routes_watch_end
  there 192.0.2.1/32 || fail "SIG$1: the route went with the first table"
  ! grep -q 'Deleted 192\.0\.2\.1' "$LAB_DIR/events" ||
    fail "SIG$1: the route was away for a while: $(cat "$LAB_DIR/events")"
  say "lbd replaced by SIG$1: the route stayed"
}

graceful() {  # graceful ROUTER
  local began ms
  begin "$1"
  node_peer n1 router "$(lab_address router)" 'enableGracefulRestart: true'
  node_routes n1 192.0.2.0/24
  node_service n1 web 192.0.2.1
  node_service n1 shop 192.0.2.2
  node_start n1
  lab_wait 15 there 192.0.2.2/32 || fail "no route: $(router_sessions)"
  replaced TERM
  replaced KILL

  # A service that is deleted meanwhile goes with the first table.
  lab_signal_lbd n1 KILL
  lab_wait 5 lab_lbd_gone n1
  node_forget n1 shop
  sleep 1
  there 192.0.2.2/32 || fail "the router does not help"
  node_start n1
  lab_wait 10 router_lacks 192.0.2.2/32 || fail "a route that is no longer wanted stays"
  there 192.0.2.1/32 || fail "the wanted route went with the other"
  say "a route that was deleted meanwhile goes"

  lab_signal_lbd n1 KILL
  began=$(now_ms)
  sleep $((restart_time - 5))
  there 192.0.2.1/32 || fail "the route went before the restart time was over"
  ms_until 15000 router_lacks 192.0.2.1/32 >/dev/null || fail "the route stays for good"
  ms=$(($(now_ms) - began))
  say "no lbd comes back: the route goes after $ms ms"
}

skip_where_impossible bird /usr/lib/frr/bgpd
# shellcheck disable=SC2086
with_each graceful ${ROUTERS:-bird frr}
