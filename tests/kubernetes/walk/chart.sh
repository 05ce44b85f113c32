#!/usr/bin/env bash
# The life of an installation in a cluster of real nodes, by the commands of
# docs/kubernetes-install.md and docs/kubernetes.md: by the chart, tested, upgraded
# while a client asks, uninstalled; then by the one file, and that removed.
#
#   IMAGE PAUSE   the image of lbd, and the init of nodes and pods
#   LAB_DIR       folder for state and logs
set -euo pipefail
# shellcheck source=tests/kubernetes/kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
# shellcheck source=tests/kubernetes/walk/lbd_pods.sh
source "$kube_here/walk/lbd_pods.sh"

in_namespace() { kubectl --namespace "$pods_namespace" "$@"; }
there() { kubectl get --output name "$@" 2>/dev/null; }

# Sections whose commands another test runs: those with MetalLB.
sections_elsewhere="Beside MetalLB"
sections_here() {  # Each section with commands is one that this test runs.
  local page section
  for page in docs/kubernetes-install.md docs/kubernetes.md; do
    while read -r section; do
      grep -qF "\"$section\"" "$0" || [[ $section == "$sections_elsewhere" ]] ||
        fail "$page: no test runs the commands of section $section"
    done < <(page_sections "$page")
  done
}

pods_now() {
  in_namespace get pods --selector app.kubernetes.io/name=lbd --output name |
    sort
}
first_service() {
  run_page "$pods_page" "A first Service"
  lab_wait 20 external_ip "$vip" || fail "the Service's address is not $vip"
  lab_wait 60 welcomed || fail "no \"Welcome to nginx!\" from http://$vip/"
}

# nothing_left: what an installation adds, but what its user wrote.
nothing_left() {
  local kind left=0
  for kind in secrets leases serviceaccounts pods deployments daemonsets \
    roles rolebindings networkpolicies poddisruptionbudgets \
    servicel2statuses servicebgpstatuses; do
    in_namespace get "$kind" --output name 2>/dev/null |
      grep -v '^serviceaccount/default$' && left=1
  done
  for kind in clusterroles clusterrolebindings; do
    kubectl get "$kind" --output name | grep '/lbd:' && left=1
  done
  for kind in validatingwebhookconfigurations mutatingwebhookconfigurations; do
    kubectl get "$kind" --output name | grep . && left=1
  done
  return "$left"
}
# Not by what the client remembers: kube-proxy goes on answering on each node.
silent() { lab_in client ip neighbour flush dev eth0 && ! welcomed; }
crds_gone() { ! kubectl get crd --output name | grep -q metallb.io; }

sections_here
pods_lab_up

step "By Helm"
pods_install "By Helm"
first_service
show kubectl get svc

step "Test an installation"
run_page "$pods_page" "Test an installation"
[[ -z $(there pod lbd-test --namespace "$pods_namespace") ]] ||
  fail "the test's pod is left"

step "What docs/kubernetes.md has operators ask"
run_page docs/kubernetes.md "What nodes say of themselves"
run_page docs/kubernetes.md "kubectl lb"
run_page docs/kubernetes.md "When something is wrong"

step "Upgrade: each pod is another, and the client asks meanwhile"
pods_now >"$LAB_DIR/pods-before"
another="--set-string speaker.podAnnotations.run=2,controller.podAnnotations.run=2"
run_page "$pods_page" "Upgrade" "/^helm upgrade/ s/\$/ $another/" \
  lab_in client python3 "$kube_here/meanwhile.py" "$vip"
lost=$(sed -n 's/^failed besides: //p' "$LAB_DIR/page.log")
pods_ready || fail "the pods of lbd are not Ready"
pods_now >"$LAB_DIR/pods-after"
[[ $(wc -l <"$LAB_DIR/pods-after") -eq 5 ]] || fail "$(cat "$LAB_DIR/pods-after")"
! comm -12 "$LAB_DIR"/pods-{before,after} | grep . || fail "a pod was kept"
external_ip "$vip" || fail "the address changed"
lab_wait 20 lab_agree "$service" "${LAB_NODES[@]}" ||
  fail "the nodes do not agree on $service"
((lost == 0)) || fail "$lost requests were lost"

step "After a restore of etcd; another key"
run_page docs/kubernetes.md "What happens when"
run_page docs/kubernetes.md "Change the gossip's key"
pods_ready || fail "the pods of lbd are not Ready"
lab_wait 20 lab_agree "$service" "${LAB_NODES[@]}" ||
  fail "the nodes do not agree on $service"

step "The test fails where no speaker runs"
want_label() {  # want_label VALUE: of the speakers' nodes; null: any.
  in_namespace patch daemonset lbd-speaker --patch \
    "{\"spec\": {\"template\": {\"spec\": {\"nodeSelector\": {\"no\": $1}}}}}"
}
want_label '"no"'
no_speaker() {
  [[ -z $(in_namespace get pods --selector component=speaker --output name) ]]
}
lab_wait 30 no_speaker || fail "speakers do not end"
! helm test lbd --namespace "$pods_namespace" --timeout 60s \
  >"$LAB_DIR/helm-test.log" 2>&1 || fail "helm test: $(cat "$LAB_DIR/helm-test.log")"
in_namespace logs lbd-test | tee "$LAB_DIR/test.log"
grep -q 'lbctl: ' "$LAB_DIR/test.log" || fail "the test's log does not say why"
in_namespace delete pod lbd-test
want_label null
pods_ready || fail "the pods of lbd are not Ready"

step "Uninstall"
run_page "$pods_page" "Uninstall" '/^kubectl delete/d'
lab_wait 30 nothing_left || fail "something is left: $(nothing_left)"
lab_wait 10 silent || fail "$vip answers without lbd"
external_ip "$vip" || fail "the status is another"
[[ -n $(there ipaddresspool first-pool --namespace "$pods_namespace") ]] ||
  fail "the pool is gone"
run_page "$pods_page" "Uninstall" '/^helm /d'
lab_wait 20 crds_gone || fail "custom resources are left"
kubectl delete namespace "$pods_namespace"

step "By one file"
pods_install "By one file"
first_service
run_page "$pods_page" "Remove the one file"
lab_wait 60 crds_gone || fail "custom resources are left"
[[ -z $(there namespace "$pods_namespace") ]] || fail "the namespace is left"
lab_wait 10 silent || fail "$vip answers without lbd"
echo "all seen"
