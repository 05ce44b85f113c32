# Other announcers in the place of lbd on a node, to measure beside them and to
# try the lab's routers: BIRD, FRR and GoBGP. Sourced after router_lab.sh.
#
#   announcer_start bird n1 172.18.8.201/32   dials the router; may have no route
#   announcer_set bird n1 PREFIX...           from $announcer_began on
#   announcer_signal n1 KILL
#   announcer_pids n1
#
# They have the router's options, ROUTER_BFD among them; GoBGP has no BFD, and
# takes one route with each call.

announcer_dir() {  # Their users cannot enter the folder of the lab.
  echo "/tmp/lb-announcer.$LAB_PREFIX$1"
}
announcer_pids() { cat "$(announcer_dir "$1")/pids"; }
announcer_signal() {  # announcer_signal NODE SIGNAL
  announcer_pids "$1" | xargs kill "-$2"
}
announcer_down() {  # announcer_down NODE
  [[ -e $(announcer_dir "$1") ]] || return 0
  announcer_signal "$1" KILL 2>/dev/null || true
  rm -rf "$(announcer_dir "$1")"
}

announcer_start() {  # announcer_start KIND NODE PREFIX...
  local kind=$1 node=$2 dir
  shift 2
  dir=$(announcer_dir "$node")
  rm -rf "$dir"
  mkdir "$dir"
  "announcer_start_$kind" "$node" "$dir" "$@"
}
announcer_set() {  # announcer_set KIND NODE PREFIX...
  local kind=$1 node=$2 dir
  shift 2
  dir=$(announcer_dir "$node")
  "announcer_set_$kind" "$node" "$dir" "$@"
}
announcer_run() {  # announcer_run NODE DIR COMMAND...
  local node=$1 dir=$2
  shift 2
  (lab_exec "$node" "$@" >>"$dir/log" 2>&1) &
  echo $! >>"$dir/pids"
  disown
}

announcer_start_bird() {  # announcer_start_bird NODE DIR PREFIX...
  local node=$1 dir=$2 ms=${ROUTER_BFD:-}
  shift 2
  announcer_bird_routes "$@" >"$dir/routes.conf"
  cat >"$dir/bird.conf" <<END
log stderr all;
router id $(lab_address "$node");
protocol device { }
include "$dir/routes.conf";
$([[ -z $ms ]] || echo "protocol bfd { interface \"*\" { min rx interval $ms ms; min tx interval $ms ms; multiplier 3; idle tx interval 1 s; }; }")
protocol bgp uplink {
  local $(lab_address "$node") as $ROUTER_NODE_AS;
  neighbor $(lab_address router) as ${ROUTER_AS:-65000};
  hold time ${ROUTER_HOLD:-90};
  connect delay time 1;
  error wait time 1, 2;
  $([[ -z ${ROUTER_PASSWORD:-} ]] || echo "password \"$ROUTER_PASSWORD\";")
  $([[ -z ${ROUTER_TTL:-} ]] || echo "ttl security on;")
  $([[ -z $ms ]] || echo "bfd on;")
  ipv4 { import none; export all; next hop self; };
}
END
  announcer_run "$node" "$dir" bird -f -c "$dir/bird.conf" -s "$dir/bird.ctl"
}
announcer_bird_routes() {  # announcer_bird_routes PREFIX...
  local prefix
  echo "protocol static services { ipv4;"
  for prefix in "$@"; do echo "  route $prefix unreachable;"; done
  echo "}"
}
announcer_set_bird() {
  local dir=$2
  shift 2
  announcer_bird_routes "$@" >"$dir/routes.conf"
  announcer_began=$(date +%s.%N)
  birdc -s "$dir/bird.ctl" configure >/dev/null
}

announcer_start_frr() {  # announcer_start_frr NODE DIR PREFIX...
  local node=$1 dir=$2 daemon
  shift 2
  : >"$dir/routes"
  announcer_frr_config "$node" "$@" >"$dir/frr.conf"
  printf '%s\n' "$@" >"$dir/routes"
  chown -R frr:frrvty "$dir"
  for daemon in zebra bgpd ${ROUTER_BFD:+bfdd}; do
    # shellcheck disable=SC2046
    announcer_run "$node" "$dir" "/usr/lib/frr/$daemon" -i "$dir/$daemon.pid" \
      -z "$dir/zserv" --vty_socket "$dir" -f "$dir/frr.conf" --log stdout \
      $([[ $daemon != bfdd ]] || echo "--bfdctl $dir/bfdd.ctl")
    [[ $daemon != zebra ]] || lab_wait 10 test -S "$dir/zserv"
  done
}
announcer_frr_config() {  # announcer_frr_config NODE PREFIX...
  local node=$1 prefix
  shift
  cat <<END
router bgp $ROUTER_NODE_AS
 bgp router-id $(lab_address "$node")
 no bgp ebgp-requires-policy
 no bgp network import-check
 timers bgp $((${ROUTER_HOLD:-90} / 3)) ${ROUTER_HOLD:-90}
 neighbor $(lab_address router) remote-as ${ROUTER_AS:-65000}
$([[ -z ${ROUTER_BFD:-} ]] || echo " neighbor $(lab_address router) bfd profile lab")
 address-family ipv4 unicast
END
  for prefix in "$@"; do echo "  network $prefix"; done
  echo " exit-address-family"
  [[ -z ${ROUTER_BFD:-} ]] || cat <<END
bfd
 profile lab
  transmit-interval $ROUTER_BFD
  receive-interval $ROUTER_BFD
  detect-multiplier 3
END
}
announcer_set_frr() {  # By vtysh, the differences only.
  local dir=$2
  shift 2
  printf '%s\n' "$@" >"$dir/wanted"
  {
    echo "router bgp $ROUTER_NODE_AS"
    echo " address-family ipv4 unicast"
    sort "$dir/routes" | comm -13 - <(sort "$dir/wanted") | sed '/./s/^/  network /'
    sort "$dir/routes" | comm -23 - <(sort "$dir/wanted") | sed '/./s/^/  no network /'
  } >"$dir/change"
  mv "$dir/wanted" "$dir/routes"
  announcer_began=$(date +%s.%N)
  vtysh --vty_socket "$dir" -f "$dir/change" >/dev/null
}

announcer_start_gobgp() {  # announcer_start_gobgp NODE DIR PREFIX...
  local node=$1 dir=$2
  cat >"$dir/gobgpd.yaml" <<END
global: {config: {as: $ROUTER_NODE_AS, router-id: $(lab_address "$node"), port: -1}}
neighbors:
- config: {neighbor-address: $(lab_address router), peer-as: ${ROUTER_AS:-65000}}
  timers: {config: {hold-time: ${ROUTER_HOLD:-90}, connect-retry: 5}}
END
  announcer_run "$node" "$dir" gobgpd -t yaml -f "$dir/gobgpd.yaml" \
    --api-hosts "unix://$dir/gobgp.sock"
  shift 2
  lab_wait 10 test -S "$dir/gobgp.sock"
  : >"$dir/routes"
  announcer_set_gobgp "$node" "$dir" "$@"
}
announcer_set_gobgp() {
  local node=$1 dir=$2 prefix
  shift 2
  printf '%s\n' "$@" | sed '/^$/d' >"$dir/wanted"
  announcer_began=$(date +%s.%N)
  for prefix in $(sort "$dir/routes" | comm -13 - <(sort "$dir/wanted")); do
    gobgp --target "unix://$dir/gobgp.sock" global rib add "$prefix" \
      nexthop "$(lab_address "$node")"
  done
  for prefix in $(sort "$dir/routes" | comm -23 - <(sort "$dir/wanted")); do
    gobgp --target "unix://$dir/gobgp.sock" global rib del "$prefix"
  done
  mv "$dir/wanted" "$dir/routes"
}
