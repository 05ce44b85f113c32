#!/usr/bin/env bash
# How long clients miss an address, and who answers for it, when its node is
# killed with its link cut, killed alone, stopped, loses the announcing
# interface's carrier, ends by SIGTERM or is drained. Three real daemons; one
# client pings the address over IPv4 and IPv6 every 5 ms with a neighbour entry
# that it has, another host asks by ARP and neighbour solicitation every 5 ms
# as one that has none.
#
#   takeover.sh [--runs N] [STORY...]     all stories, 2 runs each
#
# LBD, LBCTL, PING_OFTEN, ASK_OFTEN: the programs. Prints a Markdown table; fails if a
# story breaks a promise of takeover_report.py in any run.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"

LAB_CLIENTS=(client asker)
PING_OFTEN=${PING_OFTEN:-$here/ping_often}
ASK_OFTEN=${ASK_OFTEN:-$here/ask_often}
service=default/both
vip4=$LAB_SUBNET.201
vip6=$LAB_SUBNET6:201
all_stories=(cut:fast cut:turbo kill:fast kill:turbo stop:fast stop:turbo
  carrier:fast term:fast drain:fast)

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  tail -n 30 "$LAB_DIR"/n?/lbd.log >&2 || true
  exit 1
}

cluster_up() {  # cluster_up STORY PROFILE
  options=(--gossip-profile "$2" --interfaces eth0)
  # Sticky: what a woken node has lost never comes back to it.
  [[ $1 != stop ]] || options+=(--election-policy sticky)
  LAB_GOSSIP_SUBNET=$LAB_SUBNET
  lab_up || fail "the namespaces could not be made"
  [[ $1 != carrier ]] || lab_add_gossip_links
  for node in "${LAB_NODES[@]}"; do
    rm -rf "${LAB_DIR:?}/$node"
    lab_start_lbd "$node" "${options[@]}"
  done
  lab_wait 20 lab_agree "$service" "${LAB_NODES[@]}" || fail "the nodes do not agree"
}

pinged() {
  lab_in client ping -n -c 1 -W 1 "$vip4" >/dev/null &&
    lab_in client ping -n -c 1 -W 1 "$vip6" >/dev/null
}
owner_is() { [[ $(lab_service "$1" "$service") == *" $2" ]]; }  # owner_is SEEN-BY NODE
all_see() {  # all_see OWNER
  for node in "${LAB_NODES[@]}"; do owner_is "$node" "$1" || return 1; done
}

watch_up() {  # watch_up FOLDER: the clients begin.
  mkdir -p "$1"
  (lab_exec client "$PING_OFTEN" "$vip4" "$vip6" >"$1/pings" 2>&1) &
  watchers=($!)
  (lab_exec client ip -ts monitor neigh >"$1/neighbours" 2>&1) &
  watchers+=($!)
  (lab_exec asker "$ASK_OFTEN" eth0 "$(lab_mac asker)" "$(lab_address asker)" \
    "$(lab_address6 asker)" "$vip4" "$vip6" >"$1/asked" 2>&1) &
  watchers+=($!)
}
watch_down() {
  kill "${watchers[@]}" 2>/dev/null || true
  wait "${watchers[@]}" 2>/dev/null || true
  watchers=()
}

break_node() {  # break_node STORY NODE
  case $1 in
    cut) lab_signal_lbd "$2" KILL && lab_cut_link "$2" ;;
    kill) lab_signal_lbd "$2" KILL ;;
    stop) lab_signal_lbd "$2" STOP ;;
    carrier) lab_cut_link "$2" ;;
    term) lab_signal_lbd "$2" TERM ;;
    drain) lab_lbctl "$2" drain >/dev/null ;;
  esac
}

mend_node() {  # mend_node STORY NODE
  case $1 in
    cut)
      lab_mend_link "$2"
      lab_start_lbd "$2" "${options[@]}"
      ;;
    kill | term)
      lab_wait 5 lab_lbd_gone "$2" || fail "lbd of $2 does not end"
      lab_start_lbd "$2" "${options[@]}"
      ;;
    stop) lab_signal_lbd "$2" CONT ;;
    carrier) lab_mend_link "$2" ;;
    drain) lab_lbctl "$2" undrain >/dev/null ;;
  esac
}

run_once() {  # run_once STORY PROFILE NUMBER
  local story=$1 folder=$LAB_DIR/$1-$2-$3 old new
  read -r _ old <<<"$(lab_service n1 "$service")"
  lab_wait 10 all_see "$old" || fail "not all nodes see that $old announces"
  lab_wait 10 pinged || fail "the client does not reach $vip4 and $vip6"
  watch_up "$folder"
  sleep "1.$((RANDOM % 10))$((RANDOM % 10))"
  date +%s.%N >"$folder/broken"
  break_node "$story" "$old" || fail "$story does not work on $old"
  sleep 2
  date +%s.%N >"$folder/mended"
  # Without more: a planned move's way back loses nothing either, a woken node
  # says nothing.
  case $story in
    term | drain) mend_node "$story" "$old" && sleep 4 ;;
    stop) mend_node "$story" "$old" && sleep 5 ;;
  esac
  watch_down
  for node in "${LAB_NODES[@]}"; do
    echo "$(lab_mac "$node") $node"
  done >"$folder/macs"
  echo "$old" >"$folder/old"
  printf '%s\n' "$vip4" "$vip6" >"$folder/vips"
  case $story in
    term | drain | stop) ;;
    *) mend_node "$story" "$old" ;;
  esac
  if [[ $story == stop ]]; then
    read -r _ new <<<"$(lab_service n1 "$service")"
    [[ $new != "$old" ]] || fail "$old has the address again, want sticky"
    lab_wait 10 all_see "$new" || fail "not all nodes see that $new announces"
  else  # compat: it goes back.
    lab_wait 10 all_see "$old" || fail "$old does not get its address back"
    sleep 1.5  # The handover's delivery is over.
  fi
}

finish() {
  [[ ${#watchers[@]} -eq 0 ]] || kill "${watchers[@]}" 2>/dev/null || true
  lab_down
}

runs=2
[[ ${1:-} != --runs ]] || { runs=$2 && shift 2; }
stories=("$@")
[[ ${#stories[@]} -gt 0 ]] || stories=("${all_stories[@]}")
why=$(lab_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
watchers=()
trap finish EXIT
trap 'exit 130' INT TERM

mkdir -p "$LAB_DIR/manifests"
cp "$here"/../../examples/manifests/metallb-l2-config.yaml "$LAB_DIR/manifests/"
cat >"$LAB_DIR/manifests/service.yaml" <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: sixes}
spec: {addresses: ["$LAB_SUBNET6:201-$LAB_SUBNET6:205"]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: sixes-ad}
spec: {ipAddressPools: [sixes]}
---
apiVersion: v1
kind: Service
metadata:
  name: both
  namespace: default
  annotations: {metallb.io/loadBalancerIPs: "$vip4,$vip6"}
spec:
  type: LoadBalancer
  ipFamilyPolicy: RequireDualStack
  ipFamilies: [IPv4, IPv6]
  ports: [{port: 80}]
END

folders=()
for story in "${stories[@]}"; do
  cluster_up "${story%:*}" "${story#*:}"
  for ((run = 1; run <= runs; ++run)); do
    run_once "${story%:*}" "${story#*:}" "$run"
    folders+=("$LAB_DIR/${story%:*}-${story#*:}-$run")
  done
  for node in "${LAB_NODES[@]}"; do
    cp "$LAB_DIR/$node/lbd.log" "$LAB_DIR/${story%:*}-${story#*:}-$node.log"
  done
  lab_down
done
python3 "$here/takeover_report.py" "${folders[@]}"
