#!/usr/bin/env bash
# Tests our addresses on "lo", and tagged frames, on a real kernel.
#
# Addresses that lbd put on "lo" carry a mark, and those of the host always
# stay. By the mark a new process finds the addresses that a killed one left,
# also without state. A question with a priority tag (VLAN ID 0) is answered as
# the kernel answers it; a question in a VLAN is not.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lab.sh
source "$here/lab.sh"
LAB_NODES=(n1)

vip4=$LAB_SUBNET.201 vip6=$LAB_SUBNET6:201
own4=$LAB_SUBNET.205 own6=$LAB_SUBNET6:205

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  ip -n "$(lab_namespace n1)" address show dev lo >&2 || true
  tail -n 30 "$LAB_DIR"/n1/lbd.log >&2 || true
  exit 1
}
on_lo() { ip -n "$(lab_namespace n1)" -o address show dev lo | grep -F " $1/"; }
is_off_lo() { ! on_lo "$1" >/dev/null; }
has_own() {
  for own in "$own4" "$own6" 127.0.0.1 ::1; do
    on_lo "$own" >/dev/null || fail "the host's own $own is gone"
  done
}
announced() {
  on_lo "$vip4" >/dev/null && on_lo "$vip6" >/dev/null
}
answers() {  # answers ADDRESS TAG
  local from
  from=$(lab_address client)
  [[ $1 != *:* ]] || from=$(lab_address6 client)
  lab_in client python3 "$here/ask_tagged.py" eth0 "$1" "$from" "$2"
}

why=$(lab_permitted) || {
  echo "SKIPPED: $why"
  exit 77
}
trap lab_down EXIT
trap 'exit 130' INT TERM
lab_up || fail "the namespaces could not be made"
ip -n "$(lab_namespace n1)" address add "$own4/32" dev lo
ip -n "$(lab_namespace n1)" address add "$own6/128" dev lo

mkdir -p "$LAB_DIR/manifests"
cat >"$LAB_DIR/manifests/pool.yaml" <<END
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: p}
spec: {addresses: ["$vip4-$own4", "$vip6-$own6"]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: l2}
END
cat >"$LAB_DIR/manifests/web.yaml" <<END
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: default
  annotations: {metallb.io/loadBalancerIPs: "$vip4,$vip6"}
spec:
  type: LoadBalancer
  ipFamilyPolicy: RequireDualStack
  ipFamilies: [IPv4, IPv6]
  ports: [{port: 80}]
END

echo "== addresses on lo carry the mark"
lab_start_lbd n1
lab_wait 10 announced || fail "want $vip4 and $vip6 on lo"
[[ $(on_lo "$vip4") == *lo:lbd* ]] || fail "want the label lo:lbd: $(on_lo "$vip4")"
[[ $(on_lo "$vip6") == *"metric 7103076"* ]] || fail "want the mark: $(on_lo "$vip6")"
has_own

echo "== a priority tag is no VLAN"
mac=$(lab_mac n1)
for address in "$(lab_address n1)" "$vip4" "$(lab_address6 n1)" "$vip6"; do
  for tag in 8100:0000 8100:c000 8100:f000 88a8:0000 88a8:2000:8100:0000; do
    seen=$(answers "$address" "$tag")
    [[ $seen == "$mac untagged" ]] ||
      fail "$address, tag $tag: want one untagged answer from $mac, got: ${seen:-none}"
  done
  for tag in 8100:0005 88a8:0005 8100:0000:8100:0005; do
    seen=$(answers "$address" "$tag")
    [[ -z $seen ]] || fail "$address, tag $tag: want no answer, got: $seen"
  done
done

echo "== a new process finds what a killed one left, without its state"
lab_kill_lbd n1
announced || fail "a killed process leaves its addresses"
rm -rf "$LAB_DIR/n1/state" "$LAB_DIR/manifests/web.yaml"
lab_start_lbd n1
for vip in "$vip4" "$vip6"; do
  lab_wait 10 is_off_lo "$vip" || fail "$vip is still on lo"
done
has_own
echo "all seen"
