#!/usr/bin/env bash
# The show of BGP: three nodes announce one service address to a router, which
# spreads a client's connections over them; a node's link is cut, and another
# node is drained. Each step is checked; exit status 0 only if all were seen.
# Called by ./run bgp and, under another prefix, by the tests.
#
#   ROUTER   the router: bird (the default) or frr
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=../netns/lab.sh
source "$here/../netns/lab.sh"
# shellcheck source=router_lab.sh
source "$here/router_lab.sh"

service=default/nginx-test-service
vip=192.0.2.1
port=7000
ROUTER_BFD=50

walk_say_how() {
  cat <<END

The lab stays up. Talk to it:
  $LBCTL --server unix:$LAB_DIR/n1/lbd.sock peers
  $LBCTL --server unix:$LAB_DIR/n1/lbd.sock routes
  ip -n $(lab_namespace router) route show $vip
  ip netns exec $(lab_namespace client) curl http://$vip/
  edit the manifests in $LAB_DIR/manifests; logs are in $LAB_DIR/n*/lbd.log
Remove it with: ./run bgp --clean
END
}

start_echo() {  # start_echo NODE
  (lab_exec "$1" python3 "$here/echo.py" "$1" "$port" >"$LAB_DIR/$1/echo.log" 2>&1) &
  disown
}

fetch_served_by() {
  lab_in client curl -s --max-time 1 -D - -o "$LAB_DIR/page" "http://$vip/" |
    sed -n 's/^X-Served-By: \([a-z0-9]*\).*/\1/p'
}

served_by_all() {  # Sixty connections: does each node serve one or more?
  for ((i = 0; i < 60; ++i)); do fetch_served_by; done |
    sort | uniq -c >"$LAB_DIR/served"
  [[ $(wc -l <"$LAB_DIR/served") -eq ${#LAB_NODES[@]} ]]
}

bfd_is_up() {  # Between each node and the router; it takes some seconds.
  local node
  for node in "${LAB_NODES[@]}"; do
    lab_lbctl "$node" bfd | grep -q ' Up ' || return 1
  done
}

start_flows() {
  (lab_exec client python3 "$here/flows.py" "$vip" "$port" 24 >"$LAB_DIR/flows") &
  flows_pid=$!
  sleep 1
}

end_flows() {
  sleep 1
  kill -INT "$flows_pid"
  wait "$flows_pid" || true
  flows_pid=
}

of_flows() {  # of_flows PYTHON-EXPRESSION: over `flows`, a list of reports.
  python3 -c '
import json, sys
flows = [json.loads(line) for line in open(sys.argv[1])]
print(eval(sys.argv[2]))' "$LAB_DIR/flows" "$1"
}

case ${ROUTER:-bird} in
  bird) program=bird ;;
  frr) program=/usr/lib/frr/bgpd ;;
  *) lab_fail "ROUTER: $ROUTER, want bird or frr" ;;
esac
[[ -n $(command -v "$program") ]] || {
  echo "SKIPPED: $program is not installed; bazel/install_packages.sh bgp installs it"
  exit 77
}
lab_show router_lab_down walk_say_how

lab_step "Three nodes (${LAB_NODES[*]}) and a router on one bridge, a client behind the router"
mkdir -p "$LAB_DIR/manifests"
cp "$here"/../../examples/manifests/metallb-{bgp-config,test}.yaml "$LAB_DIR/manifests/"
router_lab_up || lab_fail "the namespaces could not be made"
router_start "${ROUTER:-bird}" || lab_fail "the router does not start"
for node in "${LAB_NODES[@]}"; do
  lab_start_nginx "$node" || lab_fail "nginx does not start on $node"
  lab_start_lbd "$node"
  start_echo "$node"
done

lab_step "The router has three next hops for $vip"
lab_wait 20 router_has_next_hops "$vip" 3 || lab_fail "no three next hops within 20 s"
ip -n "$(lab_namespace router)" route show "$vip"
lab_lbctl n1 services
lab_lbctl n1 peers

lab_lbctl n1 explain "$service"
[[ $(lab_lbctl n1 explain "$service" | grep -c ' announces ') -eq 3 ]] ||
  lab_fail "explain does not say that three nodes announce it"

lab_step "Sixty connections of the client land on all three nodes"
served_by_all || lab_fail "not every node serves: $(cat "$LAB_DIR/served")"
grep -o 'Welcome to nginx!' "$LAB_DIR/page" | head -n 1
cat "$LAB_DIR/served"

lab_step "BFD is up between the router and each node"
lab_wait 15 bfd_is_up || lab_fail "BFD is not up: $(lab_lbctl n1 bfd)"
lab_lbctl n1 bfd

lab_step "The link of n2 is cut, with 24 flows of a packet every 10 ms"
start_flows
lab_cut_link n2
lab_wait 5 router_has_next_hops "$vip" 2 || lab_fail "the router still has n2"
end_flows
cut=$(of_flows 'max(flow["longest_ms"] for flow in flows if flow["nodes"][0] == "n2")')
moved=$(of_flows 'sum(flow["nodes"][0] == "n2" for flow in flows)')
ip -n "$(lab_namespace router)" route show "$vip"
[[ $moved -gt 0 ]] || lab_fail "no flow went to n2"
lab_mend_link n2
lab_wait 20 router_has_next_hops "$vip" 3 || lab_fail "n2 did not come back"

lab_step "n3 is drained, with 24 flows"
start_flows
lab_lbctl n3 drain
lab_wait 20 router_has_next_hops "$vip" 2 || lab_fail "the router still has n3"
end_flows
lost=$(of_flows 'sum(flow["lost"] for flow in flows)')
drained=$(of_flows 'sum("n3" in flow["nodes"] and len(flow["nodes"]) > 1 for flow in flows)')
ip -n "$(lab_namespace router)" route show "$vip"
[[ $drained -gt 0 ]] || lab_fail "no flow was on n3"
[[ $lost -eq 0 ]] || lab_fail "$lost packets were lost while n3 was drained"

lab_step "Result"
printf '%-28s %s\n' \
  'address' "$vip" \
  'router' "${ROUTER:-bird}" \
  'served by' "$(awk '{ printf "%s %s times  ", $2, $1 }' "$LAB_DIR/served")" \
  'link of n2 cut' "$cut ms without an answer at most, in the $moved flows that n2 had" \
  'n3 drained' "$lost packets lost, $drained flows moved"
