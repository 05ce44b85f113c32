#!/usr/bin/env bash
# The live move from MetalLB, as docs/metallb.md has it: its "sh cluster" blocks
# run here, with a real kubectl and Helm, against a real API server in which
# MetalLB's own controller and speakers serve 100 Services. play_pods.py makes
# processes of the pods.
#
#   move.sh              all of it; prints what clients lost in each step
#
# One client pings each address every 10 ms; another host asks who has it every
# 200 ms, as one that has no entry. First MetalLB's speakers are restarted, one
# after the other: what that loses is the measure for what the move may lose.
set -euo pipefail
# shellcheck source=kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"

LAB_CLIENTS=(client asker cp)
services=100
page=$PWD/docs/metallb.md
ask_all=$PWD/tests/netns/ask_all

fail() {
  printf '\nFAILED: %s\n' "$*"
  tail -n 20 "$LAB_DIR"/pods/*/log "$LAB_DIR"/play.log "$LAB_DIR"/page.log
  exit 1
}
step() { printf '\n== %s\n' "$*"; }

# --- Programs, and a shell that has them.
build_all() {
  mkdir -p "$LAB_DIR/bin" "$LAB_DIR/tree/packaging/helm"
  build Helm "$kube_here/build_helm.sh"
  ln -s "${built[0]}" "$LAB_DIR/bin/helm"
  build MetalLB "$kube_here/build_metallb.sh"
  export METALLB=${built[0]} LBD
  kube_lab_build v1.34.4 control
  printf '#!/bin/sh\nexec %s kubectl "$@"\n' "${programs[0]}" \
    >"$LAB_DIR/bin/kubectl"
  chmod +x "$LAB_DIR/bin/kubectl"
  ln -s "$LBCTL" "$LAB_DIR/bin/lbctl"
  # Helm would tell of each link.
  cp -rL packaging/helm/lbd "$LAB_DIR/tree/packaging/helm/lbd"
  cp -rL packaging/kubernetes "$LAB_DIR/tree/packaging/kubernetes"
}
run() {  # run TEXT: as an operator who has this tree and a kubeconfig.
  (cd "$LAB_DIR/tree" && PATH=$LAB_DIR/bin:$PATH KUBECONFIG=$KUBE_DIR/admin.conf \
    HOME=$LAB_DIR node=${node:-} lab_in cp bash -euo pipefail -c "$1")
}
# The blocks of a section of the page.
blocks() {
  awk -v heading="## $1" '
    /^## / { here = $0 == heading }
    /^```/ && inside { inside = 0; next }
    /^```sh cluster$/ && here { inside = 1; next }
    inside { print }' "$page"
}
follow() {  # follow HEADING: does what the section says.
  local text
  text=$(blocks "$1")
  [[ -n $text ]] || fail "docs/metallb.md has no commands below: $1"
  run "$text" >"$LAB_DIR/page.log" 2>&1 || fail "$1: a command failed"
}

# --- The cluster: MetalLB as its own manifest has it, and what serves.
metallb_objects() {  # But for what wants an answer of a webhook.
  awk -v RS='---\n' -v ORS='---\n' -v webhook="$1" '
    /kind: ValidatingWebhookConfiguration/ == webhook' \
    "$METALLB/metallb-native.yaml"
}
cluster_up() {
  lab_up && kube_up || return
  metallb_objects 0 >"$KUBE_DIR/metallb.yaml"
  kube_apply "$KUBE_DIR/metallb.yaml" || return
  for crd in ipaddresspools l2advertisements servicel2statuses; do
    kube_established "$crd.metallb.io" || return
  done
  kube_cluster hosts "${LAB_NODES[@]}"
  for node in "${LAB_NODES[@]}"; do
    lab_start_nginx "$node"
    # As kube-proxy's rules do.
    lab_in "$node" nft -f - <<END
table ip services {
  chain pre {
    type nat hook prerouting priority dstnat
    ip daddr $LAB_SUBNET.90-$LAB_SUBNET.219 dnat to $(lab_address "$node")
  }
}
END
  done
  mkdir -p "$LAB_DIR/pods"
  (lab_exec cp setpriv --pdeathsig KILL python3 "$kube_here/play_pods.py" \
    "$KUBE_ADDRESS:$KUBE_PORT" "$KUBE_DIR/pki" "$LAB_DIR/pods" "$LAB_PREFIX" \
    metallb-system lbd-system >"$LAB_DIR/play.log" 2>&1) &
}
serve() {
  cat >"$KUBE_DIR/pool.yaml" <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: pool, namespace: metallb-system}
spec: {addresses: [$LAB_SUBNET.100-$LAB_SUBNET.219]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: all, namespace: metallb-system}
END
  kube_apply "$KUBE_DIR/pool.yaml"
  kube_cluster many "$services" || fail "no addresses"
  addresses >"$KUBE_DIR/before"
  mapfile -t vips < <(cut -d' ' -f2 "$KUBE_DIR/before")
  metallb_objects 1 >"$KUBE_DIR/webhook.yaml"
  kube_apply "$KUBE_DIR/webhook.yaml"
}
addresses() { kube_cluster addresses | grep '^many-'; }
unchanged() {
  addresses >"$KUBE_DIR/now"
  diff "$KUBE_DIR/before" "$KUBE_DIR/now" || fail "$1: addresses changed"
}
# Does one node say of each Service that it announces it, and each node of some?
#
# A speaker of MetalLB that starts announces everything until it has joined the
# others, and deletes their ServiceL2Statuses. lbd writes its own again ten
# seconds after that speaker came.
agree() {
  local announced=$KUBE_DIR/announced
  kube_cluster announced | grep '^many-' | sort >"$announced" &&
    [[ -z $(cut -d' ' -f1 "$announced" | uniq -d) ]] &&
    (($(wc -l <"$announced") >= services)) &&
    [[ $(cut -d' ' -f2 "$announced" | sort -u | wc -l) == "${#LAB_NODES[@]}" ]]
}
speakers() {  # speakers NODE: which pods of speakers it has.
  run "kubectl -n metallb-system get pods -l component=speaker -o name \
    --field-selector spec.nodeName=$1"
}

# --- What clients lose.
declare -A lost=() unanswered=()
# measure KIND WHAT COMMAND...: adds to what this kind of step lost.
measures=0
measure() {
  local kind=$1 what=$2 pinging asking pings arp
  pings=$LAB_DIR/ping-$((++measures)).log arp=$LAB_DIR/arp-$measures.log
  shift 2
  # 10,000 pings a second want a processor when they want it: what the meter
  # itself is late for says nothing.
  (lab_exec client nice -n -15 "$ask_all" ping 10 "${vips[@]}" >"$pings") &
  pinging=$!
  (lab_exec asker nice -n -15 "$ask_all" arp 200 eth0 \
    "$(lab_mac asker)" "$(lab_address asker)" "${vips[@]}" >"$arp") &
  asking=$!
  sleep 1
  step_begun=$(date +%s.%N)
  "$@"
  lab_wait 30 agree || fail "$what: not one node for each Service"
  sleep 3
  kill "$pinging" "$asking"
  wait "$pinging" "$asking" || fail "the meters end with a fault"
  unchanged "$what"
  count "$pings" "$what: pings"
  ((lost[$kind] += counted)) || true
  count "$arp" "$what: ARP requests"
  ((unanswered[$kind] += counted)) || true
}
count() {  # count FILE WHAT: has the lost ones in `counted`.
  local asked late twice silence address
  read -r _ asked _ counted _ late _ twice _ silence _ address \
    < <(tail -n 1 "$1")
  echo "$2: $counted of $asked lost, $late late, $twice answered by two," \
    "longest silence $silence ms ($address)"
  ((asked > 0)) || fail "$2: nothing was asked"
  awk -v begun="$step_begun" '
    $2 == "lost" { sum[int($5 - begun)] += $3; ++n[int($5 - begun)] }
    END {
      for (at in n)
        printf "  +%d s: %d addresses lost their first, %d in all\n", at, n[at],
          sum[at]
    }' "$1" | sort -n -t + -k 2
}
restart() {  # MetalLB's speaker of a node, as a new image would.
  local pod
  pod=$(speakers "$node")
  run "kubectl -n metallb-system delete $pod --wait=true" >/dev/null
  lab_wait 30 restarted "$pod" || fail "no new speaker on $node"
}
restarted() { [[ $(speakers "$node") != "$1" && -n $(speakers "$node") ]]; }

lbctl_of() {  # lbctl_of NODE ARGUMENT...
  "$LBCTL" --server "unix:$LAB_DIR/pods/$1-metallb-system/lbd.sock" "${@:2}"
}
in_range() {  # in_range PREFIX COUNT FIRST LAST: the addresses of Services.
  kube_cluster addresses | awk -v name="^$1-" -v first="$3" -v last="$4" '
    $1 ~ name { split($2, part, "."); n += part[4] >= first && part[4] <= last }
    END { print n + 0 }' | grep -qx "$2"
}
pinged() { lab_in client ping -n -c 1 -W 0.5 "$1" >/dev/null; }

# Each serves its own class, and leaves the other's alone.
side_by_side() {
  follow "Side by side"
  kube_cluster services class 3 30 loadBalancerClass=lbd ||
    fail "lbd gives its class no address"
  kube_cluster services plain 3 30 || fail "MetalLB gives no address"
  in_range class 3 90 99 || fail "lbd's class: $(kube_cluster addresses)"
  in_range plain 3 200 219 || fail "no class: $(kube_cluster addresses)"
  for number in 0 1 2; do
    lab_wait 20 pinged "$LAB_SUBNET.9$number" || fail "class-$number is silent"
  done
  ! kube_cluster announced | grep '^class-' ||
    fail "MetalLB announces what is lbd's"
  ! run "kubectl -n lbd-system get servicel2statuses \
    -o jsonpath='{.items[*].status.serviceName}'" | grep 'plain\|many' ||
    fail "lbd announces what is MetalLB's"
  run "helm uninstall beside --namespace lbd-system" >/dev/null
  for number in 0 1 2; do
    kube_cluster delete "class-$number"
    kube_cluster delete "plain-$number"
  done
}

kube_lab_begin
build_all
step "MetalLB serves $services Services"
cluster_up || fail "the control plane does not start"
serve
lab_wait 60 agree || fail "MetalLB does not announce"
step "Side by side"
side_by_side
unchanged "side by side"
step "MetalLB's speakers are restarted"
for node in "${LAB_NODES[@]}"; do
  measure restart "MetalLB's speaker of $node restarts" restart
done
step "Compared"
follow "Compare"
cat "$LAB_DIR/page.log"
step "Prepared"
measure prepare "prepared" follow "Prepare"
step "Node after node"
for node in "${LAB_NODES[@]}"; do
  measure move "$node moves to lbd" follow "Move node after node"
  [[ $(lbctl_of "$node" members | grep -c alive) == 3 ]] ||
    fail "$node: $(lbctl_of "$node" members)"
  lbctl_of "$node" problems
done
step "The controller"
measure controller "the controller moves" follow "Move the controller"
kube_cluster services after 1 20 || fail "lbd's controller gives no address"
step "And back"
measure controller "the controller moves back" follow "Go back"
kube_cluster services back 1 20 || fail "MetalLB's controller gives no address"
for node in "${LAB_NODES[@]}"; do
  measure back "$node moves back" follow "Move node after node back"
done
step "Finished"
kube_apply "$KUBE_DIR/webhook.yaml"
for node in "${LAB_NODES[@]}"; do follow "Move node after node"; done
follow "Move the controller"
measure finish "MetalLB is removed" follow "Finish"
for node in "${LAB_NODES[@]}"; do
  [[ $(speakers "$node") == pod/lbd-* ]] || fail "$node has $(speakers "$node")"
done
# A machine that does other things may lose a few; speakers of MetalLB that stop
# before another one answers lose some questions, now more and now less.
slack=20 arp_slack=60
for kind in "${!lost[@]}"; do
  echo "$kind: ${lost[$kind]} pings lost, ${unanswered[$kind]} ARP requests"
  ((lost[$kind] <= lost[restart] + slack)) ||
    fail "$kind: ${lost[$kind]} pings lost; restarts of MetalLB's speakers" \
      "lost ${lost[restart]}"
  ((unanswered[$kind] <= 2 * unanswered[restart] + arp_slack)) ||
    fail "$kind: ${unanswered[$kind]} ARP requests unanswered; restarts of" \
      "MetalLB's speakers left ${unanswered[restart]}"
done
