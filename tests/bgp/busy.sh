#!/usr/bin/env bash
# BFD at 3 x 50 ms on a machine that is busy: four loops that do nothing else
# run for BUSY_SECONDS (15) beside lbd and a router, and neither side may find
# the other down.
set -euo pipefail
# shellcheck source=session_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/session_lab.sh"

LAB_NODES=(n1)
ROUTER_BFD=50
seconds=${BUSY_SECONDS:-15}
loops=()

bfd_counts() {  # UP-EVENTS DOWN-EVENTS of BFD, and how often BGP came up.
  lab_lbctl n1 bfd -o json | python3 -c '
import json, sys
session, = json.load(sys.stdin)["sessions"]
print(session.get("upEvents", 0), session.get("downEvents", 0), end=" ")'
  node_ups n1 router
}
bfd_up() { lab_lbctl n1 bfd | grep -w Up >/dev/null; }

# A router is another machine, which is not busy.
router_hurries() {
  local pid
  while read -r pid; do chrt --all-tasks --rr --pid 2 "$pid"; done <"$LAB_DIR/router/pids"
}

loops_start() {
  local loop
  for loop in 1 2 3 4; do
    (while :; do :; done) &
    loops+=($!)
  done
}
loops_end() {
  [[ ${#loops[@]} -eq 0 ]] || kill "${loops[@]}"
  loops=()
}

busy() {  # busy ROUTER
  local counts
  begin "$1"
  router_hurries
  node_peer n1 router "$(lab_address router)" 'bfdProfile: quick'
  node_bfd n1 50
  node_routes n1 192.0.2.0/24
  node_service n1 web 192.0.2.1
  node_start n1
  lab_wait 10 node_up n1 router || fail "no session: $(lab_lbctl n1 peers)"
  lab_wait 10 bfd_up || fail "BFD is not up: $(lab_lbctl n1 bfd)"
  # The router agrees on the fast intervals by then.
  sleep 2
  counts=$(bfd_counts)
  loops_start
  sleep "$seconds"
  loops_end
  [[ $(bfd_counts) == "$counts" ]] ||
    fail "BFD up, down, BGP up: want $counts still, got $(bfd_counts): $(lab_lbctl n1 bfd)"
  say "$seconds s beside 4 busy loops: BFD at 3 x 50 ms stayed up"
}

skip_where_impossible bird /usr/lib/frr/bgpd
trap 'loops_end; router_lab_down' EXIT
for router in ${ROUTERS:-bird frr}; do busy "$router"; done
