#!/usr/bin/env bash
# Real daemons under attack by a host on their segment, without the key, with it
# and with a wrong one. Meanwhile another host asks for a service's IPv4 and IPv6
# address every 10 ms. Told: how many questions were answered, how large the
# daemons grew. Asserted: no daemon dies, none grows beyond rss_max, and after
# each attack the nodes agree and clients are served.
#
#   hostile.sh [ATTACK...]    by hand, on what `bazel build //daemon/...` built
#
#   HOSTILE_SECONDS    each attack lasts: 5; the figures of docs/reliability.md: 10
set -euo pipefail
# shellcheck source=../cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cluster.sh"
hostile=$here/hostile
LAB_CLIENTS=(client asker foreign)
seconds=${HOSTILE_SECONDS:-5}
rss_max=$((160 * 1024))  # KB, of each daemon at each moment.
only=("$@")

attack_from_foreign() {  # attack_from_foreign NAME ARGUMENT...
  local name=$1
  shift
  (lab_exec foreign /usr/bin/python3 "$hostile/attacks.py" "$name" "$seconds" "$@" >"$LAB_DIR/done" 2>&1) &
  attacker=$!
}

rss() { awk '/^VmRSS/ { print $2 }' "/proc/$(cat "$LAB_DIR/$1/lbd.pid")/status" 2>/dev/null || true; }
largest() {  # The largest daemon's RSS now.
  local node
  for node in "${LAB_NODES[@]}"; do rss "$node"; done | sort -n | tail -n 1
}
none_died() {
  local node
  for node in "${LAB_NODES[@]}"; do
    ! lab_lbd_gone "$node" || fail "$1: lbd of $node died"
  done
}
# That it was once so is not enough: it must stay so.
served() { lab_agree "$service" "${LAB_NODES[@]}" && pinged; }
stays_served() { served && sleep 1 && served; }

# What it takes, measured. 30 s after its end all must be well.
under_attack() {  # under_attack TITLE NAME ARGUMENT...
  local title=$1 before peak=0 now ended recovered
  [[ ${#only[@]} -eq 0 || " ${only[*]} " == *" $2 "* ]] || return 0
  shift
  lab_wait 30 stays_served || fail "$title: not served before the attack"
  before=$(largest)
  (lab_exec asker /usr/bin/python3 "$here/soak/watch.py" ask 10 eth0 "$(lab_mac asker)" "$(lab_address asker)" \
    "$(lab_address6 asker)" "$vip4" "$vip6" >"$LAB_DIR/asked") &
  watchers+=($!)
  sleep 0.5
  attack_from_foreign "$@"
  while kill -0 "$attacker" 2>/dev/null; do
    now=$(largest)
    [[ ${now:-0} -le $peak ]] || peak=$now
    sleep 0.2
  done
  wait "$attacker" || fail "$title: the attacker failed: $(cat "$LAB_DIR/done")"
  watch_down
  none_died "$title"
  ended=$SECONDS
  lab_wait 30 stays_served || fail "$title: not served 30 s after the attack"
  recovered="$((SECONDS - ended - 1)) s"
  now=$(largest)
  none_died "$title"
  [[ $peak -le $rss_max ]] || fail "$title: $peak KB, want $rss_max at most"
  /usr/bin/python3 "$hostile/row.py" "$LAB_DIR/asked" "$title" "$(tail -n 1 "$LAB_DIR/done")" \
    "$before" "$peak" "$now" "$recovered" "${answered_min:-0}" || fail "$title: want ${answered_min:-0} % answered"
}

secret_file() { echo "$2" >"$LAB_DIR/$1.secret" && chmod 600 "$LAB_DIR/$1.secret"; }

cluster() {  # cluster OPTION...: another one.
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ ! -e $LAB_DIR/$node/lbd.pid ]] || lab_lbd_gone "$node" || lab_kill_lbd "$node"
  done
  start_nodes --gossip-profile fast --interfaces eth0 "$@"
  lab_in n1 /usr/bin/python3 "$hostile/attacks.py" record 3 eth0 "$LAB_DIR/recording" >/dev/null
}

without_the_key() {  # Where there is one, and where there is none.
  under_attack "malformed gossip, $1" malformed "${targets[@]}"
  under_attack "replayed gossip, $1" replayed "$LAB_DIR/recording" "${targets[@]}"
  under_attack "1,000 silent TCP connections, $1" tcp_silent "$first_target"
  under_attack "1,000 dripping TCP connections, $1" tcp_dripping "$first_target"
  under_attack "120 filling TCP connections, $1" tcp_filling "$first_target"
}

begin
/usr/bin/python3 -c 'import grpc' 2>/dev/null || { echo "SKIPPED: python3-grpcio is not installed" && exit 77; }
command -v openssl >/dev/null || { echo "SKIPPED: openssl is not installed" && exit 77; }
lab_up || fail "the namespaces could not be made"
secret_file right "the secret of this cluster, which is long enough"
secret_file wrong "another secret, which is as long as the right one is"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=n1 \
  -keyout "$LAB_DIR/key.pem" -out "$LAB_DIR/cert.pem" 2>/dev/null
targets=()
for node in "${LAB_NODES[@]}"; do targets+=("$(lab_address "$node")"); done

/usr/bin/python3 "$hostile/row.py" --head
cluster --gossip-secret-file "$LAB_DIR/right.secret"
owner=$(owner_of n1)
first_target=$(lab_address "$owner")
without_the_key "key set"
# A member of another cluster, by mistake, that joins again and again.
if [[ ${#only[@]} -eq 0 ]]; then
  (lab_exec foreign "$LBD" --node-name foreign --state-dir "$LAB_DIR/foreign" --gossip-bind "$(lab_address foreign)" \
    --join "${targets[0]}" --join "${targets[1]}" --status-listen "unix:$LAB_DIR/foreign.sock" \
    --gossip-secret-file "$LAB_DIR/wrong.secret" --user "$(id -un)" >"$LAB_DIR/foreign.log" 2>&1) &
  watchers+=($!)
  sleep 5
  lab_lbctl n1 members | grep -q '^foreign ' && fail "a member with a wrong key is in"
  watch_down
  echo "A member with a wrong key is not let in."
fi

cluster --status-listen 0.0.0.0:7980 --status-tls-cert "$LAB_DIR/cert.pem" --status-tls-key "$LAB_DIR/key.pem" \
  --status-tls-anonymous
owner=$(owner_of n1)
first_target=$(lab_address "$owner")
without_the_key "no key set"
under_attack "ARP storm" arp_storm eth0 "$vip4"
under_attack "ARP claims of the address" arp_claims eth0 "$vip4"
under_attack "NDP storm" ndp_storm eth0 "$vip6"
under_attack "nonsense to the unix socket" grpc_garbage "$LAB_DIR/$owner/lbd.sock"
under_attack "nonsense to the TLS port" grpc_garbage "$first_target:7980"
under_attack "gRPC calls, 32 callers" grpc_calls "$LAB_DIR/$owner/lbd.sock"

# Any member may say what follows; it may cost answers while it lasts.
under_attack "liar: huge exchanges" huge_exchanges "$first_target"
under_attack "liar: huge metadata" huge_metadata "${targets[@]}"
under_attack "liar: incarnations far ahead" far_incarnations "${targets[@]}"
under_attack "liar: others' names" other_names "${targets[@]}"
under_attack "liar: all are dead" accusations "${targets[@]}"
# Who never answered is not elected, whatever it passes for.
answered_min=90
under_attack "liar: 10,000 fake members" fake_members "${targets[@]}"
under_attack "liar: 10,000 fake lbds" fake_lbds "${targets[@]}"
echo "all seen"
