#!/usr/bin/env bash
# Starts lbd as root, and as a user with a capability. Checks its user and its
# rights, that it announces, and what it says when it refuses to start.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"

net_admin=0x1000 net_raw=0x2000  # linux/capability.h, as bits.

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  tail -n 20 "$LAB_DIR"/*.log >&2 || true
  exit 1
}

# Starts lbd on n1 as a case of its own.
start() {  # start CASE [BEFORE_LBD... --] OPTION...
  case=$1
  local before=()
  shift
  if [[ " $* " == *" -- "* ]]; then
    while [[ $1 != -- ]]; do
      before+=("$1")
      shift
    done
    shift
  fi
  (lab_exec n1 "${before[@]}" "$LBD" --node-name n1 --gossip-bind "$(lab_address n1)" --gossip-in-the-clear \
    --manifests "$LAB_DIR/manifests" --state-dir "$LAB_DIR/$case/state" \
    --status-listen "unix:$LAB_DIR/$case/run/lbd.sock" "$@" >"$LAB_DIR/$case.log" 2>&1) &
  pid=$!
}
stop() {
  kill "$pid"
  wait "$pid" || fail "$case: lbd ends with $?"
}
announces() {
  "$LBCTL" --server "unix:$LAB_DIR/$case/run/lbd.sock" services 2>/dev/null |
    grep -q '172\.18\.8\.20[1-5].* n1 '
}

# Every thread has the user, the capabilities, no way to more, and the fences.
expect_rights() {  # expect_rights UID CAPABILITIES
  local status
  lab_wait 10 announces || fail "$case: n1 does not announce"
  for status in "/proc/$pid/task"/*/status; do
    grep -qP "^Uid:\t$1\t$1\t$1\t$1$" "$status" || fail "$case: want user $1: $(grep Uid "$status")"
    for set in CapEff CapPrm; do
      grep -q "^$set:.$(printf '%016x' "$2")$" "$status" ||
        fail "$case: want $set $2: $(grep Cap "$status")"
    done
    grep -qP '^CapInh:\t0+$' "$status" || fail "$case: want no inheritable capability"
    grep -qP '^NoNewPrivs:\t1$' "$status" || fail "$case: want no_new_privs"
    grep -qP '^Seccomp:\t2$' "$status" || grep -q 'SandboxIncomplete.*seccomp' "$LAB_DIR/$case.log" ||
      fail "$case: want a filter of system calls"
  done
}
refuses() {  # refuses TEXT: lbd ends with 1 and says the text.
  local status=0
  wait "$pid" || status=$?
  [[ $status -eq 1 ]] || fail "$case: status $status, want 1"
  grep -q -- "$1" "$LAB_DIR/$case.log" || fail "$case: want \"$1\" in: $(cat "$LAB_DIR/$case.log")"
}

why=$(lab_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
trap lab_down EXIT
trap 'exit 130' INT TERM

nobody=$(id -u nobody)
chmod 755 "$LAB_DIR"  # The user that lbd becomes watches the manifests.
mkdir -p "$LAB_DIR/manifests"
cp "$here"/../../examples/manifests/*.yaml "$LAB_DIR/manifests/"
lab_up || fail "the namespaces could not be made"

echo "== root becomes another user and keeps CAP_NET_RAW"
start user --user nobody
expect_rights "$nobody" "$net_raw"
[[ $(stat -c %U:%a "$LAB_DIR/user/state") == nobody:700 ]] || fail "the state is not the user's"
stop

echo "== with deliver=loopback CAP_NET_ADMIN too, and the client is served"
start loopback --user nobody --deliver loopback
expect_rights "$nobody" $((net_raw | net_admin))
reached() { lab_in client ping -n -c 1 -W 1 172.18.8.201 >/dev/null; }
lab_wait 10 reached || fail "the client does not reach 172.18.8.201"
stop

echo "== root may stay, without root's rights"
start root --user root
expect_rights 0 "$net_raw"
stop

echo "== root becomes lbd, and refuses where there is no such user"
(grep -v '^lbd:' /etc/passwd; echo "lbd:x:$nobody:$(id -g nobody)::/:/bin/false") >"$LAB_DIR/with-lbd"
grep -v '^lbd:' /etc/passwd >"$LAB_DIR/without-lbd"
# As if the host's users were those of the file.
with_users=(unshare --mount sh -ec 'mount --bind "$1" /etc/passwd; shift; exec "$@"' sh)
start lbd "${with_users[@]}" "$LAB_DIR/with-lbd" --
expect_rights "$nobody" "$net_raw"
stop
start no-lbd "${with_users[@]}" "$LAB_DIR/without-lbd" --
refuses 'this host has no user "lbd", want it (adduser --system .* lbd), another by --user NAME, or --user root'

echo "== a state folder that others may write, or that is another's link"
mkdir -p "$LAB_DIR/open/state" "$LAB_DIR/link/run"
chmod 1777 "$LAB_DIR/open/state" "$LAB_DIR/link/run"
chown nobody: "$LAB_DIR/open/state"
start open --user nobody
refuses 'state: others may write there (mode 1777), want chmod go-w .*state'
install -d -m 700 "$LAB_DIR/roots"
ln -s "$LAB_DIR/roots" "$LAB_DIR/link/state"
chown -h daemon: "$LAB_DIR/link/state"
start link --user nobody
refuses 'state: '
[[ $(stat -c %U:%a "$LAB_DIR/roots") == root:700 ]] || fail "what the link names was given away"

echo "== as under systemd: a user with ambient capabilities, more than needed"
for folder in state run; do install -d -o nobody "$LAB_DIR/ambient/$folder"; done
start ambient setpriv --reuid="$nobody" --clear-groups --inh-caps=+net_raw,+net_admin \
  --ambient-caps=+net_raw,+net_admin --
expect_rights "$nobody" "$net_raw"
stop

echo "== what it refuses"
start unknown --user nobody-of-this-name
refuses 'user: "nobody-of-this-name", want a user of this host'
start other setpriv --reuid="$nobody" --clear-groups -- --user root
refuses 'user: "root", want the user that started lbd, or root to start it'
mkdir -p "$LAB_DIR/foreign/state"
chmod 700 "$LAB_DIR/foreign/state"
start foreign --user nobody
refuses 'state: nobody may not write there.*chown -R nobody'
echo "all seen"
