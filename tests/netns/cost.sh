#!/usr/bin/env bash
# Measures the cost of 1,000 services, with three real daemons:
#
#   bazel run -c opt //tests/netns:cost [SECONDS]
#
# First the memory and processor time of each lbd while nothing happens, for a
# minute or SECONDS. Then the time from the start of the only node that can
# announce until the last of its 1,000 addresses is announced on the wire, for
# IPv4 and for IPv6, after it has heard from the cluster (event Ready).
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
if [[ ! -e $here/cluster.sh ]]; then # Started by Bazel, in its runfiles.
  here=tests/netns
  LBD=$PWD/daemon/lbd
  LBCTL=$PWD/daemon/lbctl/lbctl
  LAB_DIR=$(mktemp -d /tmp/lb-lab.XXXXXX)
fi
# shellcheck source=cluster.sh
source "$here/cluster.sh"

services=1000
idle_seconds=${1:-60}
LAB_CLIENTS=(client)

manifests() { # manifests FAMILY
  cat <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: many}
spec: {addresses: [172.18.64.0/21, "fd00:172:18:64::/117"]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: many}
END
  for ((i = 0; i < services; ++i)); do
    cat <<END
---
apiVersion: v1
kind: Service
metadata: {name: s$i, namespace: default}
spec: {type: LoadBalancer, ipFamilies: [$1], ports: [{port: 80}]}
END
  done
}

all_served() {
  local node
  for node in "${LAB_NODES[@]}"; do
    [[ $(lab_lbctl "$node" services -o json 2>/dev/null | grep -c '"announcingNode"') -eq $services ]] ||
      return 1
  done
}

measure_start() { # measure_start FAMILY
  manifests "$1" >"$LAB_DIR/manifests/all.yaml"
  rm -rf "$LAB_DIR"/n?
  for node in n2 n3; do lab_start_lbd "$node" --interfaces none; done
  lab_start_lbd n1
  lab_wait 30 all_served || fail "not all services are announced"
  lab_kill_lbd n1
  gone() { lab_lbctl n2 members | grep -qE '^n1 .* (dead|failed) '; }
  lab_wait 10 gone || fail "n2 does not know that n1 is gone"
  (lab_exec client python3 "$here/first_claims.py" "$(lab_mac n1)" "$services" \
    >"$LAB_DIR/claims") &
  local listener=$!
  sleep 1
  local lines
  lines=$(wc -l <"$LAB_DIR/n1/lbd.log")
  local began
  began=$(date +%s.%N)
  lab_start_lbd n1
  wait "$listener" || fail "not all addresses were announced: $(cat "$LAB_DIR/claims")"
  tail -n +$((lines + 1)) "$LAB_DIR/n1/lbd.log" | python3 "$here/first_claims.py" \
    --report "$1" "$began" "$LAB_DIR/claims"
  for node in "${LAB_NODES[@]}"; do lab_kill_lbd "$node"; done
}

why=$(lab_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
trap finish EXIT
trap 'exit 130' INT TERM
mkdir -p "$LAB_DIR/manifests"
manifests IPv4 >"$LAB_DIR/manifests/all.yaml"
lab_up || fail "the namespaces could not be made"
for node in "${LAB_NODES[@]}"; do lab_start_lbd "$node"; done
lab_wait 30 all_served || fail "not all services are announced"
if [[ $idle_seconds -ne 0 ]]; then
  sleep 10 # The rounds of announcements that follow the first.
  lab_idle_cost "$idle_seconds"
fi
for node in "${LAB_NODES[@]}"; do lab_kill_lbd "$node"; done
echo
echo "| family | first address after Ready, s | the last | Ready after the start, s |"
echo "|---|---|---|---|"
measure_start IPv4
measure_start IPv6
