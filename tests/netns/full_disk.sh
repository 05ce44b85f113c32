#!/usr/bin/env bash
# The file system of the nodes' state is full: the cluster goes on announcing
# what it has, also after a restart; `lbctl problems` names it, and the log does
# so once. New services wait, and get their addresses when there is space and
# their records are on disk.
set -euo pipefail

# Only this script and its children see the file system, which ends with them.
if [[ ${LAB_MOUNTS:-} != private && $EUID -eq 0 ]] && unshare --mount true 2>/dev/null; then
  export LAB_MOUNTS=private
  exec unshare --mount "$BASH" "$0" "$@"
fi
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  for node in "${LAB_NODES[@]}"; do
    lab_lbctl "$node" problems >&2 || true
    tail -n 30 "$LAB_DIR/$node/lbd.log" >&2 || true
  done
  exit 1
}
skip() {
  echo "SKIPPED: $1"
  exit 77
}

why=$(lab_permitted) || skip "$why"
[[ ${LAB_MOUNTS:-} == private ]] || skip "mount namespaces are not permitted here"
disk=$LAB_DIR/disk
mkdir "$disk"
mount -t tmpfs -o size=1m lbd-state "$disk" || skip "a tmpfs cannot be mounted here"
trap 'lab_down; umount "$disk"' EXIT
trap 'exit 130' INT TERM

fill_disk() { dd if=/dev/zero of="$disk/filling" bs=4096 status=none 2>/dev/null || true; }
free_disk() { rm "$disk/filling"; }
served() { lab_in client ping -n -c 1 -W 1 "$1" >/dev/null; }
names_problem() {
  lab_lbctl "$1" problems | grep -q "^state .*state-dir: .*No space left on device"
}
has_no_problem() { ! lab_lbctl "$1" problems | grep -q "^state "; }
# In that time more than one try has failed, a second apart.
said_once() { # said_once NODE REASON TIMES
  [[ $(grep -c "$2" "$LAB_DIR/$1/lbd.log") -eq $3 ]]
}
service() {
  cat <<END
apiVersion: v1
kind: Service
metadata: {name: $1, namespace: default}
spec: {type: LoadBalancer, ports: [{port: 80}]}
END
}

mkdir -p "$LAB_DIR/manifests"
cp "$here"/../../examples/manifests/metallb-l2-config.yaml "$LAB_DIR/manifests/"
service old >"$LAB_DIR/manifests/old.yaml"
lab_up || fail "the namespaces could not be made"
for node in "${LAB_NODES[@]}"; do
  mkdir -p "$LAB_DIR/$node" "$disk/$node"
  ln -s "$disk/$node" "$LAB_DIR/$node/state"
done
for node in "${LAB_NODES[@]}"; do lab_start_lbd "$node"; done
lab_wait 20 lab_agree default/old "${LAB_NODES[@]}" || fail "the nodes do not agree"
old=$(lab_service n1 default/old | cut -d' ' -f1)
lab_wait 10 served "$old" || fail "the client does not reach $old"

echo "== full: named once, and the old address is served"
fill_disk
service new >"$LAB_DIR/manifests/new.yaml"
author() { for node in "${LAB_NODES[@]}"; do names_problem "$node" && return; done; return 1; }
lab_wait 10 author || fail "no node names the full disk"
author=$node
sleep 3
for line in "StateUnsaved Node/$author" "AllocationFailed Service/default/new"; do
  said_once "$author" "$line" 1 || fail "$author: want one line with $line"
done
lab_lbctl "$author" services | grep -q 'default/new.*No space left on device' ||
  fail "$author does not say why default/new has no address"
served "$old" || fail "the client does not reach $old any more"

echo "== kill -9 and restart of all while it is full"
for node in "${LAB_NODES[@]}"; do lab_kill_lbd "$node"; done
for node in "${LAB_NODES[@]}"; do lab_start_lbd "$node"; done
lab_wait 20 lab_agree default/old "${LAB_NODES[@]}" || fail "the nodes do not agree"
[[ $(lab_service n1 default/old | cut -d' ' -f1) == "$old" ]] || fail "default/old has moved"
lab_wait 10 served "$old" || fail "the client does not reach $old"
lab_wait 10 author || fail "no node names the full disk"
author=$node

echo "== space: the problem is gone, and the new service has an address"
free_disk
lab_wait 10 lab_agree default/new "${LAB_NODES[@]}" || fail "default/new has no address"
new=$(lab_service n1 default/new | cut -d' ' -f1)
for node in "${LAB_NODES[@]}"; do
  lab_wait 10 has_no_problem "$node" || fail "$node still has a problem"
done
said_once "$author" StateSaved 1 || fail "$author does not say that it is over"
lab_wait 10 served "$new" || fail "the client does not reach $new"

echo "== and it is on disk"
for node in "${LAB_NODES[@]}"; do lab_kill_lbd "$node"; done
for node in "${LAB_NODES[@]}"; do lab_start_lbd "$node"; done
lab_wait 20 lab_agree default/new "${LAB_NODES[@]}" || fail "the nodes do not agree"
[[ $(lab_service n1 default/old | cut -d' ' -f1) == "$old" ]] || fail "default/old has moved"
[[ $(lab_service n1 default/new | cut -d' ' -f1) == "$new" ]] || fail "default/new has moved"
echo "all seen"
