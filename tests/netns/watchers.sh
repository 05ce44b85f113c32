#!/usr/bin/env bash
# 100 Watch calls to the announcing node, while services come and go, cost no
# answer: a host asks for the address by ARP and neighbour solicitation every 5
# ms, and gets as many answers.
set -euo pipefail
# shellcheck source=cluster.sh
source "$(dirname "${BASH_SOURCE[0]}")/cluster.sh"

calls=100

many_services() { # many_services COUNT
  for ((i = 0; i < $1; ++i)); do
    cat <<END
---
apiVersion: v1
kind: Service
metadata: {name: more$i, namespace: default}
spec: {type: LoadBalancer, ports: [{port: 80}]}
END
  done
}

begin
LAB_NODES=(n1)
lab_up || fail "the namespaces could not be made"
cat >"$LAB_DIR/manifests/more-pool.yaml" <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: more}
spec: {addresses: [172.18.64.0/24]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: more-ad}
spec: {ipAddressPools: [more]}
END
start_nodes
lab_wait 10 pinged || fail "the client does not reach the address"

"$tools/watch_many" "unix:$LAB_DIR/n1/lbd.sock" "$calls" >"$LAB_DIR/watched" &
watcher=$!
watchers+=("$watcher")
lab_wait 20 grep -q watching "$LAB_DIR/watched" || fail "not all calls have the state"
ask_into "$LAB_DIR/asked"
for ((round = 0; round < 20; ++round)); do
  {
    echo "# An empty file would keep the services."
    many_services $((100 * (round % 2)))
  } >"$LAB_DIR/manifests/.more.yaml"
  mv "$LAB_DIR/manifests/.more.yaml" "$LAB_DIR/manifests/more.yaml"
  sleep 0.4
done
kill "$watcher"
wait "$watcher" || fail "a call ended early, or never had the whole state"
watch_down
changes=$(awk '/changes/ { print $1 }' "$LAB_DIR/watched")
echo "$calls calls were told $changes changes"
[[ $changes -gt $((calls * 1000)) ]] || fail "want 1000 changes for each call"
for family in 4 6; do
  asked=$(grep -c " $family asked " "$LAB_DIR/asked")
  answers=$(grep -c " $family answer " "$LAB_DIR/asked")
  echo "IPv$family: $asked questions, $answers answers"
  # The last question may have been asked just before the asker ended.
  [[ $asked -gt 1000 && $answers -ge $((asked - 1)) ]] || fail "answers are missing"
done
echo "all seen"
