#!/usr/bin/env bash
# lb/bfd beside BIRD and FRR: each peer in a network namespace of its own, a veth
# pair in between. Run by //tests/netns:case.sh, which gives the program under
# test as $LBD.
#
# Each peer: the session comes up at 300 ms x 3 over IPv4, and at 50 ms x 3 over
# IPv6; a change of intervals is agreed on by a Poll; the own administrator's end
# is no failure; a cut link is seen in time at both ends; a stopped peer and a
# stopped program of ours are seen in time.
set -uo pipefail
. "$(dirname "$0")/bfd_lab.sh"

failures=0
fail() { echo "FAILED: $1"; failures=$((failures + 1)); }

why=$(lab_permitted) || skip "$why"
bird=$(command -v bird || true)
bfdd=/usr/lib/frr/bfdd
[[ -n $bird ]] || skip "bird is not installed (bird2)"
[[ -x $bfdd ]] || skip "$bfdd is not installed (frr)"
command -v nft >/dev/null || skip "nft is not installed (nftables)"

wait_status() {  # wait_status PATTERN SECONDS
  local end=$((SECONDS + $2))
  while ((SECONDS <= end)); do
    ask status
    [[ $reply == *$1* ]] && return 0
    sleep 0.05
  done
  fail "$peer: want \"$1\", have \"$reply\""
  return 1
}
# Later than $1 (nanoseconds).
events_since() { awk -v t="$1" '/^!/ && $2 - t >= 0' "$events"; }
# Milliseconds from $1 (nanoseconds) to the next event that matches $2.
event_after() {
  local i line
  for ((i = 0; i < 500; i++)); do
    line=$(events_since "$1" | grep -m1 -- "$2")
    if [[ -n $line ]]; then
      echo $((($(cut -d' ' -f2 <<<"$line") - $1) / 1000000))
      return 0
    fi
    sleep 0.01
  done
  echo "none in 5000"
  return 1
}
want_within() {  # want_within WHAT MILLISECONDS MOST
  if [[ $2 == none* ]] || (($2 > $3)); then
    fail "$peer: $1 after $2 ms, want at most $3"
  else
    echo "$peer: $1 after $2 ms"
  fi
}

# --- FRR ---
start_frr() {  # start_frr REMOTE INTERVAL_MS
  mkdir -p "$LAB_DIR/frr"
  frr_configuration "$1" "$2"
  chmod 755 "$LAB_DIR"  # FRR gives up root.
  chown -R frr:frr "$LAB_DIR/frr"
  ip netns exec "$theirs" /usr/lib/frr/zebra -f /dev/null \
    -i "$LAB_DIR/frr/zebra.pid" -z "$LAB_DIR/frr/zserv" \
    --vty_socket "$LAB_DIR/frr" >"$LAB_DIR/zebra.log" 2>&1 &
  started+=($!)
  sleep 0.5
  ip netns exec "$theirs" "$bfdd" -f "$LAB_DIR/frr/bfdd.conf" \
    -i "$LAB_DIR/frr/bfdd.pid" -z "$LAB_DIR/frr/zserv" \
    --bfdctl "$LAB_DIR/frr/ctl" --vty_socket "$LAB_DIR/frr" \
    >"$LAB_DIR/bfdd.log" 2>&1 &
  theirs_pid=$!
  started+=("$theirs_pid")
}
frr_configuration() {
  cat >"$LAB_DIR/frr/bfdd.conf" <<END
bfd
 profile p
  detect-multiplier 3
  receive-interval $2
  transmit-interval $2
 exit
 peer $1 interface eth0
  profile p
 exit
exit
END
}
frr_sees() { vtysh --vty_socket "$LAB_DIR/frr" -c "show bfd peers" 2>/dev/null; }
frr_interval() {
  vtysh --vty_socket "$LAB_DIR/frr" -c "configure" -c bfd -c "profile p" \
    -c "receive-interval $1" -c "transmit-interval $1" >/dev/null 2>&1
}

stop_theirs() {
  local pid
  for pid in "${started[@]}"; do
    [[ $pid == "$ours_pid" ]] || kill -9 "$pid" 2>/dev/null
  done
  started=()
}

want_seen() {  # want_seen PATTERN SECONDS: in what the peer shows.
  local end=$((SECONDS + $2))
  while ((SECONDS <= end)); do
    "${peer}_sees" | grep -Eiq "$1" && return 0
    sleep 0.1
  done
  fail "$peer shows no \"$1\": $("${peer}_sees")"
}

story() {  # story PEER REMOTE LOCAL
  peer=$1
  link_up
  start_ours "$2"
  ask "set 300 300 3"
  "start_$peer" "$3" 300
  wait_status "up none peer up tx 300ms rx 300ms detection 900ms" 15
  want_seen '\bup' 5

  # Faster and slower again, from both ends: each by a Poll, none by a reset.
  local since
  since=$(now)
  ask "set 50 50 3"
  "${peer}_interval" 50
  wait_status "up none peer up tx 50ms rx 50ms detection 150ms" 10
  ask "set 300 300 3"
  wait_status "tx 300ms rx 300ms" 10
  ask "set 50 50 3"
  wait_status "tx 50ms rx 50ms detection 150ms" 10
  sleep 2
  if events_since "$since" | grep -q .; then
    fail "$peer: a change of intervals ended the session: $(events_since 0)"
  fi
  ask status
  [[ $reply == *"refused 0 "* ]] || fail "$peer: refused packets: $reply"

  # The own administrator.
  ask down
  want_seen 'down' 5
  ask "set 50 50 3"
  wait_status "up none peer up tx 50ms rx 50ms" 15

  # A cut: the peer's packets are lost, ours are not.
  since=$(now)
  ip netns exec "$ours" nft -f - <<<"table inet cut {
    chain in { type filter hook input priority 0; udp dport 3784 drop; }
  }"
  want_within "a cut link was seen" \
    "$(event_after "$since" 'peer_failed detection_expired')" "$late_ms"
  ip netns exec "$ours" nft delete table inet cut
  wait_status "up none peer up tx 50ms" 15

  # A peer that is stopped.
  sleep 1
  since=$(now)
  kill -STOP "$theirs_pid"
  want_within "a stopped peer was seen" \
    "$(event_after "$since" 'peer_failed detection_expired')" "$late_ms"
  kill -CONT "$theirs_pid"
  wait_status "up none peer up" 15

  # Our own process is stopped: the peer sees that, and we do not accuse it.
  sleep 1
  since=$(now)
  kill -STOP "$ours_pid"
  want_seen 'down|init' 5
  kill -CONT "$ours_pid"
  wait_status "up none peer up" 15
  if events_since "$since" | grep -q detection_expired; then
    fail "$peer: our stop was held against it: $(events_since 0)"
  fi

  stop_ours
  stop_theirs
  wait 2>/dev/null
  ip netns del "$ours"
  ip netns del "$theirs"
}

# 150 ms, a late wake-up of this machine, and 10 ms steps of this script.
late_ms=400
for each in ${PEERS:-bird frr}; do
  story "$each" 10.9.0.2 10.9.0.1
  story "$each" fd00:9::2 fd00:9::1
done

((failures == 0)) || { echo "$failures failures"; exit 1; }
echo "all as wanted"
