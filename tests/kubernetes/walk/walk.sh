#!/usr/bin/env bash
# The walk through Kubernetes: three nodes with containerd, kubelet and
# kube-proxy, and lbd as pods on them. A Service of type LoadBalancer gets its
# address, the client reads its page, the announcing node loses power, another
# takes over. Each step is checked; exit status 0 only if all were seen. Called
# by ./run kubernetes and, under another prefix, by the tests.
#
#   IMAGE PAUSE       the image of lbd, and the init of nodes and pods
#   INSTALL           chart (default): lbd is installed by Helm; manifests: by
#                     lb-native.yaml
#   LAB_DIR           folder for state and logs
#   LAB_KEEP          not empty: the lab stays up until Ctrl-C
set -euo pipefail
# shellcheck source=tests/kubernetes/kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
# shellcheck source=tests/kubernetes/walk/lbd_pods.sh
source "$kube_here/walk/lbd_pods.sh"

declare -A sections=([chart]="By Helm" [manifests]="By one file")
section=${sections[${INSTALL:-chart}]}

say_how() {
  cat <<END

The lab stays up until Ctrl-C. Talk to it from another shell:
  export PATH=$KUBE_DIR/bin:\$PATH
  kubectl get pods --all-namespaces
  kubectl lb services
  ip netns exec $(lab_namespace client) curl http://$vip/
Logs are in $LAB_DIR/log and $LAB_DIR/n*/log.
END
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
status_says() {  # status_says NODE: who announces it, by the ServiceL2Status.
  [[ $(kubectl get servicel2statuses --namespace metallb-system \
    --selector "metallb.io/service-name=$name" \
    --output 'jsonpath={.items[*].status.node}') == "$1" ]]
}
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
  lab_wait 10 moved_from "$old_node" "${survivors[@]}" ||
    fail "${survivors[*]} do not agree on another node"
  node=$(announcer "${survivors[0]}")
  [[ $(lab_neighbour "$vip") == *"$(lab_mac "$node")"* ]] ||
    fail "the client's neighbour entry is not $node's: $(lab_neighbour "$vip")"
  show kubectl lb --node "$node" services
}

power_on() {  # power_on NODE: and all is as it was.
  local node
  node_power_on "$1" || fail "$1 does not boot"
  lab_wait 60 pods_answer || fail "the pods of $1 do not come back"
  # Connections towards the dead pods are kept for two minutes, and a client that
  # uses its port again meets them.
  for node in "${LAB_NODES[@]}"; do
    lab_in "$node" conntrack --flush 2>/dev/null || fail "conntrack on $node"
  done
  lab_wait 60 lab_agree "$service" "${LAB_NODES[@]}" ||
    fail "the nodes do not agree after $1 is back"
}

pods_lab_up

step "Strict ARP"
strict_arp || fail "kernels may answer for the addresses of Services"

step "lbd, as docs/kubernetes-install.md has it: $section"
pods_install "$section"

step "The manifests of MetalLB's users, unchanged"
show kubectl apply -f examples/manifests/metallb-l2-config.yaml
show kubectl apply -f examples/manifests/metallb-test.yaml
lab_wait 20 external_ip "$vip" || fail "the Service's address is not $vip"
lab_wait 60 deployed || fail "the pods of nginx do not run"
show kubectl get svc
show kubectl get pods --output wide
lab_wait 20 lab_agree "$service" "${LAB_NODES[@]}" ||
  fail "the nodes do not agree on $service"
show kubectl lb members
show kubectl lb services
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
  say_how
  trap 'exit 0' INT TERM
  while sleep 1; do :; done
fi
