#!/usr/bin/env bash
# Faults, drawn from one seed (soak.py), in a cluster of real nodes with lbd as
# pods: nodes are restarted one after the other; then nodes lose power and
# links, the API server is killed or hangs, controllers and speakers are killed,
# and lbd is told to read everything again. Meanwhile a client asks six
# Services, another host asks by ARP who has their addresses, and twenty
# Services more come, go and ask for addresses (storm.py).
#
# No address may be in two statuses, none may change unasked, what is harmless
# may silence no Service, and lbd may not grow. At the end all nodes, all
# statuses and who answers by ARP agree, each Service answers, and no node has
# problems.
#
#   IMAGE PAUSE     the image of lbd, and the init of nodes and pods
#   LAB_DIR         folder for state and logs
#   SOAK_SECONDS    of faults: 300; ./test --long has 1800
#   SOAK_SEED       1: the same seed, the same faults
set -euo pipefail
# shellcheck source=tests/kubernetes/kube_lab.sh
source "$PWD/tests/kubernetes/kube_lab.sh"
LAB_CLIENTS=(client asker cp)
# shellcheck source=tests/kubernetes/walk/lbd_pods.sh
source "$kube_here/walk/lbd_pods.sh"

seconds=${SOAK_SECONDS:-300} seed=${SOAK_SEED:-1}
soak=$kube_here/soak.py
changes=$LAB_DIR/changes
reloads=0
services=(cluster-{0,1,2,3} local-{0,1})
vip=$LAB_SUBNET.201

objects() {  # The addresses of the pool `soak` are those of the six Services.
  local number policy
  cat <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: soak, namespace: $pods_namespace}
spec: {addresses: ["$vip-$LAB_SUBNET.206"], autoAssign: false}
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: storm, namespace: $pods_namespace}
spec: {addresses: [172.18.64.1-172.18.64.199]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: all, namespace: $pods_namespace}
END
  for number in "${!services[@]}"; do
    policy=${services[number]%-*}
    cat <<END
---
apiVersion: v1
kind: Service
metadata:
  name: ${services[number]}
  annotations: {metallb.io/loadBalancerIPs: $LAB_SUBNET.$((201 + number))}
spec:
  type: LoadBalancer
  selector: {app: nginx-test}
  externalTrafficPolicy: ${policy^}
  ports: [{port: 80}]
END
  done
}
given() {  # "NAME ADDRESS" of the six.
  kube_cluster addresses | grep -E '^(cluster|local)-'
}
all_given() { [[ $(given | wc -l) -eq ${#services[@]} ]]; }
all_answer() {
  local address
  for address in "${addresses[@]}"; do
    lab_in client curl -sf --max-time 1 --output /dev/null "http://$address/" ||
      return
  done
}

# "NODE ROLE PID" of each lbd of this lab: their control groups tell.
lbd_processes() {
  local pid node role
  for pid in $(pgrep -x lbd); do
    node=$(grep -o -m 1 "/$KUBELET_CGROUP/n[0-9]*/" "/proc/$pid/cgroup" \
      2>/dev/null) || continue
    role=$(tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null |
      sed -n 's/^--role=//p') || continue
    node=${node%/}
    echo "${node##*/} $role $pid"
  done
}
sample() {  # Until this script has ended.
  local node role pid
  while sleep 10 && [[ -e /proc/$$ ]]; do
    lbd_processes | while read -r node role pid; do
      awk -v head="$(date +%s) $node $role $pid" \
        '/^VmRSS/ { print head, $2 }' "/proc/$pid/status" 2>/dev/null || true
    done
  done
}

note() { echo "$(date +%s.%3N) $*" | tee -a "$LAB_DIR/faults"; }
# In the background, as the API server may be away.
mending=()
soon() {  # soon COMMAND...
  "$@" >>"$LAB_DIR/soon.log" 2>&1 &
  mending+=($!)
}

# node_serves NODE: its speaker and its pod of nginx do. What the API server
# has of them may be from before the power cut.
node_serves() {
  local address
  lab_lbctl "$1" services >/dev/null 2>&1 || return
  for address in $(kubectl get pods --selector app=nginx-test \
    --field-selector "spec.nodeName=$1" \
    --output 'jsonpath={.items[*].status.podIP}'); do
    lab_in cp curl -sf --max-time 1 --output /dev/null "http://$address/" ||
      return
  done
}
note_when_it_serves() {
  lab_wait 150 node_serves "$1" && note serves "$1"
}
cut_power() {
  node_power_cut "$1"
  "${power_cut[@]}"
}
roll() {  # roll NODE
  note roll "$1"
  cut_power "$1"
  sleep 3
  node_power_on "$1" || fail "$1 does not boot"
  lab_wait 120 node_serves "$1" || fail "$1 does not serve again"
  note rolled "$1"
}
# Kubernetes makes another pod at once: to start a container again kubelet
# waits for longer each time.
kill_lbd() {  # kill_lbd ROLE NODE
  local pid
  for pid in $(lbd_processes |
    awk -v who="$2 $1" '$1 " " $2 == who { print $3 }'); do
    kill -KILL "$pid"
  done
  soon timeout 20 kubectl delete pods --namespace "$pods_namespace" \
    --wait=false --force --grace-period=0 \
    --field-selector "spec.nodeName=$2" \
    --selector "app.kubernetes.io/component=$1"
}
kill_controller() {  # One of them, at random.
  local node
  node=$(lbd_processes | awk '$2 == "controller" { print $1 }' | shuf -n 1)
  [[ -z $node ]] || kill_lbd controller "$node"
}
reload() {  # All lbd read again, and a pool comes or goes.
  local pid
  for pid in $(lbd_processes | cut -d' ' -f3); do kill -HUP "$pid" || true; done
  if ((reloads++ % 2)); then
    soon timeout 20 kubectl delete ipaddresspool extra \
      --namespace "$pods_namespace"
  else
    soon timeout 20 kubectl create -f "$LAB_DIR/extra.yaml"
  fi
}

act() {  # act ACTION TARGET: one line of soak.py
  case $1 in
    power) cut_power "$2" ;;
    on)
      node_power_on "$2" || fail "$2 does not boot"
      soon note_when_it_serves "$2"
      ;;
    cut) lab_cut_link "$2" ;;
    mend) lab_mend_link "$2" ;;
    api-kill) kube_stop apiserver KILL || fail "the API server does not end" ;;
    api-start)
      kube_start apiserver "${KUBELET_API[@]}" ||
        fail "the API server does not start again"
      ;;
    api-hang) kill -STOP "${kube_pids[apiserver]}" ;;
    api-wake) kill -CONT "${kube_pids[apiserver]}" ;;
    kill-speaker) kill_lbd speaker "$2" ;;
    kill-controller) kill_controller ;;
    reload) reload ;;
    *) fail "soak.py has an action that is none: $1" ;;
  esac
}
# Where the machine is slow to repair something, all that follows is as late, so
# that what fails has the time to recover that soak.py gives it. What is due
# after the end does not begin.
run_faults() {
  local first=$SECONDS begun=$SECONDS at action target due
  local -A fails=()
  while read -r at action target; do
    at=${at%.*}
    while ((SECONDS - begun < at)); do sleep 0.2; done
    due=$SECONDS
    # A fault counts from before it begins until after it has ended.
    case $action in
      *-start | *-wake | mend | on)
        [[ -n ${fails[$target]:-} ]] || continue
        unset "fails[$target]"
        act "$action" "$target"
        note "$action" "$target"
        ;;
      *)
        ((SECONDS - first < seconds)) || continue
        [[ $action == kill-* || $action == reload ]] || fails[$target]=1
        note "$action" "$target"
        act "$action" "$target"
        ;;
    esac
    ((begun += SECONDS - due)) || true
  done < <(python3 "$soak" faults "$seed" "$seconds" "${LAB_NODES[@]}")
}

agree() {
  local node nodes=()
  for node in "${LAB_NODES[@]}"; do
    nodes+=("$LAB_DIR/$node/lbd.sock=$(lab_mac "$node")")
  done
  lab_in client python3 "$kube_here/storm.py" "$KUBE_ADDRESS:$KUBE_PORT" \
    "$KUBE_DIR/pki" agree "$LAB_DIR/lbctl" "${nodes[@]}" \
    >"$LAB_DIR/agreement" 2>&1
}
well() {
  local node
  for node in "${LAB_NODES[@]}"; do
    lab_lbctl "$node" problems >"$LAB_DIR/problems-$node" || return
    [[ $(cat "$LAB_DIR/problems-$node") == "No problems." ]] || return
  done
}
unbroken() {
  local broken
  grep BROKEN "$changes" || return 0
  grep BROKEN "$changes" | grep -o 'storm-[0-9]*' | sort -u |
    while read -r broken; do
      kubectl get events --field-selector "involvedObject.name=$broken" \
        --output 'custom-columns=AT:eventTime,SERIES:series,NOTE:message'
      kubectl get service "$broken" --output yaml
    done
  fail "a claim was broken, see above (seed $seed)"
}

pods_lab_up
step "lbd, and six Services"
run_page "$pods_page" "By Helm" \
  '/^helm install/ s/$/ --set controller.fastNodeFailure=true/'
pods_ready || fail "the pods of lbd are not Ready"
objects >"$LAB_DIR/objects.yaml"
kubectl apply -f "$LAB_DIR/objects.yaml"
kubectl apply -f examples/manifests/metallb-test.yaml
kubectl delete service "$name"
# storm.py asks each node by a socket's name.
cat >"$LAB_DIR/lbctl" <<'END'
#!/bin/sh
exec kubectl lb --node "$(basename "$(dirname "$2")")" services -o json
END
chmod +x "$LAB_DIR/lbctl"
cat >"$LAB_DIR/extra.yaml" <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: extra, namespace: $pods_namespace}
spec: {addresses: [172.18.65.1-172.18.65.9], autoAssign: false}
END
lab_wait 20 all_given || fail "the Services have no addresses: $(given)"
given | tee "$LAB_DIR/given"
mapfile -t addresses < <(cut -d' ' -f2 "$LAB_DIR/given")
lab_wait 60 deployed || fail "the pods of nginx do not run"
lab_wait 30 all_answer || fail "not all Services answer at the start"

# What the meters themselves are late for says nothing.
(lab_exec client nice -n -15 python3 "$soak" ask "${addresses[@]}" \
  >"$LAB_DIR/requests") &
watchers=($!)
(lab_exec asker nice -n -15 python3 tests/netns/soak/watch.py ask 200 eth0 \
  "$(lab_mac asker)" "$(lab_address asker)" "$(lab_address6 asker)" \
  "${addresses[@]}" >"$LAB_DIR/asked") &
watchers+=($!)
(lab_exec client python3 "$soak" watch "$KUBE_ADDRESS:$KUBE_PORT" \
  "$KUBE_DIR/pki" "${services[0]}" >"$LAB_DIR/cluster") &
watchers+=($!)
(lab_exec client python3 "$kube_here/storm.py" "$KUBE_ADDRESS:$KUBE_PORT" \
  "$KUBE_DIR/pki" change "$seed" 20 0.5 >"$changes" 2>&1) &
changing=$!
sample >"$LAB_DIR/samples" &
sampling=$!

step "The nodes are restarted, one after the other"
for node in "${LAB_NODES[@]}"; do roll "$node"; done
unbroken
step "$seconds s of faults, seed $seed"
run_faults
# The report says what has not ended; bash has forgotten what ended long ago.
wait "${mending[@]}" 2>"$LAB_DIR/forgotten" || true

step "All is repaired"
lab_wait 90 pods_ready || fail "the pods of lbd are not Ready"
sleep 15
kill "$changing"
wait "$changing" || fail "the changes ended with $?: $(tail -n 5 "$changes")"
cat "$changes"
unbroken
lab_wait 120 agree || fail "no agreement: $(cat "$LAB_DIR/agreement")"
cat "$LAB_DIR/agreement"
lab_wait 20 all_answer || fail "not all Services answer at the end"
given | diff "$LAB_DIR/given" - || fail "addresses changed"
kill "$sampling" "${watchers[@]}"
for pid in "${watchers[@]}"; do
  wait "$pid" || fail "a watcher ended with $?"
done
# Some problems are about the last minutes.
lab_wait 150 well ||
  fail "at rest there are problems: $(cat "$LAB_DIR"/problems-n?)"
step "Seen in $seconds s, seed $seed"
python3 "$soak" report "$LAB_DIR" || fail "not all that was promised held"
echo "all seen"
