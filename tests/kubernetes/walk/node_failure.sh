#!/usr/bin/env bash
# The option fast-node-failure on real nodes, by the chart: a node loses power
# while a client asks a Service of three pods with policy Cluster; then false
# alarms, gossip cut while kubelet and the API server are there.
#
#   IMAGE PAUSE    the image of lbd, and the init of nodes and pods
#   LAB_DIR        folder for state and logs
#   FAST=false     the same without the option: prints the figures, and wants none
#   HOLDER=victim  the controller that acts is on the node that loses power,
#                  and its Lease has to run out first: the figures are printed
#                  only
#   FALSE_ALARMS   how many; default 20
set -euo pipefail
# shellcheck source=tests/kubernetes/kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
# shellcheck source=tests/kubernetes/walk/lbd_pods.sh
source "$kube_here/walk/lbd_pods.sh"

fast=${FAST:-true} holder_is=${HOLDER:-elsewhere} alarms=${FALSE_ALARMS:-20}
outage=$LAB_DIR/outage
# The share of failed requests from the third second on.
failed_max=1  # Percent.

in_namespace() { kubectl --namespace "$pods_namespace" "$@"; }
# The node of the controller that holds the Lease. Its identity begins with the
# pod's name.
holder_node() {
  local holder
  holder=$(in_namespace get lease lbd-controller \
    --output 'jsonpath={.spec.holderIdentity}') || return
  in_namespace get pod "${holder%_*}" --output 'jsonpath={.spec.nodeName}'
}
# place_holder NODE: the Lease goes elsewhere, or stays there.
place_holder() {
  local there=$1 holder
  for _ in 1 2 3 4; do
    if [[ $(holder_node) == "$there" ]]; then
      [[ $holder_is != victim ]] || return 0
    elif [[ $holder_is != victim ]]; then
      return 0
    fi
    holder=$(in_namespace get lease lbd-controller \
      --output 'jsonpath={.spec.holderIdentity}')
    in_namespace delete pod "${holder%_*}" >/dev/null
    pods_ready || fail "the pods of lbd are not Ready"
    sleep 6
  done
  return 1
}
# "NAME NODE READY REASON" of nginx' pods.
nginx_pods() {
  local ready='.status.conditions[?(@.type=="Ready")]'
  kubectl get pods --selector app=nginx-test --output "jsonpath={range .items[*]}\
{.metadata.name} {.spec.nodeName} {$ready.status} {$ready.reason}{'\n'}{end}"
}
marked() { nginx_pods | grep -c NodeLostToLbd || true; }
ready_nodes='.endpoints[?(@.conditions.ready==true)].nodeName'
endpoints() {  # That are ready.
  kubectl get endpointslices \
    --selector "kubernetes.io/service-name=$name" \
    --output "jsonpath={.items[*]$ready_nodes}" | wc -w
}
all_serve() { [[ $(endpoints) -eq 3 && $(marked) -eq 0 ]]; }
# Each state of the endpoints, as it comes: the nodes of those that are ready.
# What is repaired at once is seen, too.
watch_endpoints() {
  kubectl get endpointslices --selector "kubernetes.io/service-name=$name" \
    --watch --output "jsonpath={'ready: '}{$ready_nodes}{'\n'}" \
    >"$LAB_DIR/endpoints" 2>&1 &
  watcher=$!
}
least_endpoints() {
  awk '/^ready:/ && (least == "" || NF - 1 < least) { least = NF - 1 }
    END { print least }' "$LAB_DIR/endpoints"
}
marked_events() {
  kubectl get events --all-namespaces --no-headers \
    --field-selector reason=PodsMarkedNotReady 2>/dev/null | wc -l
}
lost() {  # What speakers say.
  in_namespace get configurationstates \
    --output 'jsonpath={.items[*].metadata.annotations.lb\.io/lost-members}'
}
none_lost() { [[ -z $(lost | xargs) ]]; }
says_lost() { [[ " $(lost) " == *" $1 "* ]]; }

cut_gossip() {  # cut_gossip NODE
  lab_in "$1" nft -f - <<'NFT'
table inet cut {
  chain in {
    type filter hook input priority 0
    meta l4proto { tcp, udp } th dport 7946 drop
  }
  chain out {
    type filter hook output priority 0
    meta l4proto { tcp, udp } th dport 7946 drop
  }
}
NFT
}
mend_gossip() { lab_in "$1" nft delete table inet cut; }

false_alarms() {
  local alarm node least
  step "$alarms false alarms: the gossip of a node is cut for 4 s"
  sleep 32  # A controller that starts marks nothing at first.
  watch_endpoints
  for ((alarm = 0; alarm < alarms; ++alarm)); do
    node=${LAB_NODES[alarm % ${#LAB_NODES[@]}]}
    cut_gossip "$node"
    sleep 4
    [[ $fast != true ]] || says_lost "$node" ||
      fail "no speaker says that it lost $node"
    mend_gossip "$node"
    lab_wait 10 all_serve || fail "not repaired within 10 s: $(nginx_pods)"
    lab_wait 20 none_lost || fail "$(lost) is still lost"
  done
  kill "$watcher" ||
    fail "the watch of endpoints ended: $(cat "$LAB_DIR/endpoints")"
  least=$(least_endpoints)
  echo "$alarms false alarms: pods of $(marked_events) nodes were marked, the" \
    "Service had $least endpoints at least, all was repaired within 10 s"
  ((least > 0)) || fail "no endpoint was left"
}

pods_lab_up
step "lbd, with controller.fastNodeFailure=$fast"
run_page "$pods_page" "By Helm" \
  "/^helm install/ s/\$/ --set controller.fastNodeFailure=$fast/"
pods_ready || fail "the pods of lbd are not Ready"
kubectl apply -f examples/manifests/metallb-l2-config.yaml \
  -f examples/manifests/metallb-test.yaml
lab_wait 20 external_ip "$vip" || fail "the Service's address is not $vip"
lab_wait 60 deployed || fail "the pods of nginx do not run"
lab_wait 20 welcomed || fail "no \"Welcome to nginx!\" from http://$vip/"
[[ $(nginx_pods | cut -d' ' -f2 | sort -u | wc -l) -eq 3 ]] ||
  fail "nginx is not on three nodes: $(nginx_pods)"

((alarms == 0)) || false_alarms

victim=$(announcer n1)
place_holder "$victim" || fail "the Lease does not go where it should"
sleep 32
step "$victim, which announces $vip, loses power; $(holder_node) has the Lease"
node_power_cut "$victim"
lab_in client python3 "$kube_here/outage.py" "$vip" 60 "${power_cut[@]}" \
  >"$outage" &
wait "$!" || fail "the client has no answer after the power cut"
cat "$outage"
nginx_pods
kubectl get events --all-namespaces \
  --field-selector "involvedObject.name=$victim" | tail -n 5
first=$(sed -n 's/^first answer after \([0-9]*\) ms$/\1/p' "$outage")
share=$(awk '/^failed requests/ {
  for (i = 9; i <= NF; ++i) { split($i, of, "/"); failed += of[1]; all += of[2] }
  printf "%.2f", 100 * failed / all }' "$outage")
echo "first answer after $first ms; failed from the third second on: $share %"
if [[ $fast == true && $holder_is != victim ]]; then
  ((first <= 700)) || fail "the first answer took $first ms, want 700"
  awk -v share="$share" -v max="$failed_max" 'BEGIN { exit share > max }' ||
    fail "$share % failed from the third second on, want $failed_max"
fi

step "$victim is back"
all_back() {
  all_serve && lab_agree "$service" "${LAB_NODES[@]}"
}
# shellcheck disable=SC2016 # The other shell expands it.
lab_in client python3 "$kube_here/meanwhile.py" "$vip" \
  bash -c 'until [[ -e $0 ]]; do sleep 0.2; done' "$LAB_DIR/back" \
  >"$LAB_DIR/meanwhile" &
asking=$!
node_power_on "$victim" || fail "$victim does not boot"
lab_wait 90 all_back || fail "not all pods serve: $(nginx_pods)"
sleep 10  # The address has moved back, and kube-proxies know all endpoints.
touch "$LAB_DIR/back"
wait "$asking" || fail "the client has no answer: $(cat "$LAB_DIR/meanwhile")"
cat "$LAB_DIR/meanwhile"
nginx_pods
grep -qx 'failed besides: 0' "$LAB_DIR/meanwhile" ||
  fail "requests were lost as $victim came back"
echo "all seen"
