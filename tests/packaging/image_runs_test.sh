#!/usr/bin/env bash
# The container image, unpacked and run as a kubelet would have it run: read-only,
# as a user other than root, with the capabilities that a role has and no others.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=../netns/lab.sh
source "$here/../netns/lab.sh"

# All of it runs in namespaces of its own, which end with it.
if [[ -z ${IN_NAMESPACES:-} ]]; then
  why=$(lab_permitted) || {
    echo "SKIPPED: $why"
    exit 77
  }
  IN_NAMESPACES=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc \
    --propagation private bash "$0"
fi

root=$LAB_DIR/root user=65532
fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  cat "$LAB_DIR/log" >&2
  exit 1
}
# To be followed by USER CAPABILITIES COMMAND...; as the start of a command in the
# background it makes $! the program's own process.
in_image=(python3 "$here/in_container.py" "$root")

# What a runtime mounts: /proc, /sys, /dev, the node's names; emptyDirs, which are
# root's and open to everybody, where lbd writes; manifests.
mount_root() {
  local folder
  mount --bind "$root" "$root"
  mkdir "$root"/{proc,sys,dev,conf}
  for folder in proc sys dev; do mount --rbind "/$folder" "$root/$folder"; done
  for folder in run/lbd var/lib/lbd; do
    mount -t tmpfs -o mode=777 emptydir "$root/$folder"
  done
  echo "127.0.0.9 api.test" >"$root/etc/hosts"
  echo "nameserver 127.0.0.1" >"$root/etc/resolv.conf"
  cp examples/manifests/metallb-{l2-config,test}.yaml "$root/conf"
  cat >"$root/conf/kubeconfig" <<'CONFIG'
apiVersion: v1
kind: Config
current-context: lab
contexts: [{name: lab, context: {cluster: lab, user: lab}}]
clusters: [{name: lab, cluster: {server: "https://api.test:6443"}}]
users: [{name: lab, user: {token: none}}]
CONFIG
  mount -o remount,bind,ro "$root"
  ! touch "$root/conf/new" 2>/dev/null || fail "the root can be written"
}

# start USER CAPABILITIES OPTION...: a node that announces on eth0.
start() {
  "${in_image[@]}" "$1" "$2" /usr/sbin/lbd --node-name n1 --gossip-bind 127.0.0.1 \
    --manifests /conf/metallb-l2-config.yaml --manifests /conf/metallb-test.yaml \
    --interfaces eth0 "${@:3}" >"$LAB_DIR/log" 2>&1 &
  pid=$!
  lab_wait 10 answers "$1" || fail "lbctl finds no lbd"
}
answers() { "${in_image[@]}" "$1" - /usr/bin/lbctl status >/dev/null 2>&1; }
asked() { "${in_image[@]}" "$user" - /usr/bin/lbctl "$@"; }
announces() { asked services | grep -q ' 172\.18\.8\.201 .* n1 .* all '; }
stop() {
  kill "$pid"
  wait "$pid" || fail "lbd ends with $?"
  rm -rf "$root"/run/lbd/* "$root"/var/lib/lbd/*
}
expect_rights() {  # expect_rights USER CAPABILITIES-IN-HEX
  local got
  got=$(sed -n 's/^\(Uid\|CapPrm\|CapEff\|CapBnd\):\t\(\S*\).*/\2/p' "/proc/$pid/status" | tr '\n' ' ')
  [[ $got == "$1 $2 $2 $3 " ]] || fail "want user $1, rights $2 of $3; got $got"
}

mkdir "$root"
version=$("$LBD" --version)
python3 "$here/image_contents.py" packaging/lbd-image.tar "$root" "${version#lbd }" || fail "contents"
ip link set lo up
ip link add eth0 type veth peer name peer0
ip link set peer0 up
ip link set eth0 up
ip address add 172.18.8.11/24 dev eth0
sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
touch "$LAB_DIR/log"
mount_root

echo "== both programs start, with each set of capabilities"
for rights in "$user -" "$user NET_RAW" "$user NET_ADMIN,NET_RAW" "0 NET_RAW" "1000650000 -"; do
  # shellcheck disable=SC2086 # Two words.
  [[ $("${in_image[@]}" $rights /usr/sbin/lbd --version) == "$version" ]] || fail "lbd --version with $rights"
  # shellcheck disable=SC2086
  "${in_image[@]}" $rights /usr/bin/lbctl --help | grep -q undrain || fail "lbctl --help with $rights"
done

echo "== a controller needs no capability, and no place to write"
status=0
said=$("${in_image[@]}" "$user" - /usr/sbin/lbd --kubernetes --role=controller --state-dir /none/state \
  --status-listen unix:/none/lbd.sock 2>&1) || status=$?
[[ $status -eq 1 && $said == "lbd: KUBERNETES_SERVICE_HOST and "* ]] || fail "status $status: $said"

echo "== names: /etc/hosts counts where the DNS does not know better"
python3 "$here/no_such_name.py" &
names=$!
"${in_image[@]}" "$user" - /usr/sbin/lbd --kubernetes --role=controller --kubeconfig /conf/kubeconfig >"$LAB_DIR/log" 2>&1 &
pid=$!
finds_server() { grep -q 'connect to 127\.0\.0\.9:6443' "$LAB_DIR/log"; }
lab_wait 10 finds_server || fail "api.test is not found"
kill "$pid" "$names"

echo "== a speaker announces with CAP_NET_RAW, and lbctl finds its socket"
state=(--state-dir /var/lib/lbd/state)
for user in 1000650000 65532; do
  start "$user" NET_RAW "${state[@]}"
  lab_wait 10 announces || fail "not announced: $(asked services)"
  expect_rights "$user" 0000000000002000 0000000000002000
  [[ $(stat -c %u:%a "$root/var/lib/lbd/state") == "$user:700" ]] || fail "the state is open to others"
  stop
done

echo "== without deliver=loopback it takes CAP_NET_ADMIN from itself"
start "$user" NET_ADMIN,NET_RAW "${state[@]}"
expect_rights "$user" 0000000000002000 0000000000003000
stop

echo "== the same where the runtime permits nothing, and privileges may grow"
ESCALATE=1 start "$user" NET_RAW "${state[@]}"
expect_rights "$user" 0000000000002000 0000000000002000
stop

echo "== with deliver=loopback the address is on lo"
start "$user" NET_ADMIN,NET_RAW "${state[@]}" --deliver loopback
expect_rights "$user" 0000000000003000 0000000000003000
on_lo() { ip address show dev lo | grep -q '172\.18\.8\.201/32'; }
lab_wait 10 on_lo || fail "no address on lo"
stop

echo "== without CAP_NET_RAW it says so"
start "$user" - "${state[@]}"
wants_right() { asked interfaces | grep -q '^eth0 .* no .* want CAP_NET_RAW'; }
lab_wait 10 wants_right || fail "$(asked interfaces)"
stop

echo "== as root, with its own folder of the node for the state: --user root"
chmod 755 "$root/var/lib/lbd"
start 0 NET_RAW --user root
expect_rights 0 0000000000002000 0000000000002000
stop
chmod 777 "$root/var/lib/lbd"

echo "== the capabilities are those of the file"
mount -o remount,bind,rw "$root"
python3 -c 'import os, sys; os.removexattr(sys.argv[1], "security.capability")' "$root/usr/sbin/lbd"
mount -o remount,bind,ro "$root"
start "$user" NET_RAW "${state[@]}"
lab_wait 10 wants_right || fail "$(asked interfaces)"
stop
echo "all seen"
