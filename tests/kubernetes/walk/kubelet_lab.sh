# Kubernetes with real nodes, in the lab of tests/netns: host `cp` has the
# control plane and a registry of images; containerd, kubelet and kube-proxy run
# on n1, n2, n3. To be sourced, after kube_lab.sh.
#
#   PAUSE            the program `pause` of this folder
#   CONTROL NODE     programs of build_programs.sh
#   HELM             the program of build_helm.sh; may be empty
#   KUBELET_IMAGES   further images, as registry.py wants them: an array
#
# A node is a process tree in namespaces of its own, with `pause` as its init.
# Its /run and /var are memory of its own, so the end of init is a power cut:
# the kernel removes all processes and mounts. Not `ip netns exec`, but nsenter
# brings processes in: the former mounts a /sys that has no control groups.

KUBELET_PODS=10.244  # The node n1 has the pods 10.244.1.0/24, and so on.
KUBELET_REGISTRY_PORT=5000
KUBELET_CGROUP=lb-lab-${LAB_PREFIX}kubelets
KUBELET_INIT=$KUBE_DIR/images/pause/pause
KUBELET_IMAGES=()
# Flags of the API server, also for kube_start. Pods reach it by the Service
# "kubernetes", and it reaches them, as the host cp has no kube-proxy, by their
# own addresses. It asks kubelets for logs as admin.
KUBELET_API=(--authorization-mode=Node
  --enable-admission-plugins=NodeRestriction --endpoint-reconciler-type=lease
  --enable-aggregator-routing
  --kubelet-client-certificate="$KUBE_DIR/pki/admin.crt"
  --kubelet-client-key="$KUBE_DIR/pki/admin.key"
  --kubelet-preferred-address-types=InternalIP)
declare -A node_inits=()

# kubectl, its plugin and helm as a user has them, in a folder of the PATH.
kubelet_tools() {
  local bin=$KUBE_DIR/bin
  mkdir -p "$bin" "$KUBE_DIR/home" || return
  kubelet_tool kubectl "$CONTROL" kubectl || return
  [[ -z ${HELM:-} ]] || kubelet_tool helm "$HELM" || return
  cp -L packaging/kubectl-lb "$bin/kubectl-lb" && chmod +x "$bin/kubectl-lb" ||
    return
  export PATH=$bin:$PATH
}
kubelet_tool() {  # kubelet_tool NAME COMMAND...
  cat >"$KUBE_DIR/bin/$1" <<END
#!/bin/sh
export KUBECONFIG='$KUBE_DIR/admin.conf' HOME='$KUBE_DIR/home'
exec $KUBE_IN ${@:2} "\$@"
END
  chmod +x "$KUBE_DIR/bin/$1"
}

# kubelet_why_not: says what is missing on this host, and fails then.
kubelet_why_not() {
  local program
  for program in containerd runc nft iptables conntrack openssl nginx \
    /usr/lib/cni/bridge; do
    command -v "$program" >/dev/null && continue
    echo "$program is not installed; bazel/install_packages.sh kubernetes does"
    return 1
  done
  if [[ ! -e /sys/fs/cgroup/cgroup.procs && ! -w /sys/fs/cgroup/memory ]]; then
    echo "no control groups at /sys/fs/cgroup"
    return 1
  fi
}

kubelet_lab_up() {
  local node
  kubelet_tools && lab_up && kubelet_routes || return
  kube_up "${KUBELET_API[@]}" || return
  kubelet_controllers && kubelet_images && kubelet_proxy_config || return
  for node in "${LAB_NODES[@]}"; do
    kubelet_user "$node" "/O=system:nodes/CN=system:node:$node" &&
      node_power_on "$node" || return
  done
  kube_wait 90 kubelet_all_ready
}
kubelet_all_ready() {
  [[ $(kubectl get nodes --no-headers | grep -cw Ready) -eq ${#LAB_NODES[@]} ]]
}

kubelet_lab_down() {
  local node pids=() groups=() group
  for node in "${LAB_NODES[@]}"; do
    pids+=($(ip netns pids "$(lab_namespace "$node")" 2>/dev/null))
  done
  kube_down || true
  lab_down
  # The kernel ends an init when all of its processes and mounts are gone.
  kube_wait 10 kubelet_all_gone "${pids[@]}" ||
    echo "these processes do not end: $(ps -o pid=,comm= "${pids[@]}")" >&2
  mapfile -t groups < <(find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d \
    -name "$KUBELET_CGROUP")
  for group in "${groups[@]}"; do
    find "$group" -depth -type d -exec rmdir {} \;
  done
}
# In a trap `return` alone would give the status of before the trap.
kubelet_all_gone() {  # kubelet_all_gone PID...
  local pid
  for pid in "$@"; do [[ ! -e /proc/$pid ]] || return 1; done
}

# Nodes forward; they and the host cp know where the others' pods are. A default
# route is where kubelet and kube-proxy look for their own address.
kubelet_routes() {
  local node other
  for node in "${LAB_NODES[@]}"; do
    lab_in "$node" sysctl -qw net.ipv4.ip_forward=1 || return
    ip -n "$(lab_namespace "$node")" route add default via "$LAB_SUBNET.1" ||
      return
    for other in cp "${LAB_NODES[@]}"; do
      [[ $other != "$node" ]] || continue
      ip -n "$(lab_namespace "$other")" route add \
        "$KUBELET_PODS.${node#n}.0/24" via "$(lab_address "$node")" || return
    done
  done
}

# kubelet_user NAME SUBJECT: a client certificate and NAME.conf.
kubelet_user() {
  kube_key "$1" "$2" >>"$KUBE_DIR/log/pki.log" 2>&1 && kube_kubeconfig "$1"
}

kubelet_controllers() {
  local name manager=$KUBE_DIR/manager.conf scheduler=$KUBE_DIR/scheduler.conf
  kubelet_user manager /CN=system:kube-controller-manager &&
    kubelet_user scheduler /CN=system:kube-scheduler &&
    kubelet_user proxy /CN=system:kube-proxy || return
  kube_run manager "$CONTROL" controller-manager --kubeconfig="$manager" \
    --authentication-kubeconfig="$manager" \
    --authorization-kubeconfig="$manager" --bind-address=127.0.0.1 \
    --service-account-private-key-file="$KUBE_DIR/pki/sa.key" \
    --root-ca-file="$KUBE_DIR/pki/ca.crt" \
    --use-service-account-credentials --leader-elect=false
  kube_run scheduler "$CONTROL" scheduler --kubeconfig="$scheduler" \
    --authentication-kubeconfig="$scheduler" \
    --authorization-kubeconfig="$scheduler" --bind-address=127.0.0.1 \
    --leader-elect=false
}

# The images pause and nginx, of this host's own files, behind the names that
# manifests have.
kubelet_images() {
  local images=$KUBE_DIR/images library root server
  root=$images/nginx
  mkdir -p "$images/pause" "$root"/{etc/nginx,run,tmp,var/log/nginx} \
    "$root"/var/lib/nginx "$KUBE_DIR/registry/_default" || return
  cp -L "$PAUSE" "$KUBELET_INIT" || return
  cp -L --parents /usr/sbin/nginx "$root" &&
    cp -r --parents /usr/share/nginx/html "$root" || return
  for library in $(ldd /usr/sbin/nginx | grep -o '/[^ ]*'); do
    cp -L --parents "$library" "$root" || return
  done
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  cat >"$root/etc/nginx/nginx.conf" <<'END'
user root;
worker_processes 1;
daemon off;
pid /run/nginx.pid;
events {}
http {
  access_log off;
  server {
    listen 80;
    root /usr/share/nginx/html;
  }
}
END
  server=http://$KUBE_ADDRESS:$KUBELET_REGISTRY_PORT
  cat >"$KUBE_DIR/registry/_default/hosts.toml" <<END
server = "$server"
[host."$server"]
  capabilities = ["pull", "resolve"]
END
  kube_run registry python3 "$kube_here/walk/registry.py" "$KUBE_ADDRESS" \
    "$KUBELET_REGISTRY_PORT" library/pause:1 "$images/pause" /pause \
    library/nginx:latest "$root" "/usr/sbin/nginx -e stderr" \
    "${KUBELET_IMAGES[@]}"
}

# In a cluster kube-proxy's configuration is a ConfigMap; here it is one too, and
# the file that nodes read.
kubelet_proxy_config() {
  cat >"$KUBE_DIR/proxy.yaml" <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $KUBE_DIR/proxy.conf}
mode: nftables
clusterCIDR: $KUBELET_PODS.0.0/16
conntrack: {maxPerCore: 0, min: 0}
END
  # The server makes this namespace after it says that it is ready.
  kube_wait 10 kubectl create configmap kube-proxy --namespace kube-system \
    --from-file "config.conf=$KUBE_DIR/proxy.yaml"
}

# node_power_on NODE: boots it, also after a power cut. What was on its disk is
# gone; its Node and its pods are still known to the API server.
node_power_on() {
  local node=$1 namespace parent
  namespace=$(lab_namespace "$node")
  mkdir -p "$LAB_DIR/$node/log" "$LAB_DIR/$node/cni"
  # The kernel of its network outlives the power cut.
  ip -n "$namespace" link delete cni0 2>/dev/null || true
  nsenter --net="/run/netns/$namespace" nft flush ruleset || return
  lab_mend_link "$node"
  setpriv --pdeathsig KILL nsenter --net="/run/netns/$namespace" \
    unshare --mount --pid --uts --fork --kill-child --mount-proc \
    --propagation private bash -euc '
      hostname "$1"
      mount --make-rshared /
      mount -t tmpfs run /run
      mount -t tmpfs var /var
      mkdir /var/{lib,log,tmp}
      ln -s /run /var/run
      touch /run/booted
      exec "$2"' boot "$node" "$KUBELET_INIT" \
    </dev/null >>"$LAB_DIR/$node/log/init.log" 2>&1 &
  parent=$!
  disown
  kube_wait 5 node_has_booted "$parent" || return
  node_inits[$node]=$(pgrep --parent "$parent")
  node_start_containerd "$node" && node_start_kubelet "$node" &&
    node_run "$node" proxy "$NODE" proxy --config="$KUBE_DIR/proxy.yaml"
}
node_has_booted() {  # node_has_booted PARENT-OF-INIT
  local init
  init=$(pgrep --parent "$1") && [[ -e /proc/$init/root/run/booted ]]
}

# node_power_cut NODE: a command that cuts it, for others to run: its processes
# end, and its link is down.
node_power_cut() {
  power_cut=(bash -c 'kill -KILL "$0" && ip -n "$1" link set "$2" down'
    "${node_inits[$1]}" "$(lab_namespace switch)" "$1")
}

# node_run NODE NAME COMMAND...: in the background, until the power is cut.
node_run() {
  local node=$1 name=$2
  shift 2
  setpriv --pdeathsig KILL nsenter --target "${node_inits[$node]}" \
    --net --mount --pid --uts "$@" \
    </dev/null >>"$LAB_DIR/$node/log/$name.log" 2>&1 &
  disown
}

node_start_containerd() {  # node_start_containerd NODE: and waits for its socket.
  local node=$1 folder=$LAB_DIR/$1
  cat >"$folder/cni/bridge.conflist" <<END
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": "$KUBELET_PODS.${node#n}.0/24"}]]}}]}
END
  cat >"$folder/containerd.toml" <<END
version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.tracing.processor.v1.otlp"]
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "pause:1"
  disable_apparmor = true
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "$KUBE_DIR/registry"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "$folder/cni"
END
  node_run "$node" containerd containerd --config "$folder/containerd.toml"
  kube_wait 20 test -S \
    "/proc/${node_inits[$node]}/root/run/containerd/containerd.sock"
}

node_start_kubelet() {  # node_start_kubelet NODE
  local node=$1 folder=$LAB_DIR/$1 group
  # By version 1 each controller has a tree of its own.
  for group in /sys/fs/cgroup{,/*}/cgroup.procs; do
    [[ -e $group ]] || continue
    mkdir -p "${group%/*}/$KUBELET_CGROUP/$node"
    [[ $group != /sys/fs/cgroup/cgroup.procs ]] || break
  done
  cat >"$folder/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $KUBE_DIR/pki/ca.crt}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
cgroupRoot: /$KUBELET_CGROUP/$node
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
enforceNodeAllocatable: []
evictionHard: {memory.available: "0%", nodefs.available: "0%",
  imagefs.available: "0%", nodefs.inodesFree: "0%"}
failCgroupV1: false
failSwapOn: false
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
localStorageCapacityIsolation: false
makeIPTablesUtilChains: false
resolvConf: ""
volumePluginDir: /var/lib/kubelet/volume-plugins
END
  node_run "$node" kubelet "$NODE" kubelet --config="$folder/kubelet.yaml" \
    --kubeconfig="$KUBE_DIR/$node.conf" --node-ip="$(lab_address "$node")"
}
