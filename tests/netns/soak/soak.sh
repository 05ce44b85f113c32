#!/usr/bin/env bash
# Five real daemons and fifty addresses under random faults, drawn from one seed
# (faults.py), among them what users bring (inputs.sh); a client pings each
# address every 100 ms, another host asks by ARP and neighbour solicitation
# every 200 ms who has it. What does not concern an address silences it for no
# longer than report.py allows. At the end all nodes agree and have no problems,
# each service has the addresses that it had, each address answers, and its
# client's neighbour entry is its node's.
#
#   soak.sh         by hand, on what `bazel build //daemon/...` built
#
#   SOAK_SECONDS    of faults: 120; ./test --long has 1800
#   SOAK_SEED       1: the same seed, the same faults
#   SOAK_KEEP       folder for what was seen; report.py FOLDER tells it again
#
# What must hold in any run on any machine is asserted; availability and the
# like are told (report.py: the tables of docs/reliability.md), and that nothing
# grows is asserted of runs of ten minutes or more.
set -euo pipefail
# shellcheck source=../cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cluster.sh"
soak=$here/soak
# shellcheck source=inputs.sh
source "$soak/inputs.sh"
LAB_CLIENTS=(client asker foreign)
LAB_GOSSIP_BIND=0.0.0.0  # So that it follows what a lease brings.
LAB_NODES=(n1 n2 n3 n4 n5)
seconds=${SOAK_SECONDS:-120}
seed=${SOAK_SEED:-1}
service=default/s00  # What start_nodes waits for.

manifests() {  # 20 services of IPv4, 10 of IPv6, 10 of both: 50 addresses.
  local n families policy=SingleStack
  cat <<YAML
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: soak}
spec: {addresses: ["$LAB_SUBNET.100-$LAB_SUBNET.149", "$LAB_SUBNET6:100-$LAB_SUBNET6:149"]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: soak}
spec: {ipAddressPools: [soak]}
YAML
  for ((n = 0; n < 40; ++n)); do
    families=IPv4
    [[ $n -lt 20 ]] || families=IPv6
    [[ $n -lt 30 ]] || families=IPv4,IPv6 policy=RequireDualStack
    cat <<YAML
---
apiVersion: v1
kind: Service
metadata: {name: s$(printf %02d "$n"), namespace: default}
spec: {type: LoadBalancer, ipFamilyPolicy: $policy, ipFamilies: [$families], ports: [{port: 80}]}
YAML
  done
}

shown() {  # "NAME ADDRESS... NODE" lines of a node; nothing if it does not answer.
  timeout 5 "$LBCTL" --server "unix:$LAB_DIR/$1/lbd.sock" services -o json 2>/dev/null | python3 -c '
import json, sys
for service in json.load(sys.stdin).get("services", []):
    if service["name"].startswith("default/s"):
        print(service["name"], *service.get("addresses", ["-"]),
              service.get("announcingNode") or "-")' 2>/dev/null || true
}
all_show_one_thing() {
  local node first
  first=$(shown n1)
  [[ $(wc -l <<<"$first") -eq 40 && $first != *" -"* ]] || return 1
  for node in "${LAB_NODES[@]}"; do
    [[ $(shown "$node") == "$first" ]] || return 1
  done
}

# The faults of the bridge, set again with each change.
declare -A loss=()
declare -A cut=()  # By kind, the nodes that are cut off: "n1,n2".
bridge_rules() {
  local node kind match quoted
  echo 'table bridge faults { chain forward { type filter hook forward priority 0; }; }'
  echo 'flush chain bridge faults forward'
  for node in "${!loss[@]}"; do
    for match in iifname oifname; do
      echo "add rule bridge faults forward $match \"$node\" numgen random mod 100 < ${loss[$node]} drop"
    done
  done
  for kind in "${!cut[@]}"; do
    quoted="{ \"${cut[$kind]//,/\", \"}\" }"
    for match in "iifname $quoted oifname != $quoted" "iifname != $quoted oifname $quoted"; do
      if [[ $kind == split ]]; then
        echo "add rule bridge faults forward $match drop"
      else
        for port in "udp dport" "tcp dport" "tcp sport"; do
          echo "add rule bridge faults forward $match $port 7946 drop"
        done
      fi
    done
  done
}
apply_bridge_rules() { bridge_rules | lab_in switch nft -f - || fail "nft refuses the rules"; }

start_node() { lab_start_lbd "$1" "${options[@]}"; }
alive() { ! lab_lbd_gone "$1" || fail "lbd of $1 died by itself"; }
reload() {  # One of four changes that move nothing.
  local dir=$LAB_DIR/manifests
  case $((reloads++ % 4)) in
    0) dual_stack_service extra "" "" | sed '/annotations/d' >"$dir/extra.yaml" ;;
    1) echo 'kind: IPAddressPool' >"$dir/broken.yaml" ;;
    2) rm "$dir/extra.yaml" ;;
    3) rm "$dir/broken.yaml" ;;
  esac
}

act() {  # act ACTION TARGET VALUE: one line of faults.py.
  case $1 in
    kill) alive "$2" && lab_kill_lbd "$2" ;;
    end) alive "$2" && lab_signal_lbd "$2" TERM ;;
    start) lab_wait 10 lab_lbd_gone "$2" && start_node "$2" ;;
    stop) alive "$2" && lab_signal_lbd "$2" STOP ;;
    wake) lab_signal_lbd "$2" CONT ;;
    cut) lab_cut_link "$2" ;;
    mend) lab_mend_link "$2" ;;
    loss)
      loss[$2]=$3
      [[ $3 -ne 0 ]] || unset "loss[$2]"
      apply_bridge_rules
      ;;
    split | deafen) cut[$1]=$2 && apply_bridge_rules ;;
    join) unset "cut[split]" && apply_bridge_rules ;;
    hear) unset "cut[deafen]" && apply_bridge_rules ;;
    # A node that has just started may not listen yet; refused is refused.
    drain | undrain) lab_lbctl "$2" "$1" >/dev/null || echo "$1 refused by $2" ;;
    reload) reload ;;
    usurp) usurp "$2" ;;
    yield) yield_to "$2" ;;
    own) own "$2" "$3" ;;
    disown) disown_ "$2" "$3" ;;
    no-ipv6) lose_ipv6 "$2" ;;
    ipv6) regain_ipv6 "$2" ;;
    lease) change_address "$2" "$(lab_address "$2")" "$(leased "$3")" ;;
    renew) change_address "$2" "$(leased "$3")" "$(lab_address "$2")" ;;
    stranger) start_stranger ;;
    leave) end_stranger ;;
    misspell) misspell "$3" ;;
    merge) use_merge_key "$3" ;;
    correct) correct ;;
    unreadable) make_unreadable "$3" ;;
    readable) make_readable ;;
    tag) ask_with_tag "$3" ;;
    strip) strip "$2" ;;
    *) fail "faults.py has an action that is none: $1" ;;
  esac || fail "$* does not work"
}

sample() {  # NODE PID RSS-KB FDS lines, with the time before.
  local node pid now
  now=$(date +%s)
  for node in "${LAB_NODES[@]}"; do
    pid=$(cat "$LAB_DIR/$node/lbd.pid")
    awk -v now="$now" -v node="$node" -v pid="$pid" -v fds="$(find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l)" \
      '/^VmRSS/ { print now, node, pid, $2, fds }' "/proc/$pid/status" 2>/dev/null || true
  done
}
watch_samples() { while sample >>"$LAB_DIR/samples"; do sleep 10; done; }

run_faults() {
  local begun at action target value wait concerned
  local -A concern=()  # By target: of the fault that it has.
  begun=$(date +%s.%N)
  while read -r at action target value; do
    wait=$(awk -v t="$(date +%s.%N)" -v b="$begun" -v a="$at" 'BEGIN { print (b + a > t) ? b + a - t : 0 }')
    sleep "$wait"
    concerned=$(concerned_by "$action" "$target" "${value:-0}")
    case $action in
      usurp | own | no-ipv6) concern[$target]=$concerned ;;
      yield | disown | ipv6) concerned=${concern[$target]} ;;
      renew | leave | correct | readable) concerned=none ;;
    esac
    echo "+$at s: $action $target $value"
    echo "$(date +%s.%N) $action $target ${value:--} ${concerned:-none}" >>"$LAB_DIR/faults"
    act "$action" "$target" "${value:-0}"
  done <"$LAB_DIR/schedule"
  sleep 5
}

all_answer() {
  local address
  for address in "${addresses[@]}"; do
    lab_in client ping -n -c 1 -W 1 "$address" >/dev/null && continue
    echo "$address does not answer; $(lab_neighbour "$address")" >&2
    return 1
  done
}
entries_are_the_nodes() {  # The client's neighbour entries, against the agreement.
  local address node
  while read -r address node; do
    [[ $(lab_neighbour "$address") == *"$(lab_mac "$node")"* ]] || return 1
  done < <(shown n1 | awk '{ for (i = 2; i < NF; ++i) print $i, $NF }')
}

well() {  # Has no node a problem?
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ $(lab_lbctl "$node" problems | tee "$LAB_DIR/problems-$node") == "No problems." ]] || return 1
  done
}

keep() {
  [[ -n ${SOAK_KEEP:-} ]] || return 0
  mkdir -p "$SOAK_KEEP"
  cp -r "$LAB_DIR"/* "$SOAK_KEEP" 2>/dev/null || true
}

begin
trap 'keep; finish' EXIT
command -v nft >/dev/null || { echo "SKIPPED: nft is not installed" && exit 77; }
rm "$LAB_DIR/manifests/"*
write_manifests
options=(--gossip-profile fast --interfaces eth0)
reloads=0
lab_up || fail "the namespaces could not be made"
lab_in client sysctl -qw "net.ipv4.ping_group_range=0 0"

echo "== five nodes, fifty addresses"
start_nodes "${options[@]}"
lab_wait 30 all_show_one_thing || fail "the nodes do not agree at the start"
shown n1 | sed 's/ [^ ]*$//' >"$LAB_DIR/given"
read -ra addresses <<<"$(awk '{ $1 = ""; print }' "$LAB_DIR/given" | tr '\n' ' ')"
[[ ${#addresses[@]} -eq 50 ]] || fail "${#addresses[@]} addresses, want 50"
lab_wait 20 all_answer || fail "not all addresses answer at the start"
for node in "${LAB_NODES[@]}"; do echo "$(lab_mac "$node") $node"; done >"$LAB_DIR/macs"
sleep 5

echo "== $seconds s of faults, seed $seed"
/usr/bin/python3 "$soak/faults.py" "$seed" "$seconds" "${LAB_NODES[@]}" >"$LAB_DIR/schedule"
(lab_exec client /usr/bin/python3 "$soak/watch.py" ping 100 "${addresses[@]}" >"$LAB_DIR/pings") &
watchers+=($!)
(lab_exec asker /usr/bin/python3 "$soak/watch.py" ask 200 eth0 "$(lab_mac asker)" "$(lab_address asker)" \
  "$(lab_address6 asker)" "${addresses[@]}" >"$LAB_DIR/asked") &
watchers+=($!)
watch_samples &
watchers+=($!)
run_faults

echo "== all is repaired"
rm -f "$LAB_DIR/manifests/extra.yaml" "$LAB_DIR/manifests/broken.yaml"
for node in "${LAB_NODES[@]}"; do alive "$node"; done
lab_wait 30 all_show_one_thing || fail "the nodes do not agree at the end"
shown n1 | sed 's/ [^ ]*$//' | diff "$LAB_DIR/given" - || fail "services have other addresses than at the start"
lab_wait 20 all_answer || fail "not all addresses answer at the end"
lab_wait 20 entries_are_the_nodes || fail "the client's neighbour entries are not the announcing nodes'"
sleep 10
watch_down
sample >>"$LAB_DIR/samples"
# Some problems are about the last minutes.
lab_wait 120 well || fail "at rest there are problems: $(cat "$LAB_DIR"/problems-n?)"
status=0
/usr/bin/python3 "$soak/report.py" "$LAB_DIR" || status=$?
exit "$status"
