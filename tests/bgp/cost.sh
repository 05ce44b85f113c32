#!/usr/bin/env bash
# Measures lbd as a BGP speaker beside BIRD, FRR and GoBGP, each in the same
# place in front of the same router, one after the other:
#
#   bazel run -c opt //tests/bgp:cost [PART...]
#
# The parts are start, one, wire, many, back, memory and failure; all of them
# without an argument. Each prints rows of a table. Times are seconds, by the router's
# kernel (ip -ts monitor route) unless a row says otherwise; of start, one and
# back the median of RUNS (3). The router is BIRD; with BFD it is what the
# column says. A dash: the program cannot do it, or not in one call. A daemon is
# stopped STOPS (10) times.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
if [[ ! -e $here/session_lab.sh ]]; then # Started by Bazel, in its runfiles.
  here=tests/bgp
  LBD=$PWD/daemon/lbd
  LBCTL=$PWD/daemon/lbctl/lbctl
  LAB_DIR=$(mktemp -d /tmp/lb-lab.XXXXXX)
fi
# shellcheck source=session_lab.sh
source "$here/session_lab.sh"
# shellcheck source=announcers.sh
source "$here/announcers.sh"
# shellcheck source=cost_failure.sh
source "$here/cost_failure.sh"

LAB_NODES=(n1 n2)
runs=${RUNS:-3}
vip=192.0.2.1
port=7000
kinds=(lbd bird frr gobgp)
many=10000

# --- lbd like the other announcers.
announcer_start_lbd() {  # announcer_start_lbd NODE DIR PREFIX...: /32s.
  local node=$1 dir=$2 fields=()
  shift 2
  rm -rf "${LAB_DIR:?}/$node"
  [[ -z ${ROUTER_BFD:-} ]] || {
    node_bfd "$node" "$ROUTER_BFD"
    fields=('bfdProfile: quick')
  }
  node_peer "$node" router "$(lab_address router)" "${fields[@]}"
  node_routes "$node" 192.0.2.0/24 100.64.0.0/16
  announcer_set_lbd "$node" "$dir" "$@"
  node_start "$node"
  cp "$LAB_DIR/$node/lbd.pid" "$dir/pids"
}
announcer_set_lbd() {
  local file=$LAB_DIR/$1/manifests/services prefix address
  shift 2
  for prefix in "$@"; do
    address=${prefix%/32}
    printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: s%s, annotations: {metallb.io/loadBalancerIPs: %s}}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n' \
      "${address//./-}" "$address"
  done >"$file.tmp"
  announcer_began=$(time_now)
  mv "$file.tmp" "$file.yaml"
}

# --- The tools of a measurement.
cost() { python3 "$here/cost.py" "$@"; }
time_now() { date +%s.%N; }
events_from() {  # The router's events of routes, in $LAB_DIR/events.
  [[ -z ${watch_pid:-} ]] || routes_watch_end
  (lab_exec router env TZ=UTC ip -rcvbuf 67108864 -ts monitor route >"$LAB_DIR/events" 2>&1) &
  watch_pid=$!
  disown
  sleep 0.3
}
median_of() {  # median_of COMMAND...: of `runs` numbers, or what it printed.
  local i value values=()
  for ((i = 0; i < runs; ++i)); do
    value=$("$@") || fail "no figure of: $*"
    [[ $value != - ]] || { echo -; return; }
    values+=("$value")
  done
  cost median "${values[@]}"
}
ticks_of() {  # ticks_of NODE: processor time of all processes, in ticks.
  local pid sum=0
  for pid in $(announcer_pids "$1"); do
    sum=$((sum + $(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat")))
  done
  echo "$sum"
}
memory_of() {  # memory_of NODE: of all processes, in MB.
  local pid files=()
  for pid in $(announcer_pids "$1"); do files+=("/proc/$pid/status"); done
  awk '$1 == "VmRSS:" { sum += $2 } END { printf "%.1f", sum / 1024 }' "${files[@]}"
}
row() {  # row NAME VALUE...: the last column is ours by the best of the others.
  local name=$1
  shift
  printf '| %s |' "$name"
  printf ' %s |' "$@"
  python3 -c '
import sys
ours, *others = sys.argv[1:]
numbers = [float(v) for v in others if v.replace(".", "", 1).isdigit()]
ours = float(ours) if ours.replace(".", "", 1).isdigit() else None
print(f" {ours / min(numbers):.2f} |" if ours is not None and numbers and min(numbers) > 0 else " - |")' "$@"
}
head_row() {
  printf '\n| %s |' "$1"
  shift
  printf ' %s |' "$@" "lbd / best other"
  printf '\n|---|'
  printf -- '---|%.0s' "$@" x
  echo
}
each() {  # each NAME COMMAND...: a row; the command gets the kind.
  local name=$1 kind values=()
  shift
  for kind in "${kinds[@]}"; do
    values+=("$("$@" "$kind")") || fail "$name: $kind"
  done
  row "$name" "${values[@]}"
}
fresh() {  # fresh [ROUTER]: a lab without announcers, and the events' watcher.
  local node
  for node in n1 n2; do announcer_down "$node"; done
  begin "${1:-bird}"
  watch_pid=
  events_from
}

without_peer() {  # A lbd on n1 with a pool and a service alone.
  fresh
  mkdir -p "$(announcer_dir n1)"
  node_routes n1 192.0.2.0/24 100.64.0.0/16
  announcer_set_lbd n1 "" "$vip/32"
  node_start n1
  cp "$LAB_DIR/n1/lbd.pid" "$(announcer_dir n1)/pids"
  sleep 1
}

# --- start: the process starts, its route is in the router's table.
start_once() {  # start_once KIND
  local began
  fresh
  began=$(time_now)
  announcer_start "$1" n1 "$vip/32"
  cost after "$LAB_DIR/events" "$began" 1 "$vip " '!Deleted'
}
start_after_ready() {  # By the log of the last lbd; `began` is its Ready.
  local began
  fresh
  announcer_start lbd n1 "$vip/32"
  lab_wait 20 router_has_next_hops "$vip/32" 1
  began=$(TZ=UTC date -d "$(sed -n 's/ .*Ready .*//p' "$LAB_DIR/n1/lbd.log" | head -n 1)" +%s.%N)
  cost after "$LAB_DIR/events" "$began" 1 "$vip " '!Deleted'
}
part_start() {
  head_row "start" "${kinds[@]}"
  each "process start to route, s" median_of start_once
  row "the same after lbd's event Ready, s" "$(median_of start_after_ready)" - - -
}

# --- one: a route more, and one less, in a session that is up.
one_running() {  # one_running KIND
  fresh
  announcer_start "$1" n1 "$vip/32"
  lab_wait 20 router_has_next_hops "$vip/32" 1 || fail "$1: no route"
  sleep 1
}
one_more() {  # one_more KIND
  one_running "$1"
  announcer_set "$1" n1 "$vip/32" 192.0.2.2/32
  cost after "$LAB_DIR/events" "$announcer_began" 1 "192.0.2.2 " '!Deleted'
}
one_less() {  # one_less KIND
  one_running "$1"
  announcer_set "$1" n1 "$vip/32" 192.0.2.2/32
  lab_wait 10 router_has_next_hops 192.0.2.2/32 1 || fail "$1: no route"
  sleep 1
  announcer_set "$1" n1 "$vip/32"
  cost after "$LAB_DIR/events" "$announcer_began" 1 "Deleted 192.0.2.2 "
}
one_after_read() {  # one_after_read more|less: from lbd's event ManifestsRead.
  local began lines words=("192.0.2.2 " '!Deleted')
  one_running lbd
  if [[ $1 == less ]]; then
    announcer_set lbd n1 "$vip/32" 192.0.2.2/32
    lab_wait 10 router_has_next_hops 192.0.2.2/32 1
    sleep 1
    words=("Deleted 192.0.2.2 ")
  fi
  lines=$(wc -l <"$LAB_DIR/n1/lbd.log")
  if [[ $1 == less ]]; then
    announcer_set lbd n1 "$vip/32"
  else
    announcer_set lbd n1 "$vip/32" 192.0.2.2/32
  fi
  cost after "$LAB_DIR/events" "$announcer_began" 1 "${words[@]}" >/dev/null
  began=$(TZ=UTC date -d "$(tail -n +$((lines + 1)) "$LAB_DIR/n1/lbd.log" |
    sed -n 's/ .*ManifestsRead .*//p' | head -n 1)" +%s.%N)
  cost after "$LAB_DIR/events" "$began" 1 "${words[@]}"
}
part_one() {
  head_row "one route" "${kinds[@]}"
  each "add: change of the file or call to route, s" median_of one_more
  row "the same after lbd has read the file, s" "$(median_of one_after_read more)" - - -
  each "withdraw: the same, s" median_of one_less
  row "the same after lbd has read the file, s" "$(median_of one_after_read less)" - - -
}

# --- wire: one change, from lbd's memory to the wire. lbd's own event says when
# it had taken the change up; the router's interface, when the UPDATE came.
wire_run() {  # wire_run CHANGE UNDO: some times, one after the other.
  local i
  wire_events=$(lab_lbctl n1 events -o json | wc -l)
  wire_watch
  for ((i = 0; i < 10; ++i)); do
    "$1"
    sleep 0.6
    "$2"
    sleep 0.6
  done
  wire_watch_end
  wire_sent n1 >"$LAB_DIR/wire.txt"
}
wire_row() {  # wire_row NAME REASON [WORD]: of the events of the last run.
  local values
  mapfile -t values < <(lab_lbctl n1 events -o json | tail -n +$((wire_events + 1)) |
    cost pace "$LAB_DIR/wire.txt" "$2" "${3:-}")
  printf '| %s | %s | %s | %s |\n' "$1" "${values[@]}"
}
wire_slice() {  # wire_slice ENDPOINTS: of the service of 192.0.2.2.
  node_manifest n1 slice <<END
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: slice, labels: {kubernetes.io/service-name: s192-0-2-2}}
endpoints: [$1]
END
}
wire_endpoints_go() { wire_slice ''; }
wire_endpoints_come() { wire_slice '{nodeName: n1, addresses: [10.1.1.1]}'; }
wire_advertisement() {  # With another community than before.
  node_manifest n1 advertisement <<END
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: {name: marked}
spec: {ipAddressPools: [routed], communities: ["65001:$((++wire_mark))"]}
END
}
wire_drain() { lab_lbctl n1 drain >/dev/null; }
wire_undrain() { lab_lbctl n1 undrain >/dev/null; }
wire_less() { announcer_set lbd n1 "$vip/32"; }
wire_more() { announcer_set lbd n1 "$vip/32" 192.0.2.2/32; }
part_wire() {
  local wire_mark=0 wire_events
  one_running lbd
  wire_more
  wire_endpoints_come
  wire_advertisement
  sleep 2
  printf '\n| one change, to the UPDATE on the wire, s | median | most | of |\n|---|---|---|---|\n'
  wire_run wire_endpoints_go wire_endpoints_come
  wire_row "endpoints gone, or back" ManifestsRead
  wire_run wire_advertisement wire_advertisement
  wire_row "advertisement changed" ManifestsRead
  wire_run wire_drain wire_undrain
  wire_row "drain" Draining
  wire_run wire_less wire_more
  wire_row "service gone" ManifestsRead removed
  wire_row "service new, its address on disk" ManifestsRead added
}

# --- many: 10,000 routes in a session that is up, and none again.
many_prefixes() {
  local i
  for ((i = 0; i < many; ++i)); do echo "100.64.$((i >> 8)).$((i & 255))/32"; done
}
many_once() {  # many_once KIND: figures, one a line.
  local ticks memory all=()
  if [[ $1 == gobgp ]]; then
    printf -- '-\n%.0s' {1..9}
    return
  fi
  mapfile -t all < <(many_prefixes)
  one_running "$1"
  memory=$(memory_of n1) ticks=$(ticks_of n1)
  wire_watch
  announcer_set "$1" n1 "$vip/32" "${all[@]}"
  many_figures "$announcer_began" "$many" '!Deleted'
  sleep 1
  awk -v ticks=$(($(ticks_of n1) - ticks)) -v each="$(getconf CLK_TCK)" \
    'BEGIN { printf "%.2f\n", ticks / each }'
  awk -v now="$(memory_of n1)" -v before="$memory" 'BEGIN { printf "%.1f\n", now - before }'
  events_from
  wire_watch
  announcer_set "$1" n1 "$vip/32"
  many_figures "$announcer_began" "$many" Deleted
}
many_figures() {  # many_figures BEGAN COUNT WORD: route, wire, UPDATEs.
  local wire=$LAB_DIR/wire.txt
  cost after "$LAB_DIR/events" "$1" "$2" "100.64." "$3"
  wire_watch_end
  wire_sent n1 | grep ' UPDATE ' >"$wire"
  cost after "$wire" "$1" "$(wc -l <"$wire")" UPDATE
  wc -l <"$wire"
}
# Services come, all their routes change, and they go: what lbd takes from its
# own event on, when it has taken the change up in its memory.
many_told() {  # Seconds to the last UPDATE and how many there are, of each.
  local all=() wire_mark=0
  mapfile -t all < <(many_prefixes)
  one_running lbd
  wire_watch
  announcer_set lbd n1 "$vip/32" "${all[@]}"
  lab_wait 60 many_there || fail "not all routes"
  many_span
  wire_watch
  wire_advertisement
  many_span
  wire_watch
  announcer_set lbd n1 "$vip/32"
  many_span
}
many_there() { [[ $(ip -n "$(lab_namespace router)" route show | grep -c '^100\.64\.') -eq $many ]]; }
many_span() {
  local began updates
  sleep 6
  wire_watch_end
  wire_sent n1 | grep ' UPDATE ' >"$LAB_DIR/wire.txt"
  began=$(TZ=UTC date -d "$(grep ' ManifestsRead ' "$LAB_DIR/n1/lbd.log" | tail -n 1 | sed 's/ .*//')" +%s.%N)
  updates=$(wc -l <"$LAB_DIR/wire.txt")
  cost after "$LAB_DIR/wire.txt" "$began" "$updates" ' UPDATE '
  echo "$updates"
}
# Services alone: what lbd takes for them without a peer.
many_services() {  # Processor time and memory, one a line.
  local all=() ticks memory
  mapfile -t all < <(many_prefixes)
  without_peer
  memory=$(memory_of n1) ticks=$(ticks_of n1)
  announcer_set lbd n1 "$vip/32" "${all[@]}"
  all_assigned() { [[ $(grep -c ' IPAllocated ' "$LAB_DIR/n1/lbd.log") -gt $many ]]; }
  lab_wait 60 all_assigned || fail "not all services have an address"
  sleep 1
  awk -v ticks=$(($(ticks_of n1) - ticks)) -v each="$(getconf CLK_TCK)" \
    'BEGIN { printf "%.2f\n", ticks / each }'
  awk -v now="$(memory_of n1)" -v before="$memory" 'BEGIN { printf "%.1f\n", now - before }'
}
# A session that has them all from the start: its first UPDATE to the last one.
first_table() {  # first_table KIND
  local wire=$LAB_DIR/wire.txt opened all=()
  [[ $1 == lbd || $1 == bird ]] || { echo -; return; }
  mapfile -t all < <(many_prefixes)
  fresh
  announcer_start "$1" n1 "${all[@]}"
  lab_wait 60 many_there || fail "$1: not all routes"
  # The announcer stays, and tells all again to a router that is back.
  router_kill
  sleep 1
  wire_watch
  router_start_bird
  lab_wait 150 many_there || fail "$1: not all routes again"
  wire_watch_end
  wire_sent n1 >"$wire"
  opened=$(awk '$2 == "UPDATE" { print $1; exit }' "$wire")
  cost after "$wire" "$opened" "$(grep -c ' UPDATE ' "$wire")" ' UPDATE '
}
part_many() {
  local kind i name names=("add: change to the last route, s" "add: change to the last UPDATE on the wire, s"
    "add: UPDATEs" "add: processor time, s" "add: memory, MB more"
    "withdraw: change to the last route, s" "withdraw: change to the last UPDATE on the wire, s"
    "withdraw: UPDATEs")
  head_row "10,000 routes" "${kinds[@]}"
  for kind in "${kinds[@]}"; do many_once "$kind" >"$LAB_DIR/many-$kind"; done
  for i in "${!names[@]}"; do
    # shellcheck disable=SC2046
    row "${names[$i]}" $(for kind in "${kinds[@]}"; do sed -n "$((i + 1))p" "$LAB_DIR/many-$kind"; done)
  done
  many_services >"$LAB_DIR/many-services"
  row "add to a lbd without a peer: processor time, s" "$(sed -n 1p "$LAB_DIR/many-services")" - - -
  row "add to a lbd without a peer: memory, MB more" "$(sed -n 2p "$LAB_DIR/many-services")" - - -
  many_told >"$LAB_DIR/many-told"
  i=0
  for name in "10,000 services are new: lbd has read the file to the last UPDATE, s" "the same: UPDATEs" \
    "all routes change: lbd has read the file to the last UPDATE, s" "the same: UPDATEs" \
    "all are withdrawn: the same, s" "the same: UPDATEs"; do
    i=$((i + 1))
    row "$name" "$(sed -n "${i}p" "$LAB_DIR/many-told")" - - -
  done
  each "first table of a session: first to last UPDATE, s" first_table
}

# --- back: the router was killed, and starts again after two seconds.
back_once() {  # back_once KIND
  local began
  one_running "$1"
  router_kill
  sleep 2
  wire_watch
  router_start_bird
  until router_listens; do sleep 0.01; done
  began=$(time_now)
  lab_wait 150 wire_has_keepalive || fail "$1: no session"
  wire_watch_end
  wire_sent n1 >"$LAB_DIR/wire.txt"
  cost after "$LAB_DIR/wire.txt" "$began" 1 KEEPALIVE
}
wire_has_keepalive() { wire_sent n1 2>/dev/null | grep -q KEEPALIVE; }
part_back() {
  local kinds=(lbd bird gobgp)
  head_row "router back (FRR dials after 120 s)" "${kinds[@]}"
  each "it listens to the session's KEEPALIVE, s" median_of back_once
}

# --- memory: of a process that does nothing.
memory_idle() {  # memory_idle KIND
  one_running "$1"
  sleep 2
  memory_of n1
}
memory_without_peer() {
  without_peer
  sleep 3
  memory_of n1
}
part_memory() {
  head_row "idle" "${kinds[@]}"
  each "memory with one session, MB" memory_idle
  row "memory of lbd without a peer, MB" "$(memory_without_peer)" - - -
}

cost_down() {
  local node
  for node in n1 n2; do announcer_down "$node"; done
  router_lab_down
}

skip_where_impossible bird /usr/lib/frr/bgpd gobgpd dumpcap tshark
trap cost_down EXIT
echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
for part in ${@:-start one wire many back memory failure}; do "part_$part"; done
echo
echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)"
