#!/usr/bin/env bash
# Two that have one address, on real kernels: members whose gossip is cut while
# they share a segment, a foreign host that has the address before the service
# comes or takes it later, and the node's own kernel.
set -euo pipefail
# shellcheck source=cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"
LAB_CLIENTS+=(foreign)

# Times are seconds since 1970, with a fraction.
now() { date +%s.%N; }
time_of() {  # time_of NODE SINCE TEXT: of the first such line of its log.
  local stamp rest
  while read -r stamp rest; do
    [[ $rest == *$3* ]] || continue
    stamp=$(date -d "$stamp" +%s.%N)
    at_least "$stamp" "$2" || continue
    echo "$stamp"
    return
  done <"$LAB_DIR/$1/lbd.log"
  return 1
}
at_least() { awk "BEGIN { exit !($1 >= $2) }"; }
milliseconds() { awk "BEGIN { printf \"%d\", ($2 - $1) * 1000 }"; }  # From $1 to $2.
count() { grep -c -- "$2" "$LAB_DIR/$1/lbd.log" || true; }  # count NODE TEXT

# Lists the hosts that answered the asker from SINCE on: MACs of both families,
# once each.
answerers() {  # answerers FILE SINCE [KIND]
  awk -v since="$2" -v kind="${3:-answer}" \
    '$1 >= since && $3 == kind { print $4 }' "$1" | sort -u
}
only_answerer() {  # only_answerer FILE SINCE MAC
  local seen
  seen=$(answerers "$1" "$2")
  [[ $seen == "$3" ]] || fail "answered by ${seen:-no host}, want $3 alone"
}
# Asks three times. There must be three answers, all from one MAC.
arping_gets_one() {  # arping_gets_one ADDRESS MAC
  local answers
  answers=$(lab_in client arping -c 3 -i eth0 "$1") || true
  [[ $(grep -c "bytes from $2" <<<"$answers") -eq 3 &&
    $answers == *"3 packets received,   0% unanswered (0 extra)"* ]] ||
    fail "arping $1: want three answers from $2, got: $answers"
}

cut_gossip() {  # cut_gossip NODE: both ways; the segment is left.
  lab_in "$1" nft -f - <<'NFT'
table inet cut {
  chain in {
    type filter hook input priority 0
    udp dport 7946 drop
    tcp dport 7946 drop
    tcp sport 7946 drop
  }
  chain out {
    type filter hook output priority 0
    udp dport 7946 drop
    tcp dport 7946 drop
    tcp sport 7946 drop
  }
}
NFT
}
mend_gossip() { lab_in "$1" nft delete table inet cut; }

# Finds the node that took the address up beside $1, since $2, and the time.
find_second() {
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ $node != "$1" ]] || continue
    took=$(time_of "$node" "$2" "announced by $node") || continue
    second=$node
    return
  done
  return 1
}

split_brain() {  # split_brain POLICY
  local first second took cut healed kept answers=$LAB_DIR/asked-$1 node
  first=$(owner_of n1)
  lab_wait 10 pinged || fail "the client does not reach $vip4 and $vip6"
  sleep 6  # The rounds of the start are over.
  ask_into "$answers"
  cut=$(now)
  cut_gossip "$first"
  lab_wait 5 find_second "$first" "$cut" || fail "no other node takes $vip4 up"
  sleep 4
  for node in "$first" "$second"; do
    for vip in "$vip4" "$vip6"; do
      seen=$(time_of "$node" "$cut" "AddressConflict Vip/$vip") ||
        fail "$node does not see the conflict about $vip"
      echo "$vip: $node reports the conflict after $(milliseconds "$took" "$seen") ms"
      at_least 1000 "$(milliseconds "$took" "$seen")" || fail "want 1000 ms or less"
    done
  done
  kept=$(answerers "$answers" "$(awk "BEGIN { printf \"%.3f\", $took + 2 }")")
  [[ $kept == "$(lab_mac "$first")" || $kept == "$(lab_mac "$second")" ]] ||
    fail "answered by ${kept:-no host}, want one of $first and $second"
  echo "2 s after $second took it up, $kept alone answers (before: $(lab_mac "$first"))"
  arping_gets_one "$vip4" "$kept"

  # Healed: nothing changes any more.
  watch_neighbours_into "$LAB_DIR/neighbours-$1"
  healed=$(now)
  mend_gossip "$first"
  sleep 20
  watch_down
  only_answerer "$answers" "$healed" "$kept"
  for vip in "$vip4" "$vip6"; do
    [[ $(lab_neighbour "$vip") == *"$kept"* ]] ||
      fail "the client's entry is $(lab_neighbour "$vip"), want $kept"
    ! grep "\] $vip " "$LAB_DIR/neighbours-$1" | grep -v "$kept" | grep lladdr ||
      fail "the client's entry of $vip changed"
  done
  node=$(lab_service n1 "$service" | cut -d' ' -f2)
  all_see "$node" || fail "20 s after healing the nodes do not agree"
  [[ $(lab_mac "$node") == "$kept" ]] || fail "$node is elected, $kept answers"
  echo "healed: 20 s without a change, all show $node"
}

begin
for tool in arping nft; do
  command -v "$tool" >/dev/null || {
    echo "SKIPPED: $tool is not installed"
    exit 77
  }
done
lab_up || fail "the namespaces could not be made"

echo "== gossip is cut, the segment is not (compat)"
start_nodes
split_brain compat

echo "== the same, and the node with the address is not the one that goes first (sticky)"
for node in "${LAB_NODES[@]}"; do lab_kill_lbd "$node"; done
start_nodes --election-policy sticky
first=$(owner_of n1)
lab_kill_lbd "$first"
for node in "${LAB_NODES[@]}"; do [[ $node == "$first" ]] || survivor=$node; done
survivor_moved() { [[ $(owner_of "$survivor") != "$first" ]]; }
lab_wait 5 survivor_moved || fail "no node takes over from $first"
lab_start_lbd "$first" --election-policy sticky
lab_wait 10 lab_agree "$service" "${LAB_NODES[@]}" || fail "the nodes do not agree"
[[ $(owner_of n1) != "$first" ]] || fail "$first took it back, want sticky"
split_brain sticky

echo "== a foreign host has the address before the service comes"
foreign=$(lab_mac foreign)
ip -n "$(lab_namespace foreign)" address add "$LAB_SUBNET.203/24" dev eth0
ip -n "$(lab_namespace foreign)" address add "$LAB_SUBNET6:203/64" dev eth0 nodad
ask_into "$LAB_DIR/asked-foreign" "$LAB_SUBNET.203" "$LAB_SUBNET6:203"
dual_stack_service later "$LAB_SUBNET.203" "$LAB_SUBNET6:203" >"$LAB_DIR/manifests/later.yaml"
service=default/later
lab_wait 10 lab_agree "$service" "${LAB_NODES[@]}" || fail "the nodes do not agree on $service"
owner=$(owner_of n1)
for vip in "$LAB_SUBNET.203" "$LAB_SUBNET6:203"; do
  withheld() { time_of "$owner" 0 "AddressConflict Vip/$vip: "*"$foreign" >/dev/null; }
  lab_wait 5 withheld || fail "$owner does not report that $foreign has $vip"
done
sleep 3
only_answerer "$LAB_DIR/asked-foreign" 0 "$foreign"
[[ -z $(answerers "$LAB_DIR/asked-foreign" 0 claim | grep -v "$foreign") ]] ||
  fail "an lbd claims the foreign host's address"
echo "$owner leaves it to $foreign and says so"
gone=$(now)
ip -n "$(lab_namespace foreign)" address del "$LAB_SUBNET.203/24" dev eth0
ip -n "$(lab_namespace foreign)" address del "$LAB_SUBNET6:203/64" dev eth0
taken() {
  [[ $(awk -v since="$gone" -v mac="$(lab_mac "$owner")" \
    '$1 >= since && $3 == "answer" && $4 == mac { print $2 }' \
    "$LAB_DIR/asked-foreign" | sort -u | wc -l) -eq 2 ]]
}
lab_wait 13 taken || fail "$owner does not take the address up after the foreign host left"
echo "the foreign host left: taken up after $(milliseconds "$gone" "$(now)") ms"
watch_down

echo "== a foreign host claims an address that is announced"
service=default/both
owner=$(owner_of n1)
mac=$(lab_mac "$owner")
sleep 6
before=$(count "$owner" "AddressConflict Vip/$vip4: .*$foreign")
ask_into "$LAB_DIR/asked-defence"
lab_wait 5 test -s "$LAB_DIR/asked-defence" || fail "the asker does not ask"
began=$(now)
# 13 s: a defence at once and one after 10 s.
for _ in {1..26}; do
  lab_in foreign "$tools/send_frame" eth0 garp-request "$vip4" "$foreign" \
    "$(lab_address client)" "$foreign"
  sleep 0.5
done
watch_down
only_answerer "$LAB_DIR/asked-defence" "$began" "$mac"
events=$(($(count "$owner" "AddressConflict Vip/$vip4: .*$foreign") - before))
rounds=$(awk -v mac="$mac" '$2 == 4 && $3 == "claim" && $4 == mac { printf "%.1f\n", $1 }' \
  "$LAB_DIR/asked-defence" | uniq | wc -l)
echo "26 claims in 13 s: $events events, $rounds rounds of defence"
[[ $events -eq 2 ]] || fail "want 2 events"
# One more may be the periodic round.
[[ $rounds -ge 2 && $rounds -le 3 ]] || fail "want 2 rounds"
# Duplicate address detection: the foreign kernel gives the address up.
ip -n "$(lab_namespace foreign)" address add "$vip6/64" dev eth0
refused() { ip -n "$(lab_namespace foreign)" address show dev eth0 | grep -q "$vip6/64 .*dadfailed"; }
lab_wait 5 refused || fail "the foreign kernel takes $vip6: no defence against its detection"
echo "the foreign kernel's duplicate address detection finds $vip6 taken"

echo "== the kernel would answer by itself"
lab_in n1 sysctl -qw net.ipv4.conf.all.arp_ignore=0
lab_kill_lbd n1
lab_start_lbd n1
want="sysctl -w net.ipv4.conf.all.arp_ignore=1"
warned() { grep -q " StrictArp .*$want" "$LAB_DIR/n1/lbd.log"; }
lab_wait 10 warned || fail "the log of n1 does not say: $want"
shown() { lab_lbctl n1 status 2>/dev/null | grep -F -- "$want" >/dev/null; }
lab_wait 5 shown || fail "lbctl status does not say: $want"
echo "all seen"
