#!/usr/bin/env bash
# The Debian package on a Debian with systemd of its own (root.sh): installed,
# started, watched, reloaded, upgraded, removed. With DEB_FRESH set that Debian
# is a fresh one by debootstrap (./test --long), else an overlay over this host.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=root.sh
source "$here/root.sh"
# shellcheck source=../netns/lab.sh
source "$here/../netns/lab.sh"

deb=$here/../../packaging/lbd.deb
work=$LAB_DIR

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  root_in journalctl --no-pager -u lbd -n 20 >&2 || true
  exit 1
}
finish() {
  root_down
  rm -rf "$work/fresh"
}

why=$(root_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
trap finish EXIT
trap 'exit 130' INT TERM

property() { root_in systemctl show -P "$1" lbd; }
is() { [[ $(property "$1") == "$2" ]]; }
expect() { is "$1" "$2" || fail "$1 of the unit is $(property "$1"), want $2"; }
is_restarted() { is ActiveState active && ! is MainPID "$1"; }
rights() { root_in sed -n "s/^$1:[[:space:]]*//p" "/proc/$(property MainPID)/status"; }

lower=/
install=(dpkg --install)
if [[ -n ${DEB_FRESH:-} ]]; then
  command -v debootstrap >/dev/null || {
    echo "SKIPPED: debootstrap is not installed"
    exit 77
  }
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
  echo "== a fresh Debian 12 from ${mirror:-where debootstrap looks}"
  lower=$work/fresh
  debootstrap --variant=minbase --include=systemd,iproute2 bookworm "$lower" ${mirror:+"$mirror"} \
    >"$work/debootstrap.log" || fail "debootstrap: $(tail -n 5 "$work/debootstrap.log")"
  # The network is this host's, so the packages that are needed are fetched
  # before.
  chroot "$lower" apt-get update -qq
  cp "$deb" "$lower/var/tmp/lbd.deb"
  chroot "$lower" apt-get install -qq --yes --no-install-recommends --download-only \
    /var/tmp/lbd.deb >/dev/null
  install=(apt-get install -qq --yes --no-install-recommends)
fi
mkdir "$work/root"
root_up "$lower" "$work/root" || fail "no systemd"
cp "$deb" "$ROOT/var/tmp/lbd.deb"

echo "== installed: it runs, as the unit says"
root_in "${install[@]}" /var/tmp/lbd.deb >"$work/dpkg.log" 2>&1 || fail "$(cat "$work/dpkg.log")"
expect ActiveState active
expect UnitFileState enabled
expect StatusErrno 0
[[ $(property WatchdogTimestampMonotonic) -gt 0 ]] || fail "the watchdog heard nothing"
lbd_uid=$(root_in id -u lbd)
[[ $(rights Uid) == "$lbd_uid"$'\t'* ]] || fail "want user lbd: $(rights Uid)"
[[ $(rights CapEff) == 0000000000002000 ]] || fail "want CAP_NET_RAW: $(rights CapEff)"
[[ $(rights Seccomp) == 2 ]] || fail "want a filter of system calls"
root_in lbctl status | grep -q "$(root_in hostname)" || fail "lbctl: $(root_in lbctl status)"
root_in systemd-analyze verify --man=no lbd.service 2>"$work/verify" || fail "systemd-analyze verify: $(cat "$work/verify")"
echo "systemd-analyze security: $(root_in systemd-analyze security lbd.service | grep -a Overall)"
root_in lbd --help | grep -- --manifests >/dev/null || fail "lbd --help"
root_in kubectl-lb --help | grep 'Usage: kubectl lb' >/dev/null || fail "kubectl-lb --help"
root_in lbd --check --config /etc/lbd/lbd.yaml --manifests /usr/share/lbd/manifests |
  grep -q ' 0 problems$' || fail "lbd --check"

echo "== deliver: loopback with its drop-in: the address is on lo"
root_in mkdir -p /etc/systemd/system/lbd.service.d
root_in cp /usr/share/lbd/deliver-loopback.conf /etc/systemd/system/lbd.service.d/
printf '[Service]\nWatchdogSec=1\n' >"$ROOT/etc/systemd/system/lbd.service.d/test.conf"
root_in cp /usr/share/lbd/manifests/pool.yaml /usr/share/lbd/manifests/service.yaml /etc/lbd/manifests/
echo "deliver: loopback" >>"$ROOT/etc/lbd/lbd.yaml"
root_in ip link add eth0 type veth peer name peer0
root_in ip link set peer0 up
root_in ip link set eth0 up
root_in systemctl daemon-reload
root_in systemctl restart lbd || fail "it does not start with deliver: loopback"
[[ $(rights CapEff) == 0000000000003000 ]] || fail "want CAP_NET_ADMIN too: $(rights CapEff)"
on_lo() { root_in ip address show dev lo | grep -q '172\.18\.8\.20[1-5]/32'; }
lab_wait 10 on_lo || fail "no address on lo: $(root_in lbctl services)"

echo "== lbctl doctor finds what is wrong, and its remedy helps"
doctor() { root_in lbctl doctor >"$work/doctor"; }
finds() { grep -qE "$1" "$work/doctor" || fail "lbctl doctor: want $1 in: $(cat "$work/doctor")"; }
doctor && fail "lbctl doctor: want a fault: $(cat "$work/doctor")"
finds '^fault +strict ARP on eth0 +arp_ignore 0, arp_announce 0 +sysctl -w net.ipv4.conf.all.arp_ignore=1 '
root_in sh -c 'cd /proc/sys/net/ipv4/conf/all && echo 1 >arp_ignore && echo 2 >arp_announce'
doctor || fail "lbctl doctor: want exit 0: $(cat "$work/doctor")"
finds "^ok +lbd +runs, pid $(property MainPID), uid $lbd_uid "
finds '^ok +capabilities +CAP_NET_RAW, CAP_NET_ADMIN '
finds '^ok +gossip TCP 127.0.0.1:7946 +lbd has it '

echo "== reload reads the manifests"
reads() { root_in lbctl events | grep -c ManifestsRead; }
before=$(reads)
root_in systemctl reload lbd
more_reads() { [[ $(reads) -gt $before ]]; }
lab_wait 5 more_reads || fail "no ManifestsRead after systemctl reload"

echo "== a loop that does not turn: the watchdog restarts lbd"
pid=$(property MainPID)
root_in sh -c "kill -STOP $pid"
lab_wait 20 is_restarted "$pid" || fail "the watchdog did not restart lbd"
echo "== kill -9: started again"
pid=$(property MainPID)
root_in sh -c "kill -KILL $pid"
lab_wait 20 is_restarted "$pid" || fail "lbd is not started again"
lab_wait 10 on_lo || fail "the address does not come back"

echo "== an upgrade restarts it; one that was disabled stays disabled"
pid=$(property MainPID)
root_in dpkg --install /var/tmp/lbd.deb >"$work/dpkg.log" 2>&1 || fail "$(cat "$work/dpkg.log")"
is_restarted "$pid" || fail "the upgrade did not restart lbd"
root_in grep -q '^deliver: loopback' /etc/lbd/lbd.yaml || fail "the upgrade changed /etc/lbd/lbd.yaml"
root_in systemctl disable lbd 2>/dev/null
root_in dpkg --install /var/tmp/lbd.deb >"$work/dpkg.log" 2>&1
expect UnitFileState disabled

echo "== removed, then purged"
root_in lbctl secret new /etc/lbd/secret
root_in dpkg --remove lbd >"$work/dpkg.log" 2>&1 || fail "$(cat "$work/dpkg.log")"
root_in systemctl is-active lbd >/dev/null && fail "lbd runs without its package"
root_in test -e /var/lib/lbd || fail "removing took the state"
root_in dpkg --purge lbd >"$work/dpkg.log" 2>&1 || fail "$(cat "$work/dpkg.log")"
for path in /var/lib/lbd /etc/lbd/lbd.yaml /etc/lbd/secret /usr/sbin/lbd; do
  ! root_in test -e "$path" || fail "purging left $path"
done

if command -v lintian >/dev/null; then
  echo "== lintian"
  faults=$(lintian --allow-root --tag-display-limit 0 "$deb")
  [[ -z $faults ]] || fail "$faults"
else
  echo "lintian is not installed"
fi
echo "all seen"
