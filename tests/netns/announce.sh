#!/usr/bin/env bash
# lb/announce on real kernels, by examples/announce: one answer to each question
# of arping and ndisc6, a takeover, a cable that is pulled and plugged again, an
# interface that comes later, an address that a foreign host has, and a process
# without CAP_NET_RAW.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"

announce=$here/../../examples/announce
vip4=$LAB_SUBNET.200
vip6=2001:db8:8::200

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  tail -n 30 "$LAB_DIR"/*.log >&2 || true
  exit 1
}

# Announces ADDRESS; says what happens in $LAB_DIR/HOST-ADDRESS.log.
start() {  # start HOST INTERFACE ADDRESS [COMMAND...]: run below the command.
  local host=$1 interface=$2 address=$3
  shift 3
  (lab_exec "$host" "$@" "$announce" "$interface" "$address" \
    >"$LAB_DIR/$host-$address.log" 2>&1) &
  echo $! >"$LAB_DIR/$host-$address.pid"
}
send_signal() {  # send_signal SIGNAL HOST ADDRESS
  kill "-$1" "$(cat "$LAB_DIR/$2-$3.pid")"
}
says() { grep -q -- "$3" "$LAB_DIR/$1-$2.log"; }  # says HOST ADDRESS TEXT

# Each of three questions of the client gets exactly one answer.
answered_once() {  # answered_once HOST INTERFACE ADDRESS
  local mac answers
  mac=$(lab_in "$1" cat "/sys/class/net/$2/address")
  if [[ $3 == *:* ]]; then
    for _ in 1 2 3; do
      answers=$(lab_in client ndisc6 -m -n -r 1 -w 1000 "$3" "$2" | grep 'link-layer') || true
      [[ ${answers,,} == "target link-layer address: $mac" ]] ||
        fail "ndisc6 $3: want one answer from $mac, got: ${answers:-none}"
    done
  else
    answers=$(lab_in client arping -c 3 -i "$2" "$3") || true
    [[ $(grep -c "bytes from $mac" <<<"$answers") -eq 3 &&
      $answers == *"3 packets received,   0% unanswered (0 extra)"* ]] ||
      fail "arping $3: want three answers from $mac, got: $answers"
  fi
}

# The announcements of a new address go on for 5 s, and ndisc6 would take them
# for answers.
let_rounds_pass() { sleep 6; }
neighbour_is() { [[ $(lab_neighbour "$1") == *"$2"* ]]; }  # neighbour_is ADDRESS MAC

why=$(lab_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
for tool in arping ndisc6 setpriv; do
  command -v "$tool" >/dev/null || {
    echo "SKIPPED: $tool is not installed"
    exit 77
  }
done
trap lab_down EXIT
trap 'exit 130' INT TERM

lab_up || fail "the namespaces could not be made"
ip -n "$(lab_namespace client)" address add 2001:db8:8::10/64 dev eth0 nodad

echo "== one answer to each question"
for vip in "$vip4" "$vip6"; do
  start n1 eth0 "$vip"
  lab_wait 10 says n1 "$vip" 'eth0: usable' || fail "eth0 of n1 does not become usable"
done
let_rounds_pass
for vip in "$vip4" "$vip6"; do answered_once n1 eth0 "$vip"; done

echo "== a takeover moves the client's neighbour entry, unasked"
for vip in "$vip4" "$vip6"; do
  lab_in client ping -n -c 1 -W 1 "$vip" >/dev/null || true
  neighbour_is "$vip" "$(lab_mac n1)" || fail "want n1's MAC: $(lab_neighbour "$vip")"
  send_signal KILL n1 "$vip"
  start n2 eth0 "$vip"
  lab_wait 10 neighbour_is "$vip" "$(lab_mac n2)" ||
    fail "want n2's MAC: $(lab_neighbour "$vip")"
done

echo "== a cable that is plugged again: announced again"
lab_cut_link n2
for vip in "$vip4" "$vip6"; do
  lab_wait 10 says n2 "$vip" 'no carrier' || fail "n2 does not see that its cable is pulled"
  ip -n "$(lab_namespace client)" neighbour replace "$vip" dev eth0 \
    lladdr 02:00:5e:00:53:99 nud stale
done
lab_mend_link n2
for vip in "$vip4" "$vip6"; do
  lab_wait 10 neighbour_is "$vip" "$(lab_mac n2)" ||
    fail "want n2's MAC: $(lab_neighbour "$vip")"
done

echo "== an interface that comes later is used"
vips=(172.18.9.200 2001:db8:9::200)
for vip in "${vips[@]}"; do start n3 eth1 "$vip"; done
sleep 1
ip -n "$(lab_namespace n3)" link add eth1 type veth \
  peer name eth1 netns "$(lab_namespace client)"
ip -n "$(lab_namespace n3)" link set eth1 up
ip -n "$(lab_namespace client)" link set eth1 up
ip -n "$(lab_namespace client)" address add 172.18.9.10/24 dev eth1
for vip in "${vips[@]}"; do
  lab_wait 10 says n3 "$vip" 'eth1: usable' || fail "eth1 of n3 does not become usable"
done
let_rounds_pass
for vip in "${vips[@]}"; do answered_once n3 eth1 "$vip"; done

echo "== an address that a foreign host has is not announced"
for vip in 172.18.8.77/24 2001:db8:8::77/64; do
  ip -n "$(lab_namespace client)" address add "$vip" dev eth0 nodad
  start n1 eth0 "${vip%/*}"
  lab_wait 10 says n1 "${vip%/*}" "$(lab_mac client) has it: not announced" ||
    fail "n1 does not find that the client has ${vip%/*}"
  send_signal TERM n1 "${vip%/*}"
  wait "$(cat "$LAB_DIR/n1-${vip%/*}.pid")" || fail "n1 did not end well"
  says n1 "${vip%/*}" '^reply  *0$' || fail "want no reply for ${vip%/*}"
done

echo "== without CAP_NET_RAW the interface says why, and the process goes on"
start n1 eth0 "$vip4" setpriv --inh-caps=-net_raw --bounding-set=-net_raw
lab_wait 10 says n1 "$vip4" 'eth0: no frame port .*want CAP_NET_RAW' ||
  fail "want a line about CAP_NET_RAW"
send_signal TERM n1 "$vip4"
wait "$(cat "$LAB_DIR/n1-$vip4.pid")" || fail "n1 did not end well"

echo "== the verdicts add up"
send_signal TERM n2 "$vip4"
wait "$(cat "$LAB_DIR/n2-$vip4.pid")" || fail "n2 did not end well"
says n2 "$vip4" '^conflict  *0$' || fail "want no conflict"
echo "all seen"
