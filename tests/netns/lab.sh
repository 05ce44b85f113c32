# The lab: network namespaces n1, n2, n3 and client on one bridge, one lbd and
# one nginx per node. Sourced by ./run and by the tests of this folder.
#
#   LAB_PREFIX   put before each namespace's name, so that labs do not meet
#   LAB_DIR      folder for state, sockets and logs
#   LBD LBCTL    the programs
#   LAB_GOSSIP_BIND
#                what all nodes are bound to; empty: each to its own address
#
# Nothing here touches the host's own network: the bridge too has a namespace.

LAB_PREFIX=${LAB_PREFIX:-}
LAB_NODES=(n1 n2 n3)
LAB_CLIENTS=(client)  # A script may add "asker", "foreign" and "cp".
LAB_SUBNET=172.18.8
LAB_SUBNET6=fd00:172:18:8:
LAB_GOSSIP_SUBNET=172.18.8  # Another one after lab_add_gossip_links.

lab_namespace() { echo "$LAB_PREFIX$1"; }
# `ip netns list` would complain of a namespace that another lab makes just now.
lab_has_namespace() { [[ -e /run/netns/$1 ]]; }
lab_in() {  # lab_in HOST COMMAND...: runs a command on a host of the lab.
  local host=$1
  shift
  ip netns exec "$(lab_namespace "$host")" "$@"
}
# Does the same in place of the calling (sub)shell: `(lab_exec ...) &` makes $!
# the command's own process.
lab_exec() {
  local host=$1
  shift
  exec ip netns exec "$(lab_namespace "$host")" "$@"
}
lab_address() {  # The host's own address.
  case $1 in
    client) echo "$LAB_SUBNET.10" ;;
    asker) echo "$LAB_SUBNET.20" ;;
    foreign) echo "$LAB_SUBNET.30" ;;
    cp) echo "$LAB_SUBNET.40" ;;
    n*) echo "$LAB_SUBNET.1${1#n}" ;;
  esac
}

lab_address6() { echo "$LAB_SUBNET6:$(lab_address "$1" | cut -d. -f4)"; }

lab_permitted() {  # May this process make namespaces? Says why not.
  local probe=lbprobe$$
  if [[ $EUID -ne 0 ]]; then
    echo "not root"
    return 1
  fi
  if ! ip netns add "$probe" 2>/dev/null ||
    ! ip netns exec "$probe" true 2>/dev/null; then
    ip netns del "$probe" 2>/dev/null || true
    echo "network namespaces are not permitted here"
    return 1
  fi
  ip netns del "$probe"
}

lab_up() {
  local host namespace switch
  switch=$(lab_namespace switch)
  for host in switch "${LAB_CLIENTS[@]}" "${LAB_NODES[@]}"; do
    namespace=$(lab_namespace "$host")
    if lab_has_namespace "$namespace"; then
      echo "namespace $namespace exists already; is another lab up? (./run --clean removes it)" >&2
      return 1
    fi
  done
  ip netns add "$switch"
  ip -n "$switch" link add br0 type bridge
  ip -n "$switch" link set br0 up
  for host in "${LAB_CLIENTS[@]}" "${LAB_NODES[@]}"; do
    namespace=$(lab_namespace "$host")
    ip netns add "$namespace"
    ip link add eth0 netns "$namespace" type veth peer name "$host" netns "$switch"
    ip -n "$switch" link set "$host" master br0 up
    ip -n "$namespace" link set lo up
    ip -n "$namespace" link set eth0 up
    ip -n "$namespace" address add "$(lab_address "$host")/24" dev eth0
    ip -n "$namespace" address add "$(lab_address6 "$host")/64" dev eth0 nodad
    # Strict ARP: the kernel answers for addresses of eth0 only, lbd for the
    # services' addresses.
    lab_in "$host" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  done
  # A node can do NDP once its link-local address has passed duplicate address
  # detection. Before that, elections depend on which node is first.
  lab_wait 10 lab_without_tentative
}

lab_without_tentative() {  # Has each host ended duplicate address detection?
  local host
  for host in "${LAB_CLIENTS[@]}" "${LAB_NODES[@]}"; do
    [[ -z $(ip -n "$(lab_namespace "$host")" -6 address show tentative) ]] || return 1
    ip -n "$(lab_namespace "$host")" -6 address show dev eth0 scope link |
      grep -q inet6 || return 1
  done
}

# Gives each node a second link, on a bridge of their own, for gossip.
lab_add_gossip_links() {
  local node namespace switch
  LAB_GOSSIP_SUBNET=172.18.9
  switch=$(lab_namespace switch)
  ip -n "$switch" link add br1 type bridge
  ip -n "$switch" link set br1 up
  for node in "${LAB_NODES[@]}"; do
    namespace=$(lab_namespace "$node")
    ip link add eth1 netns "$namespace" type veth peer name "$node-gossip" netns "$switch"
    ip -n "$switch" link set "$node-gossip" master br1 up
    ip -n "$namespace" link set eth1 up
    ip -n "$namespace" address add "$(lab_gossip_address "$node")/24" dev eth1
  done
}
lab_gossip_address() { echo "$LAB_GOSSIP_SUBNET.1${1#n}"; }

lab_cut_link() { ip -n "$(lab_namespace switch)" link set "$1" down; }
lab_mend_link() { ip -n "$(lab_namespace switch)" link set "$1" up; }

lab_start_nginx() {  # lab_start_nginx NODE
  local node=$1 dir=$LAB_DIR/$1/nginx
  mkdir -p "$dir"
  cat >"$dir/nginx.conf" <<END
pid $dir/pid;
error_log $dir/error.log;
worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path $dir/body;
  proxy_temp_path $dir/proxy;
  fastcgi_temp_path $dir/fastcgi;
  uwsgi_temp_path $dir/uwsgi;
  scgi_temp_path $dir/scgi;
  server {
    listen 80;
    listen [::]:80;
    root /var/www/html;
    index index.nginx-debian.html;
    add_header X-Served-By $node;
  }
}
END
  lab_in "$node" nginx -c "$dir/nginx.conf" -e "$dir/error.log"
}

lab_start_lbd() {  # lab_start_lbd NODE [OPTION...]: with the manifests.
  local node=$1 peer join=()
  shift
  for peer in "${LAB_NODES[@]}"; do
    [[ $peer == "$node" ]] || join+=(--join "$(lab_gossip_address "$peer")")
  done
  lab_run_lbd "$node" --manifests "$LAB_DIR/manifests" "${join[@]}" "$@"
}

lab_run_lbd() {  # lab_run_lbd NODE [OPTION...]: objects from elsewhere.
  local node=$1
  shift
  mkdir -p "$LAB_DIR/$node"
  if [[ " $* " != *" --gossip-secret-file "* && " $* " != *" --gossip-in-the-clear "* ]]; then
    [[ -e $LAB_DIR/secret ]] || echo "the secret of the lab" >"$LAB_DIR/secret"
    set -- --gossip-secret-file "$LAB_DIR/secret" "$@"
  fi
  (lab_exec "$node" "$LBD" --node-name "$node" --state-dir "$LAB_DIR/$node/state" \
    --gossip-bind "${LAB_GOSSIP_BIND:-$(lab_gossip_address "$node")}" \
    --status-listen "unix:$LAB_DIR/$node/lbd.sock" \
    --deliver loopback --user "$(id -un)" "$@" >>"$LAB_DIR/$node/lbd.log" 2>&1) &
  echo $! >"$LAB_DIR/$node/lbd.pid"
  disown
}

lab_signal_lbd() {  # lab_signal_lbd NODE SIGNAL
  kill "-$2" "$(cat "$LAB_DIR/$1/lbd.pid")"
}
lab_lbd_gone() { ! kill -0 "$(cat "$LAB_DIR/$1/lbd.pid")" 2>/dev/null; }
lab_kill_lbd() {  # lab_kill_lbd NODE: kill -9, and sees it gone.
  lab_signal_lbd "$1" KILL
  lab_wait 5 lab_lbd_gone "$1"
}

# lab_idle_cost SECONDS: the memory and processor time of each lbd, as a table.
lab_idle_cost() {
  local node before=()
  for node in "${LAB_NODES[@]}"; do before+=("$(lab_ticks "$node")"); done
  sleep "$1"
  echo "| node | memory, MB | at most | processor, % of one |"
  echo "|---|---|---|---|"
  for node in "${LAB_NODES[@]}"; do
    awk -v node="$node" -v ticks=$(($(lab_ticks "$node") - before[0])) \
      -v per_second="$(getconf CLK_TCK)" -v seconds="$1" \
      -v now="$(lab_memory "$node" VmRSS)" \
      -v most="$(lab_memory "$node" VmHWM)" \
      'BEGIN { printf "| %s | %s | %s | %.2f |\n", node, now, most,
               100 * ticks / per_second / seconds }'
    before=("${before[@]:1}")
  done
}
lab_ticks() {  # lab_ticks NODE: of processor time, user and system.
  awk '{ sub(/.*\) /, ""); print $12 + $13 }' \
    "/proc/$(cat "$LAB_DIR/$1/lbd.pid")/stat"
}
lab_memory() {  # lab_memory NODE KEY: in MB.
  awk -v key="$2:" '$1 == key { printf "%.1f", $2 / 1024 }' \
    "/proc/$(cat "$LAB_DIR/$1/lbd.pid")/status"
}

lab_lbctl() {  # lab_lbctl NODE ARGUMENT...
  local node=$1
  shift
  "$LBCTL" --server "unix:$LAB_DIR/$node/lbd.sock" "$@"
}

# The fields NAME ADDRESS NODE of a service as a node sees it.
lab_service() {  # lab_service NODE SERVICE
  lab_lbctl "$1" services -o json 2>/dev/null | python3 -c '
import json, sys
for service in json.load(sys.stdin).get("services", []):
    if service["name"] == sys.argv[1]:
        print(",".join(service.get("addresses", [])) or "-",
              service.get("announcingNode", "") or "-")
' "$2" 2>/dev/null
}

lab_wait() {  # lab_wait SECONDS COMMAND...: until the command succeeds.
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [[ $SECONDS -lt $deadline ]] || return 1
    sleep 0.1
  done
}

lab_agree() {  # lab_agree SERVICE NODE...: do they show one address and node?
  local service=$1 node first="" seen
  shift
  for node in "$@"; do
    seen=$(lab_service "$node" "$service")
    [[ -n $seen && $seen != *-* ]] || return 1
    [[ -z $first || $seen == "$first" ]] || return 1
    first=$seen
  done
}

lab_neighbour() {  # The client's neighbour entry for an address.
  local entry
  entry=$(ip -n "$(lab_namespace client)" neighbour show "$1")
  echo "${entry:-none}"
}

lab_mac() { lab_in "$1" cat /sys/class/net/eth0/address; }

lab_down() {
  local host namespace pid
  for host in "${LAB_NODES[@]}" "${LAB_CLIENTS[@]}" switch; do
    namespace=$(lab_namespace "$host")
    lab_has_namespace "$namespace" || continue
    # Only what runs inside the lab's own namespaces.
    for pid in $(ip netns pids "$namespace" 2>/dev/null); do
      kill -9 "$pid" 2>/dev/null || true
    done
    ip netns del "$namespace" 2>/dev/null || true
  done
}

# --- A show: a story of steps, each of which is checked.
#
#   lab_show router_lab_down how_to_go_on   skips where there can be no lab
#   lab_step "The router has three next hops"
#   lab_wait 20 ... || lab_fail "no three next hops within 20 s"
#
# At its end the lab is removed by the first command. With LAB_KEEP it stays
# after a success, and the second one says how to use it.
lab_show() {  # lab_show DOWN SAY-HOW
  local why
  why=$(lab_permitted) || {
    echo "SKIPPED: $why"
    exit 77
  }
  # shellcheck disable=SC2064
  trap "lab_show_end $1 $2" EXIT
  trap 'exit 130' INT TERM
}
lab_show_end() {
  local status=$?
  trap - EXIT INT TERM
  if [[ -n ${LAB_KEEP:-} && $status -eq 0 ]]; then
    "$2"
  else
    "$1"
    [[ $status -ne 0 ]] || rm -rf "$LAB_DIR"
  fi
  exit "$status"
}
lab_step() { printf '\n== %s\n' "$*"; }
lab_fail() {  # lab_fail WHY...: with the last lines of all logs.
  local log
  printf '\nFAILED: %s\n' "$*" >&2
  for log in "$LAB_DIR"/*/lbd.log "$LAB_DIR"/*/nginx/error.log "$LAB_DIR"/router/*.log; do
    [[ -s $log ]] || continue
    printf -- '--- %s (last 40 lines)\n' "$log" >&2
    # Each daemon of FRR reads the lines of all.
    grep -v 'No such command' "$log" | tail -n 40 >&2
  done
  exit 1
}
