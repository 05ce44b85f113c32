#!/usr/bin/env bash
# The container image in the programs that read it: skopeo, if it is installed;
# containerd, which imports it and runs it with runc.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=../netns/lab.sh
source "$here/../netns/lab.sh"

image=packaging/lbd-image.tar
version=$("$LBD" --version)
version=${version#lbd }
name=docker.io/library/lbd:$version
fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  cat "$LAB_DIR"/*.log >&2
  exit 1
}
skip() {
  echo "SKIPPED: $*"
  exit 77
}
digest=$(tar -xOf "$image" index.json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["manifests"][0]["digest"])')

skopeo_reads() {
  skopeo inspect "oci-archive:$image" >"$LAB_DIR/skopeo.log" 2>&1 || fail "skopeo does not read it"
  grep -q "\"Digest\": \"$digest\"" "$LAB_DIR/skopeo.log" || fail "skopeo: want $digest"
  grep -q "image.version\": \"$version\"" "$LAB_DIR/skopeo.log" || fail "skopeo: want $version"
}

if [[ -z ${IN_NAMESPACES:-} ]]; then
  if command -v skopeo >/dev/null; then
    echo "== skopeo"
    skopeo_reads
  else
    echo "not read by skopeo, which is not installed"
  fi
  why=$(lab_permitted) || skip "$why"
  for program in containerd ctr runc; do
    command -v "$program" >/dev/null ||
      skip "$program is not installed; bazel/install_packages.sh kubernetes does"
  done
  # The end of the first process ends containerd, what it started, and mounts.
  IN_NAMESPACES=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc \
    --propagation private bash "$0"
fi

# runc keeps its state in /run, whatever containerd says.
mount -t tmpfs run /run
folder=$LAB_DIR/ctr
mkdir "$folder"
# Not on the host's disk: an overlay cannot lie on every file system.
mount -t tmpfs containerd "$folder"
mkdir "$folder"/{run,state} && chmod 777 "$folder"/{run,state}  # As emptyDirs are.
cat >"$folder/containerd.toml" <<END
version = 2
root = "$folder/images"
state = "$folder/tasks"
disabled_plugins = ["io.containerd.grpc.v1.cri",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "$folder/socket"
[plugins."io.containerd.internal.v1.opt"]
  path = "$folder/opt"
END
in_ctr() { ctr --address "$folder/socket" "$@"; }
ran=(--rm --read-only --cgroup "")
for capability in CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD SETGID SETUID SETFCAP SETPCAP \
  NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE; do
  ran+=(--cap-drop "CAP_$capability")
done

echo "== containerd imports it, by the name that a kubelet asks for"
containerd --config "$folder/containerd.toml" >"$LAB_DIR/containerd.log" 2>&1 &
is_up() { in_ctr version >/dev/null 2>&1; }
lab_wait 20 is_up || fail "containerd does not come up"
in_ctr images import "$image" >"$LAB_DIR/import.log" 2>&1 || fail "not imported"
[[ $(in_ctr images list) == *"$name "*" $digest "* ]] || fail "$(in_ctr images list)"

echo "== lbd is what it runs"
said=$(in_ctr run "${ran[@]}" --cap-drop CAP_NET_RAW "$name" first 2>&1 || true)
[[ $said == "lbd: gossip-secret-file: not given"* ]] || fail "$said"

echo "== a controller, read-only, with no capability"
said=$(in_ctr run "${ran[@]}" --cap-drop CAP_NET_RAW "$name" controller \
  /usr/sbin/lbd --kubernetes --role=controller 2>&1 || true)
[[ $said == "lbd: KUBERNETES_SERVICE_HOST and "* ]] || fail "$said"

echo "== a node with CAP_NET_RAW, read-only but for two folders"
ip link set lo up
ip link add eth0 type veth peer name peer0
ip link set peer0 up
ip link set eth0 up
ip address add 172.18.8.11/24 dev eth0
in_ctr run "${ran[@]}" --net-host \
  --mount "type=bind,src=$folder/run,dst=/run/lbd,options=rbind:rw" \
  --mount "type=bind,src=$folder/state,dst=/var/lib/lbd,options=rbind:rw" \
  "$name" node /usr/sbin/lbd --node-name n1 --gossip-bind 127.0.0.1 \
  --state-dir /var/lib/lbd/state --interfaces eth0 >"$LAB_DIR/node.log" 2>&1 &
lbctl_in_it() {
  in_ctr task exec --exec-id "asked$((++asked))" node lbctl "$@" 2>&1
}
usable() { lbctl_in_it interfaces | grep -q '^eth0 .* yes .* usable'; }
asked=0
lab_wait 10 usable || fail "eth0 cannot be used: $(lbctl_in_it interfaces)"
pid=$(pgrep -x lbd) || fail "no process"
rights=$(sed -n 's/^\(Uid\|CapEff\|NoNewPrivs\):\t\(\S*\).*/\2/p' "/proc/$pid/status" | tr '\n' ' ')
[[ $rights == "65532 0000000000002000 1 " ]] || fail "want user 65532 and CAP_NET_RAW: $rights"
status=0
lbctl_in_it explain default/none >"$LAB_DIR/explain.log" || status=$?
[[ $status -eq 3 ]] || fail "lbctl's status is lost: $status"
echo "all seen"
