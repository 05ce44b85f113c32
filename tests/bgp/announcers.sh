# Other announcers in the place of lbd on a node, to measure beside them and to
# try the lab's routers. Sourced after router_lab.sh.
#
#   announcer_start_bird n1 172.18.8.201/32
#   announcer_stop n1 KILL

announcer_dir() {
  mkdir -p "$LAB_DIR/$1/announcer"
  echo "$LAB_DIR/$1/announcer"
}

announcer_stop() {  # announcer_stop NODE SIGNAL
  kill "-$2" "$(cat "$LAB_DIR/$1/announcer/pid")"
}

announcer_start_bird() {  # announcer_start_bird NODE PREFIX...
  local node=$1 dir
  shift
  dir=$(announcer_dir "$node")
  announcer_bird_routes "$@" >"$dir/routes.conf"
  cat >"$dir/bird.conf" <<END
log stderr all;
router id $(lab_address "$node");
protocol device { }
include "$dir/routes.conf";
$([[ -z ${ROUTER_BFD:-} ]] || echo "protocol bfd { interface \"*\" { min rx interval $ROUTER_BFD ms; min tx interval $ROUTER_BFD ms; multiplier 3; idle tx interval 1 s; }; }")
protocol bgp uplink {
  local $(lab_address "$node") as $ROUTER_NODE_AS;
  neighbor $(lab_address router) as ${ROUTER_AS:-65000};
  hold time ${ROUTER_HOLD:-90};
  connect delay time 1;
  $([[ -z ${ROUTER_PASSWORD:-} ]] || echo "password \"$ROUTER_PASSWORD\";")
  $([[ -z ${ROUTER_TTL:-} ]] || echo "ttl security on;")
  $([[ -z ${ROUTER_BFD:-} ]] || echo "bfd on;")
  ipv4 { import none; export all; next hop self; };
}
END
  (lab_exec "$node" bird -f -c "$dir/bird.conf" -s "$dir/bird.ctl" \
    >>"$dir/bird.log" 2>&1) &
  echo $! >"$dir/pid"
  disown
}

announcer_bird_routes() {  # announcer_bird_routes PREFIX...
  local prefix
  echo "protocol static services { ipv4;"
  for prefix in "$@"; do echo "  route $prefix unreachable;"; done
  echo "}"
}
