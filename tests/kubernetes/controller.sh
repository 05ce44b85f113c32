#!/usr/bin/env bash
# lbd as the controller of a real API server, on loopback: Services get
# addresses in their statuses, also after the controller or the server was
# killed, and none changes unasked. Prints the time from a Service's creation to
# its address.
set -euo pipefail
here=$PWD/tests/kubernetes
fail() {
  echo "FAILED: $*"
  tail -n 30 "$KUBE_DIR"/lbd-*.log
  exit 1
}

status=0
KUBE_CORE=$("$here/build_programs.sh" "${KUBERNETES_VERSION:-v1.34.4}") || status=$?
if ((status == 75)); then
  echo "SKIPPED: Kubernetes cannot be built: the module proxy gives nothing"
  exit 77
fi
((status == 0)) || exit "$status"
KUBE_DIR=$LAB_DIR
export KUBE_CORE KUBE_DIR
# shellcheck source=tests/kubernetes/control_plane.sh
source "$here/control_plane.sh"
trap 'kube_down || true' EXIT

kube_up || fail "the API server does not start"
kube_apply "$here/rights.yaml" packaging/kubernetes/crds/*.yaml
for crd in ipaddresspools l2advertisements; do
  kube_established "$crd.metallb.io" || fail "$crd are not served"
done
cat >"$KUBE_DIR/pool.yaml" <<'END'
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: pool, namespace: metallb-system}
spec: {addresses: [10.20.0.0/24]}
END
kube_apply "$KUBE_DIR/pool.yaml"

run_controller() {  # run_controller NAME
  mkdir -p "$KUBE_DIR/$1"
  setpriv --pdeathsig KILL "$LBD" --kubernetes --role=controller \
    --kubeconfig "$KUBE_DIR/admin.conf" --node-name "$1" \
    --state-dir "$KUBE_DIR/$1" --user "$(id -un)" \
    </dev/null >>"$KUBE_DIR/lbd-$1.log" 2>&1 &
  controllers[$1]=$!
}
declare -A controllers=()

objects() {  # objects COMMAND...: cluster_objects.py
  python3 "$here/cluster_objects.py" "$(cat "$KUBE_DIR/server")" \
    "$KUBE_DIR/pki" "$@"
}
# create PREFIX COUNT SECONDS: Services, one after the other; each must have an
# address in time.
create() {
  objects services "$@" || fail "$1: not each Service got an address in time"
}
unchanged() {  # Those of before are as they were, and no address is twice.
  objects addresses >"$KUBE_DIR/now"
  [[ -z $(comm -23 "$KUBE_DIR/before" "$KUBE_DIR/now") ]] ||
    fail "addresses changed: $(diff "$KUBE_DIR/before" "$KUBE_DIR/now")"
  [[ -z $(cut -d' ' -f2 "$KUBE_DIR/now" | sort | uniq -d) ]] ||
    fail "an address is in two statuses: $(cat "$KUBE_DIR/now")"
  cp "$KUBE_DIR/now" "$KUBE_DIR/before"
}

: >"$KUBE_DIR/before"
run_controller one
create first 50 20
unchanged
run_controller two
kill -KILL "${controllers[one]}"
wait "${controllers[one]}" 2>/dev/null || true
create after-its-death 5 20
unchanged
kube_stop apiserver KILL || true
kube_start apiserver || fail "the API server does not start again"
create after-a-restart 5 20
unchanged
# It stops, and gives the Lease up: another need not wait for its end.
run_controller three
sleep 1
kill -TERM "${controllers[two]}"
wait "${controllers[two]}" || fail "the second controller ended with $?"
create after-its-end 5 3
unchanged
echo "all seen"
