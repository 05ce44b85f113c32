#!/usr/bin/env bash
# Objects with faults, past the checks of the custom resources: each is refused
# alone, by an event on it, in ConfigurationState and in `lbctl problems`; the
# rest works on; each is repaired live. The faults are those of tests/cli/bad, but
# for objects for BGP: a controller follows none, so no event is on them.
set -euo pipefail
# shellcheck source=kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
LAB_NODES=(n1)
bad=$PWD/tests/cli/bad

fail() {
  printf '\nFAILED: %s\n' "$*"
  tail -n 30 "$LAB_DIR"/*/lbd.log
  exit 1
}
says() { lab_wait 10 kube_cluster says "$@" 2>"$LAB_DIR/said"; }
problem() { lab_lbctl n1 problems | grep -qF "$1"; }
answered() { lab_in client ping -n -c 1 -W 1 "$LAB_SUBNET.201" >/dev/null; }

kube_lab_begin
kube_lab_up || fail "the control plane does not start"
kube_apply examples/manifests/metallb-l2-config.yaml
kube_lab_speaker n1
kube_lab_controller c1
kube_cluster services web 1 20 || fail "no address"
lab_wait 10 answered || fail "no answer"
for state in controller speaker-n1; do
  says "ConfigurationState/$state" "Valid" || fail "$(cat "$LAB_DIR/said")"
done
kube_cluster unchecked ipaddresspools.metallb.io
sleep 1  # The server takes up the new schema.

echo "== each is refused, with its line"
for file in "$bad"/*.yaml; do
  [[ $file == */bgp-*.yaml || $file == */broken.yaml ]] && continue
  kube_apply "$file"  # No API takes broken.yaml.
done
while IFS=: read -r file _ object text; do
  [[ $file != broken.yaml && $file != bgp-* ]] || continue
  object=${object# } text=${text# }
  name=${object##*/} kind=${object%%/*}
  says "$kind/$name" "$text" || fail "no event: $(cat "$LAB_DIR/said")"
  lab_wait 10 problem "$text" || fail "lbctl problems does not say: $text"
  [[ $kind == IPAddressPool ]] || continue
  for state in controller speaker-n1; do
    says "ConfigurationState/$state" "$object: $text" ||
      fail "$(cat "$LAB_DIR/said")"
    says "ConfigurationState/$state" "Invalid" || fail "$(cat "$LAB_DIR/said")"
  done
done <"$bad/../bad_lines.txt"

echo "== the rest works on"
kube_cluster services more 1 20 || fail "no address beside the faults"
answered || fail "no answer beside the faults"

echo "== repaired live"
cat >"$LAB_DIR/good.yaml" <<'END'
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: prefix, namespace: metallb-system}
spec: {addresses: [10.0.0.0/24]}
END
kube_apply "$LAB_DIR/good.yaml"
for name in field reversed type overlap; do
  kube_request DELETE "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/$name" >/dev/null
done
for name in outside twice; do
  kube_request DELETE "/api/v1/namespaces/default/services/$name" >/dev/null
done
for state in controller speaker-n1; do
  says "ConfigurationState/$state" "Valid" || fail "$(cat "$LAB_DIR/said")"
done
no_problems() { ! problem "want"; }
lab_wait 10 no_problems || fail "$(lab_lbctl n1 problems)"
echo "all seen"
