# The lab with a router: nodes n1, n2, n3 and `router` on one bridge, and
# `client` behind the router, which has no link to the nodes. Sourced after
# tests/netns/lab.sh, by ./run bgp and by the tests of this folder.
#
#   router_lab_up                     namespaces, links, routes; no daemon
#   router_start bird|frr|gobgp       AS 65000; it waits for the nodes' dials
#   router_next_hops 172.18.8.201     one address a line, as its kernel has them
#   router_lab_down
#
# What a router is told, by variables that are read at its start:
#
#   ROUTER_HOLD       its hold time, in seconds; 90
#   ROUTER_PASSWORD   of all sessions (RFC 2385); none
#   ROUTER_BFD        interval in ms, three times; no BFD
#   ROUTER_AS         65000; the nodes are of AS 65001
#   ROUTER_TTL        "security": it drops what comes with a TTL below 255
#   ROUTER_GR         "helper": it keeps the routes of a node that restarts
#
# GoBGP has no BFD and writes no kernel routes; router_routes asks its RIB.

LAB_CLIENTS=(router)
ROUTER_NODE_AS=65001
ROUTER_FAR_SUBNET=172.18.99  # The client's: .1 is the router, .10 the client.
ROUTER_FAR_SUBNET6=fd00:172:18:99:

# The other hosts' addresses are those of lab.sh.
eval "$(declare -f lab_address | sed '1s/lab_address/nodes_address/')"
lab_address() {
  case $1 in
    router) echo "$LAB_SUBNET.1" ;;
    client) echo "$ROUTER_FAR_SUBNET.10" ;;
    *) nodes_address "$1" ;;
  esac
}

router_lab_up() {
  local router client node
  router=$(lab_namespace router) client=$(lab_namespace client)
  lab_up
  ip netns add "$client"
  ip link add far netns "$router" type veth peer name eth0 netns "$client"
  ip -n "$router" link set far up
  ip -n "$client" link set lo up
  ip -n "$client" link set eth0 up
  ip -n "$router" address add "$ROUTER_FAR_SUBNET.1/24" dev far
  ip -n "$router" address add "${ROUTER_FAR_SUBNET6}:1/64" dev far nodad
  ip -n "$client" address add "$ROUTER_FAR_SUBNET.10/24" dev eth0
  ip -n "$client" address add "${ROUTER_FAR_SUBNET6}:10/64" dev eth0 nodad
  ip -n "$client" route add default via "$ROUTER_FAR_SUBNET.1"
  ip -n "$client" -6 route add default via "${ROUTER_FAR_SUBNET6}:1"
  # Connections are spread by addresses and ports.
  lab_in router sysctl -qw net.ipv4.ip_forward=1 \
    net.ipv6.conf.all.forwarding=1 net.ipv4.fib_multipath_hash_policy=1 \
    net.ipv6.fib_multipath_hash_policy=1
  for node in "${LAB_NODES[@]}"; do
    ip -n "$(lab_namespace "$node")" route add default via "$(lab_address router)"
    ip -n "$(lab_namespace "$node")" -6 route add default via "$(lab_address6 router)"
  done
}

router_lab_down() {
  local LAB_CLIENTS=(router client)
  lab_down
  [[ -z ${ROUTER_FRR_DIR:-} ]] || rm -rf "$ROUTER_FRR_DIR"
}

router_dir() {
  mkdir -p "$LAB_DIR/router"
  echo "$LAB_DIR/router"
}

router_start() {  # router_start bird|frr|gobgp
  ROUTER_KIND=$1
  "router_start_$1"
  lab_wait 10 router_listens
}
router_listens() { [[ -n $(lab_in router ss -Hltn 'sport = :179') ]]; }

router_start_bird() {
  local dir
  dir=$(router_dir)
  router_bird_config >"$dir/bird.conf"
  (lab_exec router bird -f -c "$dir/bird.conf" -s "$dir/bird.ctl" \
    >>"$dir/bird.log" 2>&1) &
  echo $! >"$dir/pids"
  disown
}

router_bird_config() {
  local node ms
  cat <<END
log stderr all;
router id $(lab_address router);
protocol device { }
protocol direct { ipv4; ipv6; }
protocol kernel { ipv4 { export all; }; merge paths on; }
protocol kernel { ipv6 { export all; }; merge paths on; }
END
  if [[ -n ${ROUTER_BFD:-} ]]; then
    ms=$ROUTER_BFD
    echo "protocol bfd { interface \"*\" { min rx interval $ms ms;" \
      "min tx interval $ms ms; multiplier 3; idle tx interval 1 s; }; }"
  fi
  for node in "${LAB_NODES[@]}"; do
    cat <<END
protocol bgp $node {
  local $(lab_address router) as ${ROUTER_AS:-65000};
  neighbor $(lab_address "$node") as $ROUTER_NODE_AS;
  passive on;
  error wait time 1, 2;
  hold time ${ROUTER_HOLD:-90};
  graceful restart $([[ ${ROUTER_GR:-} == helper ]] && echo on || echo off);
  $([[ -z ${ROUTER_PASSWORD:-} ]] || echo "password \"$ROUTER_PASSWORD\";")
  $([[ -z ${ROUTER_TTL:-} ]] || echo "ttl security on;")
  $([[ -z ${ROUTER_BFD:-} ]] || echo "bfd on;")
  ipv4 { import all; export none; };
  ipv6 { import all; export none; extended next hop off; };
}
END
  done
}

# FRR's daemons run as its user, which cannot enter the folder of the lab.
router_start_frr() {
  local dir daemon sockets
  dir=$(router_dir)
  : >"$dir/pids"
  ROUTER_FRR_DIR=${ROUTER_FRR_DIR:-$(mktemp -d /tmp/lb-router.XXXXXX)}
  sockets=$ROUTER_FRR_DIR
  router_frr_config >"$sockets/frr.conf"
  chown -R frr:frrvty "$sockets"
  for daemon in zebra bgpd bfdd; do
    (lab_exec router "/usr/lib/frr/$daemon" -i "$sockets/$daemon.pid" \
      -z "$sockets/zserv" --vty_socket "$sockets" -f "$sockets/frr.conf" --log stdout \
      $([[ $daemon != bfdd ]] || echo "--bfdctl $sockets/bfdd.ctl") \
      >>"$dir/$daemon.log" 2>&1) &
    echo $! >>"$dir/pids"
    disown
    [[ $daemon != zebra ]] || lab_wait 10 test -S "$sockets/zserv"
  done
}

router_frr_config() {
  local node family
  cat <<END
hostname router
router bgp ${ROUTER_AS:-65000}
 bgp router-id $(lab_address router)
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 timers bgp $((${ROUTER_HOLD:-90} / 3)) ${ROUTER_HOLD:-90}
$([[ ${ROUTER_GR:-} != helper ]] || echo " bgp graceful-restart")
END
  for node in "${LAB_NODES[@]}"; do
    router_frr_neighbor "$(lab_address "$node")"
  done
  for family in ipv4 ipv6; do
    echo " address-family $family unicast"
    for node in "${LAB_NODES[@]}"; do
      echo "  neighbor $(lab_address "$node") activate"
    done
    echo " exit-address-family"
  done
  [[ -z ${ROUTER_BFD:-} ]] || cat <<END
bfd
 profile lab
  transmit-interval $ROUTER_BFD
  receive-interval $ROUTER_BFD
  detect-multiplier 3
END
}

router_frr_neighbor() {  # router_frr_neighbor ADDRESS
  echo " neighbor $1 remote-as $ROUTER_NODE_AS"
  echo " neighbor $1 passive"
  [[ -z ${ROUTER_PASSWORD:-} ]] || echo " neighbor $1 password $ROUTER_PASSWORD"
  [[ -z ${ROUTER_TTL:-} ]] || echo " neighbor $1 ttl-security hops 1"
  [[ -z ${ROUTER_BFD:-} ]] || echo " neighbor $1 bfd profile lab"
}

router_start_gobgp() {
  local dir
  dir=$(router_dir)
  router_gobgp_config >"$dir/gobgpd.yaml"
  (lab_exec router gobgpd -t yaml -f "$dir/gobgpd.yaml" -p \
    --api-hosts "unix://$dir/gobgp.sock" >>"$dir/gobgpd.log" 2>&1) &
  echo $! >"$dir/pids"
  disown
}

router_gobgp_config() {
  local node
  cat <<END
global: {config: {as: ${ROUTER_AS:-65000}, router-id: $(lab_address router)}}
neighbors:
END
  for node in "${LAB_NODES[@]}"; do
    cat <<END
- config: {neighbor-address: $(lab_address "$node"), peer-as: $ROUTER_NODE_AS, auth-password: "${ROUTER_PASSWORD:-}"}
  transport: {config: {passive-mode: true}}
  timers: {config: {hold-time: ${ROUTER_HOLD:-90}, keepalive-interval: $((${ROUTER_HOLD:-90} / 3))}}
  afi-safis: [{config: {afi-safi-name: ipv4-unicast}}, {config: {afi-safi-name: ipv6-unicast}}]
END
  done
}

router_signal() {  # router_signal SIGNAL: to all its daemons.
  xargs kill "-$1" <"$LAB_DIR/router/pids"
}

# The next hops of a prefix in the router's kernel, sorted.
router_next_hops() {  # router_next_hops PREFIX
  local family=-4
  [[ $1 != *:* ]] || family=-6
  ip -n "$(lab_namespace router)" "$family" -json route show "$1" | router_via
}
router_via() {
  python3 -c '
import json, sys
hops = set()
for route in json.loads(sys.stdin.read() or "[]"):
    for hop in route.get("nexthops", [route]):
        via = hop.get("gateway") or hop.get("via", {}).get("host")
        if via: hops.add(via)
print("".join(hop + "\n" for hop in sorted(hops)), end="")'
}
router_has_next_hops() {  # router_has_next_hops PREFIX COUNT
  [[ $(router_next_hops "$1" | wc -l) -eq $2 ]]
}

router_routes() {  # What the router says of a prefix: for people and greps.
  local dir=$LAB_DIR/router
  case $ROUTER_KIND in
    bird) birdc -s "$dir/bird.ctl" show route all for "$1" ;;
    frr) vtysh --vty_socket "$ROUTER_FRR_DIR" -c "show bgp $([[ $1 == *:* ]] && echo ipv6 || echo ipv4) unicast $1" ;;
    gobgp) gobgp --target "unix://$dir/gobgp.sock" global rib "$1" ;;
  esac
}

router_sessions() {  # The state of all sessions, as the router prints it.
  local dir=$LAB_DIR/router
  case $ROUTER_KIND in
    bird) birdc -s "$dir/bird.ctl" show protocols ;;
    frr) vtysh --vty_socket "$ROUTER_FRR_DIR" -c "show bgp summary" ;;
    gobgp) gobgp --target "unix://$dir/gobgp.sock" neighbor ;;
  esac
}
