#!/usr/bin/env bash
# Objects with faults, past the checks of the custom resources: each is refused
# alone, by an event on it, in ConfigurationState and in `lbctl problems`; the
# rest works on; each is repaired live. The faults are those of tests/cli/bad.
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

# The objects of metallb.io count in the namespace of lbd.
own_namespace() {  # own_namespace FILE: without Secrets.
  python3 -c '
import sys
import yaml
for one in yaml.safe_load_all(open(sys.argv[1])):
    if one["kind"] == "Secret":
        continue
    if one["apiVersion"].startswith("metallb.io/"):
        one["metadata"]["namespace"] = "metallb-system"
    print("---")
    print(yaml.safe_dump(one, sort_keys=False))' "$1"
}

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
for plural in ipaddresspools bgppeers bgpadvertisements communities bfdprofiles; do
  kube_cluster unchecked "$plural.metallb.io"
done
sleep 1  # The server takes up the new schema.

echo "== each is refused, with its line"
for file in "$bad"/*.yaml; do
  [[ $file == */broken.yaml ]] && continue  # No API takes it.
  own_namespace "$file" >"$LAB_DIR/bad.yaml"
  kube_apply "$LAB_DIR/bad.yaml"
done
while IFS=: read -r file _ object text; do
  # The API takes only base64 in a Secret.
  [[ $file != broken.yaml && $object != " Secret/"* ]] || continue
  object=${object# } text=${text# }
  name=${object##*/} kind=${object%%/*}
  says "$kind/$name" "$text" || fail "no event: $(cat "$LAB_DIR/said")"
  lab_wait 10 problem "$text" || fail "lbctl problems does not say: $text"
  [[ $kind != Service ]] || continue
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
while read -r version plural name; do
  kube_request DELETE "/apis/metallb.io/$version/namespaces/metallb-system/$plural/$name" >/dev/null
done <<'END'
v1beta2 bgppeers bgp-peer
v1beta2 bgppeers unjoined
v1beta1 bgpadvertisements bgp-advertisement
v1beta1 bgpadvertisements bgp-alias
v1beta1 bgpadvertisements bgp-beyond
v1beta1 communities community
v1beta1 bfdprofiles profile
END
for name in outside twice; do
  kube_request DELETE "/api/v1/namespaces/default/services/$name" >/dev/null
done
for state in controller speaker-n1; do
  says "ConfigurationState/$state" "Valid" || fail "$(cat "$LAB_DIR/said")"
done
no_problems() { ! problem "want"; }
lab_wait 10 no_problems || fail "$(lab_lbctl n1 problems)"
echo "all seen"
