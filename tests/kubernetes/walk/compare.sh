#!/usr/bin/env bash
# lbd and MetalLB in one cluster of real nodes, one after the other and twice: how
# long it takes from `kubectl apply` of the two manifests of MetalLB's users to
# "Welcome to nginx!".
#
#   bazel run -c opt //tests/kubernetes:compare [RUNS]
set -euo pipefail
if [[ -z ${LAB_DIR:-} ]]; then
  LAB_DIR=$(mktemp -d /tmp/lb-lab.XXXXXX)
fi
# shellcheck source=tests/kubernetes/kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
# shellcheck source=tests/kubernetes/walk/lbd_pods.sh
source "$kube_here/walk/lbd_pods.sh"
runs=${1:-5}
manifests=(-f examples/manifests/metallb-l2-config.yaml
  -f examples/manifests/metallb-test.yaml)

# MetalLB's programs as images of the names in its manifest.
metallb_images() {
  local built role status=0 version
  built=$("$kube_here/build_metallb.sh") || status=$?
  if ((status == 75)); then
    echo "SKIPPED: MetalLB cannot be built: the module proxy gives nothing"
    exit 77
  fi
  ((status == 0)) || exit "$status"
  for role in controller speaker; do
    mkdir -p "$KUBE_DIR/images/metallb-$role"
    cp "$built/$role" "$KUBE_DIR/images/metallb-$role"
    version=$(sed -n "s|.*image: quay.io/metallb/$role:||p" \
      "$built/metallb-native.yaml")
    KUBELET_IMAGES+=("metallb/$role:$version"
      "$KUBE_DIR/images/metallb-$role" "/$role")
  done
  metallb_manifest=$built/metallb-native.yaml
}

install_metallb() {
  kubectl apply -f "$metallb_manifest" >"$LAB_DIR/apply.log" ||
    fail "$(cat "$LAB_DIR/apply.log")"
  local part
  for part in deployment/controller daemonset/speaker; do
    kubectl --namespace "$pods_namespace" rollout status --timeout 120s "$part" \
      >"$LAB_DIR/rollout.log" || fail "MetalLB: $part is not ready"
  done
  # Its webhook takes objects a while after that.
  lab_wait 60 applied || fail "MetalLB takes no pool"
}
remove_metallb() { kubectl delete -f "$metallb_manifest" >/dev/null; }
install_lbd() {
  pods_install "By Helm" >"$LAB_DIR/install.log" ||
    fail "$(cat "$LAB_DIR/install.log")"
  grep '^from the first command' "$LAB_DIR/install.log"
  lab_wait 20 applied || fail "no custom resources"
}
remove_lbd() { run_page "$pods_page" "Uninstall" >/dev/null; }

no_crds() { ! kubectl get crd --output name | grep -q metallb.io; }
applied() { kubectl apply "${manifests[@]}" >/dev/null 2>&1; }
# All of the manifests but the namespace, in which their announcer is.
removed() {
  kubectl delete -f examples/manifests/metallb-test.yaml --ignore-not-found \
    --wait >/dev/null &&
    kubectl delete ipaddresspools,l2advertisements --all \
      --namespace metallb-system >/dev/null &&
    ! welcomed && ! kubectl get pods --output name | grep -q nginx-test
}

# measure WHAT: each line of it is that of one run, in milliseconds.
measure() {
  local count
  # So that each node has the image of nginx.
  lab_wait 60 deployed || fail "$1: the pods of nginx do not run"
  lab_wait 60 welcomed || fail "$1: no answer"
  for ((count = 0; count < runs; ++count)); do
    lab_wait 60 removed || fail "$1: what was deleted is there"
    sleep 3
    lab_in client ip neighbour flush dev eth0
    lab_in client python3 "$kube_here/first_answer.py" "$vip" \
      kubectl apply "${manifests[@]}" >>"$LAB_DIR/$1" || fail "$1: no answer"
  done
  lab_wait 60 removed || fail "$1: what was deleted is there"
  sort -n "$LAB_DIR/$1" | awk -v what="$1" '
    { from_start[NR] = $1; all = all " " $1; from_end = from_end " " $2 }
    END {
      printf "%s: median %d ms after the start of kubectl apply;", what,
        from_start[int((NR + 1) / 2)]
      printf " all:%s; after its end:%s\n", all, from_end
    }'
}

metallb_images
pods_lab_up
for ((round = 1; round <= 2; ++round)); do
  for what in lbd metallb; do
    step "$what, round $round"
    "install_$what"
    measure "$what"
    "remove_$what"
    lab_wait 60 no_crds || fail "custom resources are left"
  done
done
