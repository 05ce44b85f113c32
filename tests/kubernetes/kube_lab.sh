# A cluster of Kubernetes in the lab of tests/netns: a host `cp` with etcd and
# kube-apiserver, nodes n1, n2, n3 with lbd as speakers, two controllers beside
# the API server, and a client. To be sourced, by scripts with LAB_DIR, LBD and
# LBCTL.
#
# Each lbd has the rights of packaging/kubernetes/rbac.yaml. There is no kubelet
# and no controller of Kubernetes: nodes, pods and EndpointSlices are objects
# that kube_lab_up and cluster_objects.py write.

kube_here=$PWD/tests/kubernetes
# shellcheck source=tests/netns/lab.sh
source "$PWD/tests/netns/lab.sh"

LAB_CLIENTS=(client cp)
KUBE_CORE=${KUBE_CORE:-}
KUBE_DIR=$LAB_DIR
KUBE_IN="ip netns exec $(lab_namespace cp)"
KUBE_ADDRESS=$(lab_address cp)
KUBE_PORT=6443
KUBE_ETCD_PORT=2379
KUBE_PEER_PORT=2380
# shellcheck source=tests/kubernetes/control_plane.sh
source "$kube_here/control_plane.sh"
# shellcheck source=tests/kubernetes/built.sh
source "$kube_here/built.sh"

# Ends the script as skipped where there can be no lab or no API server.
kube_lab_begin() {
  local why
  why=$(lab_permitted) || {
    echo "SKIPPED: $why"
    exit 77
  }
  kube_lab_build "${KUBERNETES_VERSION:-v1.34.4}" core
  KUBE_CORE=${programs[0]}
  trap kube_lab_down EXIT
  trap 'exit 130' INT TERM
}

# kube_lab_build VERSION PROGRAM...: has their paths in the array `programs`; ends
# the script as skipped if they cannot be fetched.
kube_lab_build() {
  build Kubernetes "$kube_here/build_programs.sh" "$@"
  programs=("${built[@]}")
}

kube_lab_down() {
  kube_down || true
  lab_down
}

# With KUBE_LAB_CRDS=none it has no custom resource of metallb.io.
kube_lab_up() {  # kube_lab_up [FLAG-OF-THE-API-SERVER...]
  local crd role crds=(packaging/kubernetes/crds/*.yaml)
  [[ ${KUBE_LAB_CRDS:-all} == all ]] || crds=()
  lab_up && kube_up "$@" || return
  kube_apply packaging/kubernetes/rbac.yaml "${crds[@]}" || return
  for crd in "${crds[@]}"; do
    kube_established "$(kube_field "$crd" name)" || return
  done
  for role in controller speaker; do kube_lab_account "$role" || return; done
  kube_cluster nodes "${LAB_NODES[@]}"
}

# The kubeconfig ROLE.conf of a service account.
kube_lab_account() {  # kube_lab_account ROLE
  kube_account metallb-system "$1" "$1" || return
  cat >"$KUBE_DIR/$1.conf" <<END
apiVersion: v1
kind: Config
current-context: lab
contexts: [{name: lab, context: {cluster: lab, user: $1}}]
clusters:
- name: lab
  cluster: {server: "$(kube_url)", certificate-authority: pki/ca.crt}
users:
- name: $1
  user: {tokenFile: $1/token}
END
}

# Objects that Kubernetes itself would write, and what comes of them.
kube_cluster() {  # kube_cluster COMMAND [ARGUMENT...]: cluster_objects.py
  lab_in client python3 "$kube_here/cluster_objects.py" \
    "$KUBE_ADDRESS:$KUBE_PORT" "$KUBE_DIR/pki" "$@"
}

kube_lab_speaker() {  # kube_lab_speaker NODE [OPTION...]
  local node=$1
  shift
  lab_run_lbd "$node" --kubernetes --role=speaker \
    --kubeconfig "$KUBE_DIR/speaker.conf" "$@"
}

kube_lab_controller() {  # kube_lab_controller NAME [OPTION...]: on the host cp
  local name=$1
  shift
  mkdir -p "$LAB_DIR/$name"
  (lab_exec cp "$LBD" --kubernetes --role=controller \
    --kubeconfig "$KUBE_DIR/controller.conf" --node-name "$name" \
    --state-dir "$LAB_DIR/$name/state" --user "$(id -un)" "$@" \
    </dev/null >>"$LAB_DIR/$name/lbd.log" 2>&1) &
  echo $! >"$LAB_DIR/$name/lbd.pid"
  disown
}
