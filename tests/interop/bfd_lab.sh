# Two network namespaces with a veth pair in between: in one lb/bfd (bfd_peer.cc),
# in the other one BIRD or FRR. Sourced by bfd_peers.sh and bfd_cost.sh, which
# //tests/netns:case.sh runs with the program under test as $LBD.
. "$(dirname "${BASH_SOURCE[0]}")/../netns/lab.sh"

bfd_peer=$LBD
ours=${LAB_PREFIX}ours theirs=${LAB_PREFIX}theirs
started=()

skip() { echo "SKIPPED: $1"; exit 77; }
now() { date +%s%N; }

clean() {
  local pid
  for pid in "${started[@]}"; do kill -9 "$pid" 2>/dev/null; done
  wait 2>/dev/null
  ip netns del "$ours" 2>/dev/null
  ip netns del "$theirs" 2>/dev/null
}
trap clean EXIT

link_up() {
  ip netns add "$ours"
  ip netns add "$theirs"
  ip link add eth0 netns "$ours" type veth peer name eth0 netns "$theirs"
  local side number=1
  for side in "$ours" "$theirs"; do
    ip -n "$side" link set lo up
    ip -n "$side" link set eth0 up
    ip -n "$side" address add "10.9.0.$number/24" dev eth0
    ip -n "$side" address add "fd00:9::$number/64" dev eth0 nodad
    number=$((number + 1))
  done
}

# --- The program under test, by its commands ---
start_ours() {  # start_ours REMOTE[@LOCAL]...
  local commands=$LAB_DIR/commands
  events=$LAB_DIR/ours.log  # And replies.
  rm -f "$commands"
  mkfifo "$commands"
  ip netns exec "$ours" "$bfd_peer" single eth0 "$@" \
    <"$commands" >"$events" 2>&1 &
  ours_pid=$!
  started+=("$ours_pid")
  exec 3>"$commands"
}
ask() {  # ask COMMAND: sets `reply`.
  local before i
  before=$(grep -c '^=' "$events")
  echo "$1" >&3
  for ((i = 0; i < 500; i++)); do
    [[ $(grep -c '^=' "$events") -gt $before ]] && break
    sleep 0.01
  done
  reply=$(grep '^=' "$events" | tail -1)
}
stop_ours() {
  kill -9 "$ours_pid" 2>/dev/null
  wait "$ours_pid" 2>/dev/null
}

start_bird() {  # start_bird REMOTE INTERVAL_MS
  cat >"$LAB_DIR/bird.conf" <<END
router id 10.9.0.2;
protocol device {}
protocol bfd {
  interface "eth0" { min rx interval $2 ms; min tx interval $2 ms; multiplier 3; };
  neighbor $1 dev "eth0";
}
END
  run_bird
}
run_bird() {  # With the configuration that is there.
  ip netns exec "$theirs" "$bird" -f -c "$LAB_DIR/bird.conf" \
    -s "$LAB_DIR/bird.ctl" -P "$LAB_DIR/bird.pid" >"$LAB_DIR/bird.log" 2>&1 &
  theirs_pid=$!
  started+=("$theirs_pid")
}
bird_sees() { birdc -s "$LAB_DIR/bird.ctl" show bfd sessions 2>/dev/null; }
bird_interval() {
  sed -i "s/interval [0-9]* ms/interval $1 ms/g" "$LAB_DIR/bird.conf"
  birdc -s "$LAB_DIR/bird.ctl" configure >/dev/null
}
