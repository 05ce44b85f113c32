# The part "failure" of cost.sh, which sources this file.

# --- failure: a link is cut, or the daemon is stopped, with BFD.
failing() {  # failing KIND ROUTER: two announcers, and flows over both.
  local node
  fresh "$2"
  for node in n1 n2; do
    [[ $1 == lbd ]] || ip -n "$(lab_namespace "$node")" address add "$vip/32" dev lo
    announcer_start "$1" "$node" "$vip/32"
    (lab_exec "$node" python3 "$here/echo.py" "$node" "$port" >/dev/null 2>&1) &
    disown
  done
  lab_wait 30 router_has_next_hops "$vip/32" 2 || fail "$1: no two next hops"
  sleep 6 # BFD agrees on its intervals.
}
cut_once() {  # cut_once KIND ROUTER: the outage of n1's flows, s.
  failing "$1" "$2"
  (lab_exec client python3 "$here/flows.py" "$vip" "$port" 12 5 >"$LAB_DIR/flows") &
  local flows=$!
  sleep 1
  lab_cut_link n1
  sleep 3
  kill -INT "$flows"
  wait "$flows" || true
  awk -v ms="$(cost outage "$LAB_DIR/flows" n1)" 'BEGIN { printf "%.3f", ms / 1000 }'
}
# A daemon is stopped and goes on, again and again: the median of the times until
# the route is gone, and the longest one. The shell itself sends the signal and
# reads the clock: another process would take a few milliseconds to start.
stopped_times() {  # stopped_times KIND ROUTER
  local i began pids values=()
  failing "$1" "$2"
  announcer_signal n2 KILL
  lab_wait 10 router_has_next_hops "$vip/32" 1 || fail "$1: two next hops"
  mapfile -t pids < <(announcer_pids n1)
  for ((i = 0; i < ${STOPS:-10}; ++i)); do
    sleep 1
    began=$EPOCHREALTIME
    kill -STOP "${pids[@]}"
    values+=("$(cost after "$LAB_DIR/events" "$began" 1 "Deleted $vip ")")
    kill -CONT "${pids[@]}"
    lab_wait 90 router_has_next_hops "$vip/32" 1 || fail "$1: the route does not come back"
    sleep 6 # BFD agrees on its intervals.
  done
  echo "$(cost median "${values[@]}"); $(printf '%s\n' "${values[@]}" | sort -n | tail -n 1) at most"
}
part_failure() {
  local ms
  head_row "failure with BFD" "lbd, router BIRD" "BIRD, router BIRD" \
    "lbd, router FRR" "FRR, router FRR"
  for ms in 300 50; do
    ROUTER_BFD=$ms
    failure_row "link cut, 3 x $ms ms: longest outage of a flow, s" cut_once
    failure_row "daemon stopped, 3 x $ms ms: route gone, s" stopped_times
  done
  ROUTER_BFD=
}
failure_row() {  # failure_row NAME COMMAND
  local values=() pair
  for pair in "lbd bird" "bird bird" "lbd frr" "frr frr"; do
    # shellcheck disable=SC2086
    if [[ $pair == "frr frr" && $2 == stopped_times ]]; then
      values+=(-) # Its bfdd goes on: the hold time decides.
    else
      values+=("$("$2" $pair)") || fail "$1: $pair"
    fi
  done
  printf '| %s |' "$1"
  printf ' %s |' "${values[@]}"
  awk -v a="${values[0]}" -v b="${values[1]}" 'BEGIN { printf " %.2f (BIRD) |\n", a / b }'
}
