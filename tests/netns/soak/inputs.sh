# Actions of users, as faults of soak.sh, which sources this. Each function
# begins or ends one fault, and says which addresses it concerns. A fault that
# concerns no address may silence none.

pool_address() { echo "$LAB_SUBNET.$((100 + $1))"; }  # Of the pool.
claim() {  # claim HOST ADDRESS: tells the segment, as a new owner does.
  lab_in "$1" /usr/bin/python3 "$soak/watch.py" claim eth0 "$(lab_mac "$1")" "$2"
}

usurp() {  # A foreign host takes the node's own address.
  ip -n "$(lab_namespace foreign)" address add "$(lab_address "$1")/24" dev eth0
  claim foreign "$(lab_address "$1")"
}
yield_to() {  # The owner defends it, as RFC 5227 has it.
  ip -n "$(lab_namespace foreign)" address del "$(lab_address "$1")/24" dev eth0
  claim "$1" "$(lab_address "$1")"
}

own() { ip -n "$(lab_namespace "$1")" address add "$(pool_address "$2")/24" dev eth0; }
disown_() {  # An address that a service has is a problem while a node has it.
  if grep -qFw "$(pool_address "$2")" "$LAB_DIR/given"; then
    some_node_says "$(pool_address "$2")" || fail "no node names $(pool_address "$2"), which $1 owns"
  fi
  ip -n "$(lab_namespace "$1")" address del "$(pool_address "$2")/24" dev eth0
}

lose_ipv6() { lab_in "$1" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1; }
regain_ipv6() {
  lab_in "$1" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0
  ip -n "$(lab_namespace "$1")" address add "$(lab_address6 "$1")/64" dev eth0 nodad
}

change_address() {  # change_address NODE FROM TO
  ip -n "$(lab_namespace "$1")" address del "$2/24" dev eth0
  ip -n "$(lab_namespace "$1")" address add "$3/24" dev eth0
  claim "$1" "$3"
}
leased() { echo "$LAB_SUBNET.$((50 + $1))"; }

start_stranger() {  # It has the same join list, and another secret.
  local node join=()
  for node in "${LAB_NODES[@]}"; do join+=(--join "$(lab_address "$node")"); done
  mkdir -p "$LAB_DIR/stranger/manifests"
  echo 'another secret than theirs' >"$LAB_DIR/stranger/secret"
  (lab_exec foreign "$LBD" --node-name stranger --state-dir "$LAB_DIR/stranger/state" \
    --manifests "$LAB_DIR/stranger/manifests" --gossip-bind "$(lab_address foreign)" \
    --gossip-profile fast --gossip-secret-file "$LAB_DIR/stranger/secret" "${join[@]}" \
    --status-listen "unix:$LAB_DIR/stranger/lbd.sock" --user "$(id -un)" \
    >>"$LAB_DIR/stranger/lbd.log" 2>&1) &
  echo $! >"$LAB_DIR/stranger/lbd.pid"
  disown
}
end_stranger() {
  local node
  alive stranger
  some_node_says "Peer/$(lab_address foreign)" || fail "no node names the stranger"
  for node in "${LAB_NODES[@]}"; do
    ! ask "$node" members | grep -qw stranger || fail "the stranger is a member to $node"
  done
  lab_kill_lbd stranger
}

write_manifests() {  # write_manifests [SED-SCRIPT]: without a moment between.
  manifests | sed "${1:-}" >"$LAB_DIR/manifests/new"
  mv "$LAB_DIR/manifests/new" "$LAB_DIR/manifests/soak.yaml"
}
service_number() { printf s%02d $(($1 % 20)); }
misspell() { write_manifests "/name: $(service_number "$1"),/{n;s/LoadBalancer/Loadbalancer/}"; }
use_merge_key() {
  write_manifests "/name: $(service_number "$1"),/{n;s/type: LoadBalancer/<<: {type: LoadBalancer}/}"
}
correct() {
  if grep -q Loadbalancer "$LAB_DIR/manifests/soak.yaml"; then
    some_node_says '"Loadbalancer"' || fail "no node names the misspelled type"
  fi
  write_manifests
}
make_unreadable() {  # One in two: a link to nothing, and what is no YAML.
  if (($1 % 2)); then
    ln -s nowhere "$LAB_DIR/manifests/unreadable.yaml"
  else
    echo 'spec: [' >"$LAB_DIR/manifests/unreadable.yaml"
  fi
}
make_readable() {
  some_node_says unreadable.yaml || fail "no node names the file that cannot be read"
  rm "$LAB_DIR/manifests/unreadable.yaml"
}

tagged_answer() {  # By one of the nodes, without a tag, as the kernel answers.
  local seen
  seen=$(lab_in asker /usr/bin/python3 "$here/ask_tagged.py" eth0 "$1" "$(lab_address asker)" 8100:c000)
  [[ $seen == *" untagged" ]] && grep -q "^${seen% *} " "$LAB_DIR/macs"
}
ask_with_tag() {
  local address
  address=$(tr ' ' '\n' <"$LAB_DIR/given" | grep "^$LAB_SUBNET" | sed -n "$(($1 % 30 + 1))p")
  lab_wait 10 tagged_answer "$address" || fail "a priority-tagged question for $address has no answer"
}

strip() {  # Somebody takes one of our addresses off "lo"; it comes back.
  local address
  address=$(ours_on_lo "$1")
  [[ -n $address ]] || return 0
  ip -n "$(lab_namespace "$1")" address del "$address/32" dev lo
  lab_wait 5 is_on_some_lo "$address" || fail "$address was taken off lo of $1, and no node has it since"
}
is_on_some_lo() {
  local node
  for node in "${LAB_NODES[@]}"; do
    ip -n "$(lab_namespace "$node")" -o address show dev lo | grep -qF " $1/" && return 0
  done
  return 1
}
ours_on_lo() {  # The first.
  ip -n "$(lab_namespace "$1")" -o address show dev lo label lo:lbd | awk '{ sub("/.*", "", $4); print $4; exit }'
}

ask() {  # ask NODE COMMAND: nothing from a node that is down or stopped.
  timeout 2 "$LBCTL" --server "unix:$LAB_DIR/$1/lbd.sock" "$2" 2>/dev/null || true
}
some_node_says() {  # some_node_says TEXT: as a problem.
  local node
  for node in "${LAB_NODES[@]}"; do
    ask "$node" problems | grep -F -- "$1" >/dev/null && return 0
  done
  return 1
}

# concerned_by ACTION TARGET VALUE: addresses with commas between, "all", "none".
concerned_by() {
  case $1 in
    usurp) of_node "$2" " " ;;
    no-ipv6) of_node "$2" ":" ;;
    own) pool_address "$3" ;;
    strip) ours_on_lo "$2" ;;
    lease | stranger | misspell | merge | unreadable | tag | reload) echo none ;;
    *) echo all ;;
  esac
}
# The addresses that a node announces, of services with an address that has the
# sign.
of_node() {
  shown "$1" | awk -v node="$1" -v sign="$2" \
    '$NF == node && index($0, sign) { for (i = 2; i < NF; ++i) print $i }' | paste -sd, | grep . || echo none
}
