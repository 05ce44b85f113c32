#!/usr/bin/env bash
# Sessions that TCP guards. With BIRD, FRR and GoBGP: one password (RFC 2385), and
# a router that takes nothing with a TTL below 255 (RFC 5082). A wrong password is
# a problem that says so. With BIRD and FRR that dial, too: each way in which two
# passwords can differ has its own words, in `lbctl peers`, `lbctl problems` and
# an event. Then with rekey_peer.py: a new password is set on a
# living connection, which no router of the lab does on its side.
set -euo pipefail
# shellcheck source=session_lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/session_lab.sh"

LAB_NODES=(n1 n2 n3 n4)
ROUTER_PASSWORD="the-router's" # FRR takes no blanks.

guarded_node() {  # guarded_node NODE PASSWORD ADDRESS
  if [[ -n $2 ]]; then
    node_peer "$1" router "$(lab_address router)" "passwordSecret: {name: md5}"
    node_password "$1" "$2"
  else
    node_peer "$1" router "$(lab_address router)"
  fi
  node_routes "$1" 192.0.2.0/24
  node_service "$1" web "$3"
  node_start "$1"
}
node_password() {  # node_password NODE PASSWORD
  node_manifest "$1" secret <<END
apiVersion: v1
kind: Secret
metadata: {name: md5}
type: kubernetes.io/basic-auth
stringData: {password: "$2"}
END
}

has_route() {  # has_route PREFIX
  if [[ $ROUTER_KIND == gobgp ]]; then
    router_routes "$1" 2>/dev/null | grep -q prefix
  else
    router_has_next_hops "$1" 1
  fi
}

guarded() {  # guarded ROUTER
  local log
  ROUTER_TTL=security
  [[ $1 != gobgp ]] || ROUTER_TTL=
  begin "$1"
  guarded_node n1 "$ROUTER_PASSWORD" 192.0.2.1
  guarded_node n2 "another one" 192.0.2.2
  lab_wait 15 has_route 192.0.2.1/32 || fail "no route: $(lab_lbctl n1 peers)"
  say "the same password${ROUTER_TTL:+, and TTL security}: the route is there"
  [[ $1 == bird ]] || return 0

  lab_wait 20 node_problem n2 'the same password on both ends' ||
    fail "no problem says that the password may differ: $(lab_lbctl n2 problems)"
  ! has_route 192.0.2.2/32 || fail "a wrong password is good enough"
  node_password n2 "$ROUTER_PASSWORD"
  lab_wait 10 has_route 192.0.2.2/32 || fail "no route with the right password: $(lab_lbctl n2 peers)"
  lab_wait 5 without_problem n2 || fail "the problem stays: $(lab_lbctl n2 problems)"
  for log in "$LAB_DIR"/n?/lbd.log; do
    ! grep -qF -e "$ROUTER_PASSWORD" -e "another one" "$log" || fail "a password is in $log"
  done
  say "another password: a problem, until it is the right one"
}
without_problem() { ! node_problem "$1" BGPPeer; }

# A SYN of the router comes as often as it dials, and again after 1, 3 and 7 s.
named() {  # named ROUTER
  local node before
  local -A words=(
    [n2]="the router signs with another password"
    [n3]="the router signs: it has a password, and this node has none"
    [n4]="the router does not sign: it has no password for this node"
  )
  ROUTER_TTL='' ROUTER_DIALS=on ROUTER_PASSWORD_OF_n4=''
  begin "$1"
  guarded_node n1 "$ROUTER_PASSWORD" 192.0.2.1
  guarded_node n2 "another one" 192.0.2.2
  guarded_node n3 "" 192.0.2.3
  guarded_node n4 "$ROUTER_PASSWORD" 192.0.2.4
  before=$(now_ms)
  lab_wait 15 has_route 192.0.2.1/32 || fail "no route: $(lab_lbctl n1 peers)"
  for node in n2 n3 n4; do
    lab_wait 20 peers_say "$node" "${words[$node]}" ||
      fail "$node does not say \"${words[$node]}\": $(lab_lbctl "$node" peers)"
    say "$node, after $(($(now_ms) - before)) ms: ${words[$node]}"
    lab_wait 15 node_problem "$node" "${words[$node]}, want the same password" ||
      fail "no problem says it: $(lab_lbctl "$node" problems)"
    grep -q "PasswordDiffers.*${words[$node]}" "$LAB_DIR/$node/lbd.log" ||
      fail "no event says it: $(cat "$LAB_DIR/$node/lbd.log")"
  done
  counters_of_node_are_still || fail "the kernel counts on the node, too"
  unset ROUTER_DIALS ROUTER_PASSWORD_OF_n4
}
peers_say() { lab_lbctl "$1" peers 2>/dev/null | grep -qF "$2"; }
# What the kernel drops is counted on the host that is dialled. This is why lbd
# does not read these counters.
counters_of_node_are_still() {
  lab_in n2 awk '/^TcpExt/ && !names { names = $0; next }
    /^TcpExt/ { count = split(names, name); split($0, value)
      for (i = 1; i <= count; ++i) if (name[i] ~ /MD5/) sum += value[i]
      exit (sum > 0) }' /proc/net/netstat
}

peer_said() { grep -q -- "$1" "$LAB_DIR/rekey.log"; }  # peer_said TEXT

rekeyed() {
  local pid
  ROUTER_KIND=rekey
  router_lab_down
  rm -rf "${LAB_DIR:?}"/n1
  router_lab_up || fail "the namespaces could not be made"
  (lab_exec router python3 "$here/rekey_peer.py" "$(lab_address router)" \
    "$(lab_address n1)" "first key" "second key" >"$LAB_DIR/rekey.log" 2>&1) &
  pid=$!
  disown
  guarded_node n1 "first key" 192.0.2.1
  lab_wait 10 peer_said '192.0.2.1/32' || fail "no route: $(cat "$LAB_DIR/rekey.log")"
  node_password n1 "second key"
  sleep 1 # lbd has read it. What it sends now is not heard.
  node_service n1 shop 192.0.2.2
  sleep 1
  ! peer_said '192.0.2.2/32' || fail "lbd still signs by the old password"
  node_up n1 router || fail "the session ended before the peer had the new password"
  kill -USR1 "$pid"
  lab_wait 10 peer_said '192.0.2.2/32' || fail "nothing comes by the new password"
  [[ $(node_ups n1 router) == 1 ]] || fail "the session was reset: $(cat "$LAB_DIR/rekey.log")"
  say "a new password on the living connection, and no reset"
}

skip_where_impossible bird /usr/lib/frr/bgpd gobgpd
! zcat /proc/config.gz 2>/dev/null | grep -q '^# CONFIG_TCP_MD5SIG is not set' || {
  echo "SKIPPED: this kernel has no TCP_MD5SIG"
  exit 77
}
for router in ${ROUTERS:-bird frr gobgp}; do guarded "$router"; done
for router in ${ROUTERS:-bird frr}; do
  [[ $router == gobgp ]] || named "$router"
done
rekeyed
