# lbd as pods in the lab of kubelet_lab.sh, installed as its users do it. To be
# sourced after kube_lab.sh, in place of kubelet_lab.sh.
#
#   IMAGE   the archive of the image
#   PAUSE   see kubelet_lab.sh
#
# What it runs are the commands of docs/kubernetes-install.md.

PAUSE=${PAUSE:-$kube_here/walk/pause}
IMAGE=${IMAGE:-$PWD/packaging/lbd-image.tar}
# shellcheck source=tests/kubernetes/walk/kubelet_lab.sh
source "$kube_here/walk/kubelet_lab.sh"

pods_version=v1.34.4
pods_namespace=metallb-system
pods_page=docs/kubernetes-install.md
name=nginx-test-service
service=default/$name
vip=172.18.8.201
# As the chart names it; the registry of the lab has it.
KUBELET_IMAGES+=("library/lbd:$(
  sed -n 's/^appVersion: //p' packaging/helm/lbd/Chart.yaml
)" "$IMAGE" "")

step() { printf '\n== %s\n' "$*"; }
show() {  # show COMMAND...: prints it, then what it says.
  printf '$ %s\n' "$*"
  "$@"
}

fail() {
  local log
  printf '\nFAILED: %s\n' "$*" >&2
  for log in "$LAB_DIR"/*/log/*.log "$LAB_DIR"/log/*.log; do
    [[ -s $log ]] || continue
    printf -- '--- %s (last 10 lines)\n' "$log" >&2
    tail -n 10 "$log" | cut -c 1-400 >&2
  done
  for log in "get pods --all-namespaces --output wide" "get events -A" \
    "logs --selector app.kubernetes.io/name=lbd --tail 20 --prefix -n $pods_namespace"; do
    printf -- '--- kubectl %s\n' "$log" >&2
    # shellcheck disable=SC2086 # Several words.
    kubectl $log 2>&1 | tail -n 60 | cut -c 1-400 >&2
  done
  exit 1
}

finish() {
  local status=$?
  trap - EXIT INT TERM
  kubelet_lab_down
  [[ $status -ne 0 ]] || rm -rf "$LAB_DIR"
  exit "$status"
}

# pods_lab_up: a cluster without lbd; ends the script as skipped where there can
# be none.
pods_lab_up() {
  local why status=0
  why=$(lab_permitted && kubelet_why_not) || {
    echo "SKIPPED: $why"
    exit 77
  }
  kube_lab_build "$pods_version" core control node
  KUBE_CORE=${programs[0]} CONTROL=${programs[1]} NODE=${programs[2]}
  HELM=$("$kube_here/build_helm.sh") || status=$?
  if ((status == 75)); then
    echo "SKIPPED: Helm cannot be built: the module proxy gives nothing"
    exit 77
  fi
  ((status == 0)) || exit "$status"
  trap finish EXIT
  trap 'exit 130' INT TERM
  step "Kubernetes $pods_version: a control plane, and ${LAB_NODES[*]} with kubelets"
  kubelet_lab_up || fail "the nodes are not ready"
  show kubectl get nodes --output wide
}

# page_commands PAGE SECTION: the indented lines for a shell in a section.
page_commands() {
  awk -v section="## $2" '
    /^#/ { inside = $0 == section; next }
    !inside { next }
    !/^    / { in_block = 0; next }
    { line = substr($0, 5) }
    !in_block { in_block = 1; is_shell = line ~ /^(kubectl|helm|for|secret=)/ }
    is_shell { print line }' "$1"
}
# page_sections PAGE: those that have such lines.
page_sections() {
  local section
  sed -n 's/^## //p' "$1" | while read -r section; do
    [[ -z $(page_commands "$1" "$section") ]] || echo "$section"
  done
}
# run_page PAGE SECTION [SED-SCRIPT [WORD...]]: runs them, perhaps with a change or
# by another command, and prints each. In the background, as bash runs no trap
# before a command has ended.
run_page() {
  local script=$LAB_DIR/page.sh page=$1 section=$2
  page_commands "$page" "$section" | sed "${3:-}" >"$script"
  [[ -s $script ]] || fail "$page: no command in section $section"
  sed 's/^/$ /' "$script"
  "${@:4}" bash -euo pipefail "$script" >"$LAB_DIR/page.log" 2>&1 &
  wait "$!" || fail "$page: $section: $(cat "$LAB_DIR/page.log")"
  # Helm says so of each of the chart's files here, which are links.
  grep -v 'found symbolic link in path' "$LAB_DIR/page.log" || true
}

# pods_install SECTION: until each pod is Ready, and how long that took.
pods_install() {
  local begun
  begun=$(date +%s%N)
  run_page "$pods_page" "$1"
  pods_ready || fail "the pods of lbd are not Ready"
  echo "from the first command to Ready pods: $((
    ($(date +%s%N) - begun) / 1000000)) ms"
  show kubectl get pods --namespace "$pods_namespace" --output wide
}
pods_ready() {
  kubectl --namespace "$pods_namespace" rollout status --timeout 60s \
    daemonset/lbd-speaker >"$LAB_DIR/rollout.log" 2>&1 &&
    kubectl --namespace "$pods_namespace" rollout status --timeout 60s \
      deployment/lbd-controller >"$LAB_DIR/rollout.log" 2>&1
}

# The lbctl of a node is that of its pod: lab_agree and others ask by it.
lab_lbctl() {  # lab_lbctl NODE ARGUMENT...
  local node=$1
  shift
  kubectl lb --node "$node" "$@"
}
announcer() { lab_service "$1" "$service" | cut -d' ' -f2; }

external_ip() {  # external_ip ADDRESS: is it what the status says?
  [[ $(kubectl get service "$name" \
    --output 'jsonpath={.status.loadBalancer.ingress[*].ip}') == "$1" ]]
}
deployed() {
  [[ $(kubectl get deployment nginx-test \
    --output 'jsonpath={.status.availableReplicas}') == 3 ]]
}
welcomed() {
  lab_in client curl -s --max-time 1 "http://$vip/" >"$LAB_DIR/page" &&
    grep -q 'Welcome to nginx!' "$LAB_DIR/page"
}
