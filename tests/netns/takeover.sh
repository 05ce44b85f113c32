#!/usr/bin/env bash
# How long clients miss an address, and who answers for it, when its node is
# killed with its link cut, killed alone, stopped, loses the announcing
# interface's carrier, ends by SIGTERM or is drained. Three real daemons; one
# client pings the address over IPv4 and IPv6 every 5 ms with a neighbour entry
# that it has, another host asks by ARP and neighbour solicitation every 5 ms
# as one that has none.
#
#   takeover.sh [--runs N] [STORY:PROFILE...]     all stories, once each
#                                              (or TAKEOVER_RUNS times)
#
# Prints a Markdown table; fails if a run breaks a promise of
# takeover_report.py.
set -euo pipefail
# shellcheck source=cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

all_stories=(cut:fast cut:turbo kill:fast kill:turbo stop:fast stop:turbo
  carrier:fast term:fast drain:fast)

cluster_up() {  # cluster_up STORY PROFILE
  options=(--gossip-profile "$2" --interfaces eth0)
  # Sticky: what a woken node has lost never comes back to it.
  [[ $1 != stop ]] || options+=(--election-policy sticky)
  LAB_GOSSIP_SUBNET=$LAB_SUBNET
  lab_up || fail "the namespaces could not be made"
  [[ $1 != carrier ]] || lab_add_gossip_links
  start_nodes "${options[@]}"
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

# Watches as the client: the address goes. Where that is a promise too, it comes
# back without a loss, or the woken node keeps silent.
watch_story() {  # watch_story STORY NODE FOLDER
  watch_neighbours_into "$3/neighbours"
  ping_into "$3/pings"
  ask_into "$3/asked"
  sleep "1.$((RANDOM % 10))$((RANDOM % 10))"
  date +%s.%N >"$3/broken"
  break_node "$1" "$2" || fail "$1 does not work on $2"
  sleep 2
  date +%s.%N >"$3/mended"
  case $1 in
    term | drain) mend_node "$1" "$2" && sleep 4 ;;
    stop) mend_node "$1" "$2" && sleep 5 ;;
  esac
  watch_down
  case $1 in
    cut | kill | carrier) mend_node "$1" "$2" ;;
  esac
}

run_once() {  # run_once STORY FOLDER
  local old new
  old=$(owner_of n1)
  lab_wait 10 all_see "$old" || fail "not all nodes see that $old announces"
  lab_wait 10 pinged || fail "the client does not reach $vip4 and $vip6"
  mkdir -p "$2"
  printf '%s\n' "$vip4" "$vip6" >"$2/vips"
  echo "$old" >"$2/old"
  for node in "${LAB_NODES[@]}"; do
    echo "$(lab_mac "$node") $node"
  done >"$2/macs"
  watch_story "$1" "$old" "$2"
  for node in "${LAB_NODES[@]}"; do
    [[ $node == "$old" ]] || lab_lbctl "$node" events -o json >"$2/events-$node"
  done
  if [[ $1 == stop ]]; then
    new=$(owner_of n1)
    [[ $new != "$old" ]] || fail "$old has the address again, want sticky"
    lab_wait 10 all_see "$new" || fail "not all nodes see that $new announces"
  else  # compat: it goes back.
    lab_wait 10 all_see "$old" || fail "$old does not get its address back"
    sleep 1.5  # The handover's delivery is over.
  fi
}

runs=${TAKEOVER_RUNS:-1}
[[ ${1:-} != --runs ]] || { runs=$2 && shift 2; }
stories=("$@")
[[ ${#stories[@]} -gt 0 ]] || stories=("${all_stories[@]}")
begin

folders=()
for story in "${stories[@]}"; do
  name=$LAB_DIR/${story/:/-}
  cluster_up "${story%:*}" "${story#*:}"
  for ((run = 1; run <= runs; ++run)); do
    run_once "${story%:*}" "$name-$run"
    folders+=("$name-$run")
  done
  lab_down
done
python3 "$here/takeover_report.py" "${folders[@]}"
