#!/usr/bin/env bash
# Tests how a Linux neighbour (arp_accept=0) treats each form of announcement:
# lb/announce relies on the table below. Then a client kernel that resolves
# addresses of examples/announce and keeps them REACHABLE by its own unicast
# probes, for NEIGHBOUR_SECONDS (15).
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"

announce=$here/../../examples/announce
send_frame=$here/send_frame
old_mac=02:00:5e:00:53:01
new_mac=02:00:5e:00:53:02

# FORM: does it move an entry that was updated within the last second, does it
# move an older one, does it create an entry?
forms='
garp-request            yes  yes  no
garp-reply-own-mac      yes  yes  no
garp-reply-broadcast    no   yes  no
unicast-reply           no   yes  no
unicast-request         yes  yes  yes
broadcast-request       yes  yes  yes
probe                   no   no   no
na-override             yes  yes  no
na-plain                no   no   no
na-solicited-override   yes  yes  no
na-solicited-plain      no   no   no
na-override-no-mac      no   no   no
'

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  tail -n 30 "$LAB_DIR"/*.log >&2 2>/dev/null || true
  exit 1
}

vip_of() {  # vip_of FORM NUMBER: an address of its own for each form.
  case $1 in
    na-*) echo "2001:db8:8::$2" ;;
    *) echo "$LAB_SUBNET.$2" ;;
  esac
}
client_address_of() {
  case $1 in
    na-*) echo 2001:db8:8::10 ;;
    *) lab_address client ;;
  esac
}
learn() {  # The client learns the old MAC now.
  ip -n "$(lab_namespace client)" neighbour del "$1" dev eth0 2>/dev/null || true
  ip -n "$(lab_namespace client)" neighbour add "$1" dev eth0 \
    lladdr $old_mac nud reachable
}
say() {  # say FORM ADDRESS: n1 sends it.
  lab_in n1 "$send_frame" eth0 "$1" "$2" $new_mac \
    "$(client_address_of "$1")" "$client_mac"
}
moved() { [[ $(lab_neighbour "$1") == *$new_mac* ]] && echo yes || echo no; }

# Fills $seen with FORM WITHIN AFTER CREATES lines. Each form has an address per
# question, so that the second of the lock time passes once for all.
try_forms() {
  local form number=100 within after creates
  local -a rows=()
  while read -r form _; do
    [[ -n $form ]] && rows+=("$form $number") && number=$((number + 3))
  done <<<"$forms"
  for row in "${rows[@]}"; do
    read -r form number <<<"$row"
    learn "$(vip_of "$form" $((number + 1)))"
  done
  sleep 1.5
  seen=
  for row in "${rows[@]}"; do
    read -r form number <<<"$row"
    learn "$(vip_of "$form" "$number")"
    for offset in 0 1 2; do say "$form" "$(vip_of "$form" $((number + offset)))"; done
    sleep 0.05
    within=$(moved "$(vip_of "$form" "$number")")
    after=$(moved "$(vip_of "$form" $((number + 1)))")
    creates=$(moved "$(vip_of "$form" $((number + 2)))")
    seen+=$(printf '%-23s %-4s %-4s %s' "$form" "$within" "$after" "$creates")$'\n'
  done
}

start() {  # start ADDRESS: n1 announces it.
  (lab_exec n1 "$announce" eth0 "$1" >"$LAB_DIR/$1.log" 2>&1) &
  echo $! >"$LAB_DIR/$1.pid"
}
says() { grep -q -- "$2" "$LAB_DIR/$1.log"; }  # says ADDRESS TEXT
# Nothing answers the ping: a second later the entry is often stale again.
resolved() {
  lab_in client ping -n -c 1 -W 0.1 "$1" >/dev/null 2>&1 || true
  [[ $(lab_neighbour "$1") == *"$(lab_mac n1)"*REACHABLE* ]]
}

# Uses the addresses for so many seconds, so that the client's kernel asks for
# them again and again, by unicast only; they must never be lost.
stay_reachable() {
  local end=$((SECONDS + $1)) vip state
  shift
  local -A times=()
  for vip in "$@"; do times[$vip]=0; done
  while [[ $SECONDS -lt $end ]]; do
    for vip in "$@"; do
      lab_in client ping -n -c 1 -W 0.1 "$vip" >/dev/null 2>&1 || true
      state=$(lab_neighbour "$vip")
      [[ $state == *"$(lab_mac n1)"* && $state != *FAILED* ]] ||
        fail "the client lost $vip: $state"
      [[ $state != *REACHABLE* ]] || times[$vip]=$((times[$vip] + 1))
    done
  done
  for vip in "$@"; do
    # Reachable for 0.5 to 1.5 s, then a delay of 1 s: seen every 3 s at least.
    [[ ${times[$vip]} -ge $((seconds / 3)) ]] || fail "$vip was REACHABLE ${times[$vip]} times"
    echo "$vip: seen REACHABLE ${times[$vip]} times, never lost"
  done
}
stop() {  # stop ADDRESS
  kill -TERM "$(cat "$LAB_DIR/$1.pid")"
  wait "$(cat "$LAB_DIR/$1.pid")" || fail "announce of $1 did not end well"
}

why=$(lab_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
trap lab_down EXIT
trap 'exit 130' INT TERM

lab_up || fail "the namespaces could not be made"
ip -n "$(lab_namespace client)" address add 2001:db8:8::10/64 dev eth0 nodad
client_mac=$(lab_mac client)
lab_in client sysctl -qw net.ipv4.conf.eth0.arp_accept=0

echo "== what moves a neighbour's entry: form, within its lock time, later, none"
try_forms
printf '%s' "$seen"
want=$(awk 'NF { printf "%-23s %-4s %-4s %s\n", $1, $2, $3, $4 }' <<<"$forms")
[[ $seen == "$want"$'\n' ]] || fail "want (<) is not what was seen (>):
$(diff <(echo "$want") <(printf '%s' "$seen") || true)"

echo "== a client's kernel resolves, and its unicast probes are answered"
seconds=${NEIGHBOUR_SECONDS:-15}
# With this time, 15 s have as many rounds of probes as minutes have by default.
lab_in client sysctl -qw net.ipv4.neigh.eth0.base_reachable_time_ms=1000 \
  net.ipv4.neigh.eth0.delay_first_probe_time=1 \
  net.ipv6.neigh.eth0.base_reachable_time_ms=1000 \
  net.ipv6.neigh.eth0.delay_first_probe_time=1
vips=("$LAB_SUBNET.200" 2001:db8:8::200)
for vip in "${vips[@]}"; do
  start "$vip"
  lab_wait 10 says "$vip" 'eth0: usable' || fail "eth0 of n1 does not become usable"
  lab_wait 10 resolved "$vip" || fail "the client does not resolve $vip: $(lab_neighbour "$vip")"
done
stay_reachable "$seconds" "${vips[@]}"
for vip in "${vips[@]}"; do
  stop "$vip"
  count=$(sed -n 's/^reply  *//p' "$LAB_DIR/$vip.log")
  echo "$vip: $count answers"
  # At least one probe in 3 s.
  [[ $count -ge $((seconds / 3)) ]] || fail "$vip gave $count answers in $seconds s"
done
echo "all seen"
