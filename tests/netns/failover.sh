#!/usr/bin/env bash
# The failover show: a service address answers, its node dies, another takes
# over. Each step is checked; exit status 0 only if all were seen. Called by
# ./run and, under another prefix, by the tests.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"

service=default/nginx-test-service
pool='172\.18\.8\.20[1-5]'

say_how() {
  cat <<END

The lab stays up. Talk to it:
  $LBCTL --server unix:$LAB_DIR/$new_node/lbd.sock services
  $LBCTL --server unix:$LAB_DIR/$new_node/lbd.sock events --follow
  ip netns exec $(lab_namespace client) curl http://$vip/
  edit the manifests in $LAB_DIR/manifests; logs are in $LAB_DIR/n*/lbd.log
Remove it with: ./run --clean
END
}

fetch() { lab_in client curl -s --max-time 1 -D "$LAB_DIR/headers" "http://$vip/"; }

welcomed() {  # Fetches the page; says who served it.
  fetch >"$LAB_DIR/page" && grep -q 'Welcome to nginx!' "$LAB_DIR/page" &&
    served_by=$(sed -n 's/^X-Served-By: \([a-z0-9]*\).*/\1/p' "$LAB_DIR/headers")
}

survivors_moved() {
  local node
  lab_agree "$service" "${survivors[@]}" || return 1
  read -r _ node <<<"$(lab_service "${survivors[0]}" "$service")"
  [[ $node != "$old_node" ]]
}

# The longest silence between two answers, in milliseconds, from ping -D.
longest_gap() {
  sed -n 's/^\[\([0-9.]*\)\] .* bytes from .*/\1/p' "$1" |
    awk 'NR > 1 && $1 - last > gap { gap = $1 - last } { last = $1 }
         END { printf "%d\n", gap * 1000 }'
}

no_problems() {
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ $(lab_lbctl "$node" problems) == "No problems." ]] || return 1
  done
}

lab_show lab_down say_how

lab_step "Three nodes (${LAB_NODES[*]}) and a client on one bridge, $LAB_SUBNET.0/24"
mkdir -p "$LAB_DIR/manifests"
cp "$here"/../../examples/manifests/metallb-{l2-config,test}.yaml "$LAB_DIR/manifests/"
lab_up || lab_fail "the namespaces could not be made"
for node in "${LAB_NODES[@]}"; do
  lab_start_nginx "$node" || lab_fail "nginx does not start on $node"
  lab_start_lbd "$node"
done

lab_step "Every node shows the same address and the same announcing node"
lab_wait 20 lab_agree "$service" "${LAB_NODES[@]}" ||
  lab_fail "the nodes do not agree on $service within 20 s"
read -r vip old_node <<<"$(lab_service n1 "$service")"
[[ $vip =~ ^$pool$ ]] || lab_fail "$vip is not an address of first-pool"
lab_lbctl n1 services
lab_lbctl n1 members
lab_wait 15 no_problems || {
  for node in "${LAB_NODES[@]}"; do lab_lbctl "$node" problems >&2; done
  lab_fail "a healthy cluster has problems"
}

lab_step "The client fetches http://$vip/"
lab_wait 5 welcomed || lab_fail "no \"Welcome to nginx!\" from http://$vip/"
[[ $served_by == "$old_node" ]] || lab_fail "$served_by answered, $old_node is elected"
grep -o 'Welcome to nginx!' "$LAB_DIR/page" | head -n 1
before=$(lab_neighbour "$vip")
[[ $before == *"$(lab_mac "$old_node")"* ]] ||
  lab_fail "the client's neighbour entry is not $old_node's: $before"

lab_step "kill -9 of lbd on $old_node, and its link cut, while the client pings $vip every 10 ms"
(lab_exec client ping -n -D -i 0.01 -w 30 "$vip" >"$LAB_DIR/ping" 2>&1) &
ping_pid=$!
sleep 1
lab_kill_lbd "$old_node" || lab_fail "lbd of $old_node outlives kill -9"
lab_cut_link "$old_node"
survivors=()
for node in "${LAB_NODES[@]}"; do
  [[ $node == "$old_node" ]] || survivors+=("$node")
done
lab_wait 20 survivors_moved || lab_fail "no node took $vip over within 20 s"
lab_wait 5 welcomed || lab_fail "http://$vip/ does not answer after the takeover"
sleep 1
kill -INT "$ping_pid" 2>/dev/null || true
wait "$ping_pid" 2>/dev/null || true
ping_pid=
read -r _ new_node <<<"$(lab_service "${survivors[0]}" "$service")"
[[ $served_by == "$new_node" ]] || lab_fail "$served_by answered, $new_node is elected"
after=$(lab_neighbour "$vip")
[[ $after == *"$(lab_mac "$new_node")"* ]] ||
  lab_fail "the client's neighbour entry is not $new_node's: $after"
outage=$(longest_gap "$LAB_DIR/ping")
[[ $outage -gt 0 ]] || lab_fail "the client's pings were never answered"
lab_lbctl "$new_node" services
lab_lbctl "$new_node" members

lab_step "Result"
printf '%-28s %s\n' \
  'address' "$vip" \
  'announcing node before' "$old_node" \
  'announcing node after' "$new_node" \
  'client neighbour before' "$before" \
  'client neighbour after' "$after" \
  'outage seen by the client' "$outage ms (longest silence between two answers)"
