#!/usr/bin/env bash
# lbd --check and the command lines of lbd and lbctl: exit status and words.
set -uo pipefail
source tests/cli/expect.sh

lbd=$1 lbctl=$2
bad=tests/cli/bad

expect "good manifests" 0 "1 pools, 1 advertisements, 1 services, 0 problems" \
  "$lbd" --check --manifests examples/manifests

# Every bad file gives its line, and nothing else is wrong.
output=$("$lbd" --check --manifests examples/manifests --manifests "$bad")
[[ $? -eq 1 ]] || { echo "FAILED: bad manifests: want status 1"; failures=$((failures + 1)); }
want=$(LC_ALL=C sort tests/cli/bad_lines.txt)
got=$(grep -v ' problems$\|documents read\|^notice: ' <<<"$output" |
  sed "s#^.*$bad/##; s# (IPAddressPool/first-pool is at .*##" | LC_ALL=C sort)
if [[ $got != "$want" ]]; then
  echo "FAILED: bad manifests: want (<) and got (>):"
  diff <(echo "$want") <(echo "$got")
  failures=$((failures + 1))
fi
expect "the others work on" 1 "1 pools, 1 advertisements, 1 services, 22 problems" \
  "$lbd" --check --manifests examples/manifests --manifests "$bad"

expect "no such manifests" 1 "/not/there" "$lbd" --check --manifests /not/there
echo -n >"$TEST_TMPDIR/empty"
expect "an empty secret" 1 "empty, want 1 to 4096 bytes" \
  "$lbd" --check --manifests examples/manifests --gossip-secret-file "$TEST_TMPDIR/empty"
expect "a cluster without a secret" 2 "gossip-secret-file: not given, and others reach gossip-bind (0.0.0.0:7946)" \
  "$lbd" --manifests examples/manifests
expect "a cluster without a secret, checked" 1 "gossip-secret-file: not given, and join names other nodes" \
  "$lbd" --check --manifests examples/manifests --gossip-bind 127.0.0.1 --join n2
echo "manifests: [examples/manifests]" >"$TEST_TMPDIR/lbd.yaml"
expect "a cluster without a secret, by its options" 1 "gossip-secret-file: not given, and others reach gossip-bind" \
  "$lbd" --check --config "$TEST_TMPDIR/lbd.yaml"
expect "no certificate, checked" 1 "status-tls-cert: /not/there: " \
  "$lbd" --check --manifests examples/manifests --status-tls-cert /not/there --status-tls-key /not/there
expect "lbctl, a certificate without the authority" 2 "--tls-ca: not given, --tls-cert wants it" \
  "$lbctl" --server localhost:1 --tls-cert c --tls-key k status
expect "lbctl, a certificate without its key" 2 "--tls-key: not given, want both" \
  "$lbctl" --server localhost:1 --tls-ca a --tls-cert c status
expect "a cluster in the clear, checked" 0 "0 problems" \
  "$lbd" --check --manifests examples/manifests --gossip-bind 10.0.0.1 --gossip-in-the-clear
expect "no such group" 1 "status-group: \"no-such-group\": no such group" \
  "$lbd" --check --manifests examples/manifests --status-group no-such-group
cat >"$TEST_TMPDIR/pool.yaml" <<'YAML'
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: p}
spec: {addresses: [172.18.8.201/32]}
YAML
expect "a pool without an advertisement" 0 "no L2Advertisement, so no address is announced" \
  "$lbd" --check --manifests "$TEST_TMPDIR/pool.yaml"
expect "unknown flag" 2 "did you mean --manifests?" "$lbd" --manifest x
expect "bad value" 2 "--log-level" "$lbd" --log-level loud
expect "status for other hosts" 2 "is plain TCP, want status-tls-cert" \
  "$lbd" --status-listen 0.0.0.0:9000 --insecure-status
expect "status for anybody" 2 "is open to other hosts, want status-tls-client-ca, or status-tls-anonymous" \
  "$lbd" --status-listen 0.0.0.0:9000 --status-tls-cert c --status-tls-key k
expect "help" 0 "--status-listen" "$lbd" --help
expect "version" 0 "lbd " "$lbd" --version
expect "lbctl help" 0 "members" "$lbctl" --help
expect "lbctl without a question" 2 "subcommand" "$lbctl"
expect "lbctl bad output" 2 "table" "$lbctl" -o xml services
expect "lbctl no timeout" 2 "Value 0 not in range 0.001" "$lbctl" --timeout 0 status
expect "lbctl check" 0 "0 problems" "$lbctl" check examples/manifests
expect "lbctl check of faults" 4 "22 problems" "$lbctl" check examples/manifests "$bad"
expect "lbctl check of nothing" 2 "FILE is required" "$lbctl" check
secret=$TEST_TMPDIR/secret
expect "lbctl secret" 0 "chown lbd:lbd $secret" "$lbctl" secret new "$secret"
[[ $(stat -c '%a %s' "$secret") == "400 45" ]] || { echo "FAILED: $(stat "$secret")"; failures=$((failures + 1)); }
before=$(cat "$secret")
expect "lbctl secret over another" 3 "$secret: is there already" "$lbctl" secret new "$secret"
[[ $(cat "$secret") == "$before" ]] || { echo "FAILED: the secret was overwritten"; failures=$((failures + 1)); }
expect "lbctl secret nowhere" 1 "No such file or directory" "$lbctl" secret new /not/there
[[ $("$lbctl" secret new | base64 -d | wc -c) -eq 32 ]] || { echo "FAILED: want 32 bytes"; failures=$((failures + 1)); }
expect "lbctl secret of another kind" 2 "STEP" "$lbctl" secret old
expect "lbctl what-if of nothing" 2 "option" "$lbctl" what-if
expect "lbctl unknown command" 2 "unknown command" "$lbctl" frobnicate
expect "lbctl nearest command" 2 "did you mean members?" "$lbctl" memebrs
expect "lbctl nearest flag" 2 "did you mean --server?" "$lbctl" --sevrer x status
expect "lbctl help has examples" 0 "lbctl explain default/web" "$lbctl" --help
expect "lbctl without a server" 1 "is lbd running here" \
  "$lbctl" --server unix:/tmp/lbctl-test-none.sock services

[[ $failures -eq 0 ]]
