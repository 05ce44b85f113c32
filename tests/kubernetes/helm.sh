#!/usr/bin/env bash
# The chart by a real Helm and a real API server: linted, rendered
# (chart_facts.py), installed, upgraded and uninstalled. There is no kubelet, so
# the controller is a process with the arguments and the account of its pod.
set -euo pipefail
here=$PWD/tests/kubernetes
fail() {
  echo "FAILED: $*"
  tail -n 20 "$LAB_DIR"/*.log
  exit 1
}
# shellcheck source=tests/kubernetes/built.sh
source "$here/built.sh"
build Helm "$here/build_helm.sh"
helm_program=${built[0]}
build Kubernetes "$here/build_programs.sh" v1.34.4
KUBE_CORE=${built[0]}
export KUBE_CORE KUBE_DIR=$LAB_DIR
# shellcheck source=tests/kubernetes/control_plane.sh
source "$here/control_plane.sh"
trap 'kube_down || true; [[ -z ${controller:-} ]] || kill "$controller" || true' EXIT
export HELM_CACHE_HOME=$LAB_DIR/h HELM_CONFIG_HOME=$LAB_DIR/h \
  HELM_DATA_HOME=$LAB_DIR/h
namespace=metallb-system
# Links would be told one by one.
chart=$LAB_DIR/chart
cp -rL packaging/helm/lbd "$chart"

echo "== lint and template"
"$helm_program" lint --strict "$chart" >"$LAB_DIR/lint.log" || fail "helm lint"
python3 "$here/chart_facts.py" "$helm_program" "$chart" "$LBD" "$LAB_DIR" ||
  fail "the chart renders something else"
packaging/kubernetes/lb_native.sh "$helm_program" "$chart" \
  packaging/kubernetes/crds/*.yaml >"$LAB_DIR/lb-native.yaml"
diff packaging/kubernetes/lb-native.yaml "$LAB_DIR/lb-native.yaml" ||
  fail "lb-native.yaml is another, make it with lb_native.sh"

helm() {
  "$helm_program" --kubeconfig "$KUBE_DIR/admin.conf" \
    --namespace "$namespace" "$@" >"$LAB_DIR/helm.log" 2>&1
}
says() { grep -qF "$1" "$LAB_DIR/helm.log"; }
# value PATH KEY...: a field of an object; fails if there is no such object.
value() {
  kube_request GET "$1" 2>"$LAB_DIR/request.log" | python3 -c '
import json, sys
found = json.load(sys.stdin)
for key in sys.argv[1:]:
    found = found.get(key, {}) if isinstance(found, dict) else found[int(key)]
print(found)' "${@:2}"
}
there() { kube_request GET "$1" >/dev/null 2>&1; }
gone() { ! there "$1"; }
core=/api/v1/namespaces/$namespace
lease=/apis/coordination.k8s.io/v1/namespaces/$namespace/leases/lbd-controller
deployment=/apis/apps/v1/namespaces/$namespace/deployments/lbd-controller
speakers=/apis/apps/v1/namespaces/$namespace/daemonsets/lbd-speaker
crd=/apis/apiextensions.k8s.io/v1/customresourcedefinitions
policies=/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies

kube_up || fail "the API server does not start"

echo "== installed beside a custom resource, a Secret and a Lease that are there"
sed 's/^  name: bfdprofiles.metallb.io$/&\n  labels: {of: metallb}/' \
  packaging/kubernetes/crds/bfdprofiles.yaml >"$LAB_DIR/bfdprofiles.yaml"
cat >"$LAB_DIR/secret.yaml" <<END
apiVersion: v1
kind: Namespace
metadata: {name: $namespace}
---
apiVersion: v1
kind: Secret
metadata: {name: memberlist, namespace: $namespace}
stringData: {secretkey: metallbs}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: lbd-controller, namespace: $namespace}
spec: {holderIdentity: another}
END
kube_apply "$LAB_DIR/bfdprofiles.yaml" "$LAB_DIR/secret.yaml"
helm install lbd "$chart" || fail "install: $(cat "$LAB_DIR/helm.log")"
helm uninstall lbd || fail "uninstall"
[[ $(value "$core/secrets/memberlist" data secretkey) == "$(printf metallbs | base64)" ]] ||
  fail "MetalLB's Secret is another"
[[ $(value "$lease" spec holderIdentity) == another ]] || fail "another Lease"
[[ $(value "$crd/bfdprofiles.metallb.io" metadata labels of) == metallb ]] ||
  fail "MetalLB's custom resource is another"
kube_request DELETE "$core/secrets/memberlist" >/dev/null
kube_request DELETE "$lease" >/dev/null

echo "== installed: the controller has its rights, and acts"
helm install lbd "$chart" || fail "install: $(cat "$LAB_DIR/helm.log")"
says "rollout status daemonset/lbd-speaker" || fail "no notes"
! says "NOTE:" || fail "a note about a default: $(cat "$LAB_DIR/helm.log")"
for name in ipaddresspools l2advertisements servicel2statuses; do
  kube_established "$name.metallb.io" || fail "$name are not served"
done
kube_account "$namespace" lbd-controller pod
cat >"$KUBE_DIR/pod.conf" <<END
apiVersion: v1
kind: Config
current-context: pod
contexts: [{name: pod, context: {cluster: pod, user: pod}}]
clusters:
- name: pod
  cluster: {server: "$(kube_url)", certificate-authority: pki/ca.crt}
users:
- name: pod
  user: {tokenFile: pod/token}
END
mapfile -t args < <(value "$deployment" spec template spec containers 0 args |
  python3 -c 'import ast, sys
for arg in ast.literal_eval(sys.stdin.read()):
    "--metrics-listen" in arg or print(arg)')
setpriv --pdeathsig KILL "$LBD" "${args[@]}" --kubeconfig "$KUBE_DIR/pod.conf" \
  --node-name c1 --state-dir "$LAB_DIR/state" --user "$(id -un)" \
  --kubernetes-namespace "$namespace" </dev/null >"$LAB_DIR/lbd.log" 2>&1 &
controller=$!
holds() { [[ $(value "$lease" spec holderIdentity) == c1* ]]; }
kube_wait 10 holds || fail "no controller acts: $(value "$lease" spec)"
cat >"$LAB_DIR/pool.yaml" <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: pool, namespace: $namespace}
spec: {addresses: [10.20.0.0/24]}
END
kube_apply "$LAB_DIR/pool.yaml"
python3 "$here/cluster_objects.py" "$(cat "$KUBE_DIR/server")" "$KUBE_DIR/pki" \
  services web 1 20 || fail "no address"
! grep -q ApiServerRefuses "$LAB_DIR/lbd.log" || fail "a right is missing"

echo "== upgraded"
key=$(value "$core/secrets/memberlist" data secretkey)
[[ $(printf %s "$key" | base64 -d | wc -c) -ge 128 ]] || fail "a short key: $key"
! helm upgrade lbd "$chart" --set controller.replicas=many ||
  fail "a wrong value is taken"
says "got string, want integer" || fail "$(cat "$LAB_DIR/helm.log")"
helm upgrade lbd "$chart" --set controller.replicas=3,frrk8s.enabled=true \
  --set controller.webhookMode=enabled,namespacePolicy.enabled=true ||
  fail "upgrade: $(cat "$LAB_DIR/helm.log")"
says "FRRConfigurations are not read" || fail "no note about frrk8s"
says "there is no webhook" || fail "no note about webhookMode"
[[ $(value "$deployment" spec replicas) == 3 ]] || fail "not upgraded"
[[ $(value "$core/secrets/memberlist" data secretkey) == "$key" ]] ||
  fail "another key"
holds || fail "the upgrade took the Lease away: $(value "$lease" spec)"

echo "== a pool in another namespace is refused"
pools=/apis/metallb.io/v1beta1/namespaces
try_pool() {  # try_pool NAMESPACE
  sed "s/namespace: $namespace/namespace: $1/; s/name: pool/name: other/; s/10.20/10.21/" \
    "$LAB_DIR/pool.yaml" >"$LAB_DIR/other.yaml"
  kube_request POST "$pools/$1/ipaddresspools?dryRun=All" \
    --header 'Content-Type: application/yaml' \
    --data-binary "@$LAB_DIR/other.yaml" >"$LAB_DIR/try.log" 2>&1
}
refused() { ! try_pool default && grep -q "want it in $namespace" "$LAB_DIR/try.log"; }
kube_wait 20 refused || fail "$(cat "$LAB_DIR/try.log")"
try_pool "$namespace" || fail "$(cat "$LAB_DIR/try.log")"

echo "== uninstalled, while the controller runs"
helm uninstall lbd || fail "uninstall: $(cat "$LAB_DIR/helm.log")"
for path in "$deployment" "$speakers" "$core/secrets/memberlist" \
  "$core/serviceaccounts/lbd-controller" "$policies/lbd-namespace" \
  /apis/rbac.authorization.k8s.io/v1/clusterroles/lbd:controller; do
  gone "$path" || fail "$path is left"
done
# It renews every second. If it could make the Lease again it would have.
sleep 3
gone "$lease" || fail "the Lease is left"
kill "$controller"
wait "$controller" || true
controller=""
gone "$lease" || fail "the Lease is there again"
for kind in validatingwebhookconfigurations mutatingwebhookconfigurations; do
  [[ $(value "/apis/admissionregistration.k8s.io/v1/$kind" items) == "[]" ]] ||
    fail "$kind are left"
done
secrets=$(value "$core/secrets" items)
[[ $secrets == "[]" ]] || fail "Secrets are left: $secrets"
there "$pools/$namespace/ipaddresspools/pool" || fail "the pool is gone"
[[ $(value "$crd/bfdprofiles.metallb.io" metadata labels of) == metallb ]] ||
  fail "MetalLB's custom resource is another"
echo "all seen"
