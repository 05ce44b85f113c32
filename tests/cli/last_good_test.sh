#!/usr/bin/env bash
# A fault in a manifest and a restart together: the last good values stay, and
# the fault is named. A file that became empty has no objects two seconds later.
set -uo pipefail
source tests/cli/expect.sh

lbd=$1 lbctl=$2
folder=$(mktemp -d /tmp/lbd-cli.XXXXXX)
daemon=
trap '[[ -n $daemon ]] && kill -9 "$daemon" 2>/dev/null; rm -rf "$folder"' EXIT
export LBCTL_SERVER="unix:$folder/lbd.sock"

mkdir "$folder/manifests"
cp examples/manifests/metallb-l2-config.yaml "$folder/manifests/"
service="$folder/manifests/web.yaml"

write_service() {  # write_service NAME TYPE
  printf 'apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {type: %s, ports: [{port: 80}]}\n' "$1" "$2"
}

start() {
  "$lbd" --user "$(id -un)" --node-name n1 --state-dir "$folder/state" --manifests "$folder/manifests" \
    --gossip-bind 127.0.0.1:17956 --interfaces none --status-listen "unix:$folder/lbd.sock" 2>>"$folder/log" &
  daemon=$!
  wait_for "lbd answers" "$lbctl" status
}

restart() {  # restart SIGNAL
  kill "-$1" "$daemon"
  wait "$daemon" 2>/dev/null
  start
}

wait_for() {  # wait_for NAME COMMAND...: it succeeds within 20 s.
  local name=$1
  shift
  for ((i = 0; i < 200; ++i)); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "FAILED: $name"
  failures=$((failures + 1))
}

has() { "$lbctl" services | grep -q "default/$1 .*172.18.8.20"; }
has_not() { ! "$lbctl" services | grep -q "default/$1 "; }
names_fault() { "$lbctl" problems | grep -q 'did you mean LoadBalancer'; }
is_kept() { [[ -n $(find "$folder/state" -name 'last-good.*' -newer "$folder/mark" 2>/dev/null) ]]; }

write_service web LoadBalancer >"$service"
touch "$folder/mark"
start
wait_for "web has an address" has web
wait_for "the good manifests are kept" is_kept

write_service web Loadbalancer >"$service"
wait_for "the fault is seen" names_fault
for signal in KILL TERM; do
  restart "$signal"
  wait_for "web stays after SIG$signal" has web
  expect "the fault is named after SIG$signal" 0 "did you mean LoadBalancer" "$lbctl" problems
done

# The file breaks while lbd is down.
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null
echo 'kind: [' >"$service"
start
wait_for "web stays although the file is broken" has web
expect "the broken file is named" 0 "want a closing ]" "$lbctl" problems

# An editor truncates and writes; then the file stays empty.
: >"$service"
write_service other LoadBalancer >"$service"
wait_for "other has an address" has other
: >"$service"
expect "an empty file holds for a moment" 0 "default/other" "$lbctl" services
wait_for "and is empty then" has_not other
expect "an empty file is no problem" 0 "" "$lbctl" problems --kind object-refused

restart TERM
wait_for "what is gone is forgotten" has_not web
if ! stat -c %a "$folder"/state/last-good.* | grep -qx 600 || stat -c %a "$folder"/state/last-good.* | grep -qvx 600; then
  echo "FAILED: last-good.* are to be read by their owner alone"
  failures=$((failures + 1))
fi

[[ $failures -eq 0 ]]
