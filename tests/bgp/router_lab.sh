# The lab with a router: nodes n1, n2, n3 and `router` on one bridge, and
# `client` behind the router, which has no link to the nodes. Sourced after
# tests/netns/lab.sh, by ./run bgp and by the tests of this folder.
#
#   router_lab_up                     namespaces, links, routes; no daemon
#   router_start bird|frr|gobgp|exabgp
#                                     AS 65000; it waits for the nodes' dials
#   router_next_hops 172.18.8.201     one address a line, as its kernel has them
#   router_lab_down
#
# What a router is told, by variables that are read at its start:
#
#   ROUTER_HOLD       its hold time, in seconds; 90
#   ROUTER_PASSWORD   of all sessions (RFC 2385); none.
#                     ROUTER_PASSWORD_OF_n2 is that of n2 alone, or none
#   ROUTER_DIALS      "on": it dials the nodes, too, every few seconds
#   ROUTER_BFD        interval in ms, three times; no BFD
#   ROUTER_AS         65000; the nodes are of AS 65001, or of what
#   ROUTER_NODE_AS    says; ROUTER_AS_OF_n2 is the AS of n2 alone
#   ROUTER_SIX        "on": a second session with each node, over IPv6
#   ROUTER_TTL        "security": it drops what comes with a TTL below 255
#   ROUTER_GR         "helper": it keeps the routes of a node that restarts
#
# GoBGP has no BFD, writes no kernel routes and never dials here; router_routes
# asks its RIB.
# ExaBGP only collects: router_routes shows what it was told.

LAB_CLIENTS=(router)
ROUTER_NODE_AS=${ROUTER_NODE_AS:-65001}
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
  rm -rf "$(router_frr_dir)"
}

router_as_of() {  # router_as_of NODE
  local own=ROUTER_AS_OF_$1
  echo "${!own:-$ROUTER_NODE_AS}"
}
router_password_of() {  # router_password_of NODE
  local own=ROUTER_PASSWORD_OF_$1
  echo "${!own-${ROUTER_PASSWORD:-}}"
}
# The nodes' ends of the sessions: NODE ADDRESS OWN-ADDRESS, one a line.
router_neighbors() {
  local node
  for node in "${LAB_NODES[@]}"; do
    echo "$node $(lab_address "$node") $(lab_address router)"
    [[ -z ${ROUTER_SIX:-} ]] ||
      echo "$node $(lab_address6 "$node") $(lab_address6 router)"
  done
}

router_dir() {
  mkdir -p "$LAB_DIR/router"
  echo "$LAB_DIR/router"
}

router_start() {  # router_start bird|frr|gobgp|exabgp
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
  local node address own ms password number=0
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
  while read -r node address own; do
    number=$((number + 1))
    password=$(router_password_of "$node")
    cat <<END
protocol bgp ${node}_$number {
  local $own as ${ROUTER_AS:-65000};
  neighbor $address as $(router_as_of "$node");
  $([[ -z ${ROUTER_DIALS:-} ]] && echo "passive on;" || echo "connect delay time 1; connect retry time 3;")
  error wait time 1, 2;
  hold time ${ROUTER_HOLD:-90};
  graceful restart $([[ ${ROUTER_GR:-} == helper ]] && echo on || echo off);
  $([[ -z $password ]] || echo "password \"$password\";")
  $([[ -z ${ROUTER_TTL:-} ]] || echo "ttl security on;")
  $([[ -z ${ROUTER_BFD:-} ]] || echo "bfd on;")
  ipv4 { import all; export none; };
  ipv6 { import all; export none; extended next hop off; };
}
END
  done < <(router_neighbors)
}

# FRR's daemons run as its user, which cannot enter the folder of the lab. One
# folder for each lab: a subshell that starts FRR leaves no other one behind.
router_frr_dir() { echo "/tmp/lb-router.${LAB_PREFIX:-lab-}frr"; }

router_start_frr() {
  local dir daemon sockets
  dir=$(router_dir)
  : >"$dir/pids"
  sockets=$(router_frr_dir)
  mkdir -p "$sockets"
  rm -f "$sockets/zserv"  # Of a zebra that was killed.
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
  local node address family
  cat <<END
hostname router
router bgp ${ROUTER_AS:-65000}
 bgp router-id $(lab_address router)
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 timers bgp $((${ROUTER_HOLD:-90} / 3)) ${ROUTER_HOLD:-90}
$([[ ${ROUTER_GR:-} != helper ]] || echo " bgp graceful-restart")
END
  while read -r node address _; do
    router_frr_neighbor "$node" "$address"
  done < <(router_neighbors)
  for family in ipv4 ipv6; do
    echo " address-family $family unicast"
    while read -r node address _; do
      echo "  neighbor $address activate"
    done < <(router_neighbors)
    echo " exit-address-family"
  done
  router_frr_bfd
}

router_frr_bfd() {  # The profile "lab".
  [[ -z ${ROUTER_BFD:-} ]] || cat <<END
bfd
 profile lab
  transmit-interval $ROUTER_BFD
  receive-interval $ROUTER_BFD
  detect-multiplier 3
END
}

router_frr_neighbor() {  # router_frr_neighbor NODE ADDRESS
  local password
  password=$(router_password_of "$1")
  echo " neighbor $2 remote-as $(router_as_of "$1")"
  if [[ -z ${ROUTER_DIALS:-} ]]; then
    echo " neighbor $2 passive"
  else
    echo " neighbor $2 timers connect 3"
  fi
  [[ -z $password ]] || echo " neighbor $2 password $password"
  [[ -z ${ROUTER_TTL:-} ]] || echo " neighbor $2 ttl-security hops 1"
  [[ -z ${ROUTER_BFD:-} ]] || echo " neighbor $2 bfd profile lab"
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
  local node address
  cat <<END
global: {config: {as: ${ROUTER_AS:-65000}, router-id: $(lab_address router)}}
neighbors:
END
  while read -r node address _; do
    cat <<END
- config: {neighbor-address: "$address", peer-as: $(router_as_of "$node"), auth-password: "$(router_password_of "$node")"}
  transport: {config: {passive-mode: true}}
  timers: {config: {hold-time: ${ROUTER_HOLD:-90}, keepalive-interval: $((${ROUTER_HOLD:-90} / 3))}}
  afi-safis: [{config: {afi-safi-name: ipv4-unicast}}, {config: {afi-safi-name: ipv6-unicast}}]
END
  done < <(router_neighbors)
}

# It writes what it is told to a file, one line of JSON for each message. The
# shell stays, because ExaBGP watches the standard output of its program.
router_start_exabgp() {
  local dir
  dir=$(router_dir)
  printf '#!/bin/sh\ncat >>%s\n' "$dir/told" >"$dir/collect.sh"
  chmod +x "$dir/collect.sh"
  router_exabgp_config "$dir/collect.sh" >"$dir/exabgp.conf"
  (lab_exec router env exabgp.daemon.user=root exabgp.tcp.port=179 \
    exabgp.tcp.bind="$(lab_address router) $(lab_address6 router)" \
    exabgp.log.level=INFO exabgp "$dir/exabgp.conf" >>"$dir/exabgp.log" 2>&1) &
  echo $! >"$dir/pids"
  disown
}

router_exabgp_config() {  # router_exabgp_config PROGRAM
  local node address own password
  echo "process collect { run $1; encoder json; }"
  while read -r node address own; do
    password=$(router_password_of "$node")
    cat <<END
neighbor $address {
  router-id $(lab_address router);
  local-address $own;
  local-as ${ROUTER_AS:-65000};
  peer-as $(router_as_of "$node");
  hold-time ${ROUTER_HOLD:-90};
  passive;
  listen 179;
  $([[ -z $password ]] || echo "md5-password \"$password\";")
  family { ipv4 unicast; ipv6 unicast; }
  api { processes [ collect ]; receive { parsed; update; } }
}
END
  done < <(router_neighbors)
}

router_signal() {  # router_signal SIGNAL: to all its daemons.
  xargs kill "-$1" <"$LAB_DIR/router/pids"
}

# A router without power: its kernel has no routes either.
router_kill() {
  local family
  router_signal KILL
  for family in -4 -6; do
    ip -n "$(lab_namespace router)" "$family" route flush proto bird
  done
  # The routes of FRR go with its nexthop objects.
  ip -n "$(lab_namespace router)" nexthop flush >/dev/null
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

router_lacks() {  # router_lacks PREFIX: the quickest question.
  local family=-4
  [[ $1 != *:* ]] || family=-6
  [[ -z $(ip -n "$(lab_namespace router)" "$family" route show "$1") ]]
}

router_routes() {  # What the router says of a prefix: for people and greps.
  local dir=$LAB_DIR/router
  case $ROUTER_KIND in
    bird) birdc -s "$dir/bird.ctl" show route all for "$1" ;;
    frr) vtysh --vty_socket "$(router_frr_dir)" -c "show bgp $([[ $1 == *:* ]] && echo ipv6 || echo ipv4) unicast $1" ;;
    gobgp) gobgp --target "unix://$dir/gobgp.sock" global rib "$1" -j $([[ $1 == *:* ]] && echo -a ipv6) ;;
    exabgp) grep -F "\"$1\"" "$dir/told" ;;
  esac
}

router_sessions() {  # The state of all sessions, as the router prints it.
  local dir=$LAB_DIR/router
  case $ROUTER_KIND in
    bird) birdc -s "$dir/bird.ctl" show protocols ;;
    frr) vtysh --vty_socket "$(router_frr_dir)" -c "show bgp summary" ;;
    gobgp) gobgp --target "unix://$dir/gobgp.sock" neighbor ;;
  esac
}
