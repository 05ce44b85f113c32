#!/usr/bin/env bash
# The walk through Kubernetes: three nodes with containerd, kubelet and
# kube-proxy, and lbd on each of them. A Service of type LoadBalancer gets its
# address, the client reads its page, the announcing node loses power, another
# takes over. Each step is checked; exit status 0 only if all were seen. Called
# by ./run kubernetes and, under another prefix, by the tests.
#
#   LBD LBCTL PAUSE   the programs
#   LAB_DIR           folder for state and logs
#   LAB_KEEP          not empty: the lab stays up until Ctrl-C
set -euo pipefail
# shellcheck source=tests/kubernetes/kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
PAUSE=${PAUSE:-$kube_here/walk/pause}
# shellcheck source=tests/kubernetes/walk/kubelet_lab.sh
source "$kube_here/walk/kubelet_lab.sh"

version=v1.34.4
name=nginx-test-service
service=default/$name
vip=172.18.8.201

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
  exit 1
}

finish() {
  local status=$?
  trap - EXIT INT TERM
  kubelet_lab_down
  [[ $status -ne 0 ]] || rm -rf "$LAB_DIR"
  exit "$status"
}

say_how() {
  cat <<END

The lab stays up until Ctrl-C. Talk to it from another shell:
  alias kubectl='$KUBE_IN $CONTROL kubectl --kubeconfig $KUBE_DIR/admin.conf'
  $LBCTL --server unix:$LAB_DIR/$node/lbd.sock services
  ip netns exec $(lab_namespace client) curl http://$vip/
Logs are in $LAB_DIR/log and $LAB_DIR/n*/log.
END
}

start_controller() {  # start_controller NODE
  node_run "$1" controller "$LBD" --kubernetes --role=controller \
    --kubeconfig "$KUBE_DIR/controller.conf" --node-name "$1" \
    --state-dir "$LAB_DIR/$1/controller" --user "$(id -un)"
}
# No --deliver: kube-proxy takes the packets of a Service's address. The pods of
# speakers would be how they find each other; processes need --join.
start_speaker() {  # start_speaker NODE
  local node=$1 peer join=()
  for peer in "${LAB_NODES[@]}"; do
    [[ $peer == "$node" ]] || join+=(--join "$(lab_address "$peer")")
  done
  node_run "$node" speaker "$LBD" --kubernetes --role=speaker \
    --kubeconfig "$KUBE_DIR/speaker.conf" --node-name "$node" \
    --state-dir "$LAB_DIR/$node/state" \
    --gossip-bind "$(lab_address "$node")" "${join[@]}" \
    --gossip-secret-file "$LAB_DIR/secretkey" \
    --status-listen "unix:$LAB_DIR/$node/lbd.sock" --user "$(id -un)"
}
lbctl() { lab_lbctl n1 "$@"; }
controllers_of() {  # Two of the nodes have a controller; one of them acts.
  printf '%s\n' "${LAB_NODES[@]:0:2}"
}

# In a pod the Secret is a mounted file.
secret_read() {
  kubectl get secret memberlist --namespace metallb-system \
    --output 'jsonpath={.data.secretkey}' 2>/dev/null |
    base64 --decode >"$LAB_DIR/secretkey" && [[ -s $LAB_DIR/secretkey ]]
}

external_ip() {  # external_ip ADDRESS: is it what the status says?
  [[ $(kubectl get service "$name" \
    --output 'jsonpath={.status.loadBalancer.ingress[*].ip}') == "$1" ]]
}
deployed() {
  [[ $(kubectl get deployment nginx-test \
    --output 'jsonpath={.status.availableReplicas}') == 3 ]]
}
# Does each pod answer, on the nodes that say so?
pods_answer() {
  local address addresses
  addresses=$(kubectl get pods --selector app=nginx-test \
    --output 'jsonpath={.items[*].status.podIP}')
  [[ $(wc -w <<<"$addresses") -eq 3 ]] || return
  for address in $addresses; do
    lab_in n1 curl -sf --max-time 1 --output "$LAB_DIR/page" \
      "http://$address/" || return
  done
}
welcomed() {
  lab_in client curl -s --max-time 1 "http://$vip/" >"$LAB_DIR/page" &&
    grep -q 'Welcome to nginx!' "$LAB_DIR/page"
}
status_says() {  # status_says NODE: who announces it, by the ServiceL2Status.
  [[ $(kubectl get servicel2statuses --namespace metallb-system \
    --selector "metallb.io/service-name=$name" \
    --output 'jsonpath={.items[*].status.node}') == "$1" ]]
}
announcer() { lab_service "$1" "$service" | cut -d' ' -f2; }
moved_from() {  # moved_from NODE SURVIVOR...
  lab_agree "$service" "${@:2}" && [[ $(announcer "$2") != "$1" ]]
}

# Where kube-proxy puts a Service's address on an interface, every node's kernel
# would answer ARP for it.
strict_arp() {
  local config mode node
  config=$(kubectl get configmap kube-proxy --namespace kube-system \
    --output 'jsonpath={.data.config\.conf}') || return
  mode=$(sed -n 's/^mode: *//p' <<<"$config")
  echo "kube-proxy's mode, by its ConfigMap: $mode"
  if [[ $mode == ipvs ]]; then
    grep -q '^ *strictARP: true' <<<"$config" || return
    echo "ipvs.strictARP is set: kernels answer for the addresses of eth0 only"
  else
    echo "it puts no address of a Service on an interface, so no kernel answers"
  fi
  for node in "${LAB_NODES[@]}"; do
    ! ip -n "$(lab_namespace "$node")" -4 -oneline address |
      grep -v ' \(lo\|eth0\|cni0\) ' || return
  done
}

# cut_power POLICY: of the announcing node, while the client asks.
cut_power() {
  local policy=$1 node
  survivors=()
  old_node=$(announcer n1)
  for node in "${LAB_NODES[@]}"; do
    [[ $node == "$old_node" ]] || survivors+=("$node")
  done
  step "$old_node, which announces $vip, loses power; policy $policy"
  node_power_cut "$old_node"
  # In the background, as it takes a while.
  lab_in client python3 "$kube_here/outage.py" "$vip" 10 \
    "${power_cut[@]}" >"$LAB_DIR/outage-$policy" &
  wait "$!" || fail "the client has no answer after the power cut"
  cat "$LAB_DIR/outage-$policy"
  lab_wait 5 moved_from "$old_node" "${survivors[@]}" ||
    fail "${survivors[*]} do not agree on another node"
  node=$(announcer "${survivors[0]}")
  [[ $(lab_neighbour "$vip") == *"$(lab_mac "$node")"* ]] ||
    fail "the client's neighbour entry is not $node's: $(lab_neighbour "$vip")"
  lab_lbctl "$node" services
}

power_on() {  # power_on NODE: and all is as it was.
  local node
  node_power_on "$1" || fail "$1 does not boot"
  start_speaker "$1"
  ! controllers_of | grep -qx "$1" || start_controller "$1"
  lab_wait 60 pods_answer || fail "the pods of $1 do not come back"
  # Connections towards the dead pods are kept for two minutes, and a client that
  # uses its port again meets them.
  for node in "${LAB_NODES[@]}"; do
    lab_in "$node" conntrack --flush 2>/dev/null || fail "conntrack on $node"
  done
  lab_wait 20 lab_agree "$service" "${LAB_NODES[@]}" ||
    fail "the nodes do not agree after $1 is back"
}

why=$(lab_permitted && kubelet_why_not) || {
  echo "SKIPPED: $why"
  exit 77
}
kube_lab_build "$version" core control node
KUBE_CORE=${programs[0]} CONTROL=${programs[1]} NODE=${programs[2]}
trap finish EXIT
trap 'exit 130' INT TERM

step "Kubernetes $version: a control plane, and ${LAB_NODES[*]} with kubelets"
kubelet_lab_up || fail "the nodes are not ready"
show kubectl get nodes --output wide

step "Strict ARP"
strict_arp || fail "kernels may answer for the addresses of Services"

step "CustomResourceDefinitions, service accounts and their rights"
show kubectl apply -f packaging/kubernetes/crds -f packaging/kubernetes/rbac.yaml
for crd in packaging/kubernetes/crds/*.yaml; do
  kube_established "$(kube_field "$crd" name)" || fail "$crd is not served"
done
for role in controller speaker; do
  kube_lab_account "$role" || fail "no token for $role"
done

step "lbd: a controller on $(controllers_of | xargs), a speaker on each node"
for node in $(controllers_of); do start_controller "$node"; done
lab_wait 20 secret_read || fail "the controller makes no Secret memberlist"
for node in "${LAB_NODES[@]}"; do start_speaker "$node"; done

step "The manifests of MetalLB's users, unchanged"
show kubectl apply -f examples/manifests/metallb-l2-config.yaml
show kubectl apply -f examples/manifests/metallb-test.yaml
lab_wait 20 external_ip "$vip" || fail "the Service's address is not $vip"
lab_wait 60 deployed || fail "the pods of nginx do not run"
show kubectl get svc
show kubectl get pods --output wide
lab_wait 20 lab_agree "$service" "${LAB_NODES[@]}" ||
  fail "the nodes do not agree on $service"
show lbctl members
show lbctl services
lab_wait 10 status_says "$(announcer n1)" ||
  fail "no ServiceL2Status of $(announcer n1)"
show kubectl get servicel2statuses,configurationstates \
  --namespace metallb-system

step "The client fetches http://$vip/"
lab_wait 20 welcomed || fail "no \"Welcome to nginx!\" from http://$vip/"
grep -o 'Welcome to nginx!' "$LAB_DIR/page" | head -n 1
node=$(announcer n1)
[[ $(lab_neighbour "$vip") == *"$(lab_mac "$node")"* ]] ||
  fail "the client's neighbour entry is not $node's: $(lab_neighbour "$vip")"

step "Another Service, five times: how soon it has an address, and answers"
# In the background: bash runs no trap before a command has ended.
kube_cluster first 5 "$LAB_SUBNET.204" '{"selector": {"app": "nginx-test"}}' \
  >"$LAB_DIR/first" &
wait "$!" || fail "it does not answer"
cat "$LAB_DIR/first"

cut_power Cluster
power_on "$old_node"
kubectl patch service "$name" --type merge \
  --patch '{"spec": {"externalTrafficPolicy": "Local"}}'
lab_wait 20 welcomed || fail "$vip does not answer with policy Local"
cut_power Local

step "What the Service's events say"
kubectl describe service "$name" | tee "$LAB_DIR/described"
for event in IPAllocated nodeAssigned; do
  grep -q " $event " "$LAB_DIR/described" || fail "no event $event"
done

step "The Service asks for another address"
show kubectl annotate service "$name" "metallb.io/loadBalancerIPs=172.18.8.203"
vip=172.18.8.203
lab_wait 10 external_ip "$vip" || fail "the Service's address is not $vip"
show kubectl get svc "$name"
lab_wait 10 welcomed || fail "no \"Welcome to nginx!\" from http://$vip/"
grep -o 'Welcome to nginx!' "$LAB_DIR/page" | head -n 1

step "Result"
echo "a new Service (kube-proxy looks for changes once a second):"
sed 's/^/  /' "$LAB_DIR/first"
for policy in Cluster Local; do
  echo "power cut, policy $policy:"
  sed 's/^/  /' "$LAB_DIR/outage-$policy"
done
echo "With policy Cluster kube-proxy sends requests to the pod of the dead node, too," \
  "until Kubernetes finds the node not ready, after 50 s. With policy Local only" \
  "the node that announces the address serves it."
if [[ -n ${LAB_KEEP:-} ]]; then
  node=${survivors[0]}
  say_how
  trap 'exit 0' INT TERM
  while sleep 1; do :; done
fi
