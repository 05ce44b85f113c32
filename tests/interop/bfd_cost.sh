#!/usr/bin/env bash
# Measures the processor time that BFD sessions cost at 300 ms x 3 and at 50 ms
# x 3, beside BIRD at the other end of the same sessions:
#
#   bazel run -c opt //tests/interop:bfd_cost [SECONDS [SESSIONS...]]
#
# 1, 64 and 256 sessions, or as many as are named, between as many addresses of
# ours and one of BIRD. In % of one core, from /proc/PID/stat, whose grain is 10
# ms; the resident memory of each; and what the whole machine does.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
if [[ ! -e $here/../netns/lab.sh ]]; then # Started by Bazel, in its runfiles.
  here=tests/interop
  LBD=$PWD/tests/interop/bfd_peer
  LAB_DIR=$(mktemp -d /tmp/lb-lab.XXXXXX)
fi
LAB_PREFIX=c$$-
# shellcheck source=bfd_lab.sh
source "$here/bfd_lab.sh"

why=$(lab_permitted) || skip "$why"
bird=$(command -v bird) || skip "bird is not installed (bird2)"
seconds=${1:-30}
levels=("${@:2}")
[[ ${#levels[@]} -gt 0 ]] || levels=(1 64 256)

ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
memory() { awk '/VmRSS/ { print $2 " KiB" }' "/proc/$1/status"; }
percent() { # percent TICKS: of `seconds` of one core.
  awk -v t="$1" -v s="$seconds" -v hz="$(getconf CLK_TCK)" \
    'BEGIN { printf "%.2f %%", 100 * t / hz / s }'
}

# Our own addresses are 10.9.1.0 and further: BIRD tells sessions apart by their
# remote addresses. It begins one only for a neighbour in a prefix of its own.
measure() { # measure MS SESSIONS
  local ms=$1 sessions=$2 i keys=() our_ticks their_ticks load
  link_up
  ip -n "$theirs" address del 10.9.0.2/24 dev eth0
  ip -n "$theirs" address add 10.9.0.2/16 dev eth0
  {
    echo 'router id 10.9.0.2;'
    echo 'protocol device {}'
    echo 'protocol bfd {'
    echo "  interface \"eth0\" { min rx interval $ms ms; min tx interval $ms ms; multiplier 3; };"
    for ((i = 0; i < sessions; ++i)); do
      ip -n "$ours" address add "10.9.1.$i/32" dev eth0
      keys+=("10.9.0.2@10.9.1.$i")
      echo "  neighbor 10.9.1.$i dev \"eth0\" local 10.9.0.2;"
    done
    echo '}'
  } >"$LAB_DIR/bird.conf"
  start_ours "${keys[@]}"
  ask "set $ms $ms 3"
  run_bird
  sleep 10
  [[ $(bird_sees | grep -c ' Up ') -eq $sessions ]] ||
    echo "only $(bird_sees | grep -c ' Up ') of $sessions sessions are up"
  our_ticks=$(ticks "$ours_pid")
  their_ticks=$(ticks "$theirs_pid")
  sleep "$seconds"
  our_ticks=$(($(ticks "$ours_pid") - our_ticks))
  their_ticks=$(($(ticks "$theirs_pid") - their_ticks))
  load=$(cut -d' ' -f1 /proc/loadavg)
  echo "$sessions at $ms ms x 3: lb/bfd $(percent "$our_ticks"), $(memory "$ours_pid");" \
    "bird $(percent "$their_ticks"), $(memory "$theirs_pid"); load $load"
  if grep -q failed "$events"; then echo "false alarms: $(grep -c failed "$events")"; fi
  clean
  started=()
}

set +e
for ms in 300 50; do
  for sessions in "${levels[@]}"; do measure "$ms" "$sessions"; done
done
