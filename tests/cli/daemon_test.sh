#!/usr/bin/env bash
# A running lbd, asked and changed with lbctl: sockets, TLS, metrics, the log.
set -uo pipefail
source tests/cli/expect.sh

lbd=$1 lbctl=$2
folder=$(mktemp -d /tmp/lbd-cli.XXXXXX)
daemon=
trap '[[ -n $daemon ]] && kill -9 "$daemon" 2>/dev/null; rm -rf "$folder"' EXIT

cp -r examples/manifests "$folder/manifests"
chmod -R u+w "$folder/manifests"
printf secret >"$folder/secret"
printf new >"$folder/new-secret"
tls=()
if command -v openssl >/dev/null; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=n1 -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
  tls=(--status-listen 127.0.0.1:17473 --status-tls-cert "$folder/cert.pem" --status-tls-key "$folder/key.pem")
else
  echo "SKIPPED: TLS: no openssl command (package openssl)"
fi

"$lbd" --user "$(id -un)" --node-name n1 --state-dir "$folder/state" --manifests "$folder/manifests" \
  --gossip-bind 127.0.0.1:17946 --gossip-secret-file "$folder/secret" --interfaces none --log-format json \
  --status-listen "unix:$folder/lbd.sock" "${tls[@]}" --metrics-listen 127.0.0.1:17474 2>"$folder/log" &
daemon=$!
export LBCTL_SERVER="unix:$folder/lbd.sock"
for ((i = 0; i < 100; ++i)); do
  "$lbctl" services 2>/dev/null | grep -q 172.18.8.201 && break
  sleep 0.1
done

expect "status" 0 "Ready:      yes" "$lbctl" status
expect "filter" 0 "EXTERNAL-IP" "$lbctl" services --node n1
expect "no such address" 2 'address: "10.0.0.300"' "$lbctl" services --address 10.0.0.300
expect "yaml" 0 'reason: "nobody may announce it: n1 noUsableInterface (wants ARP on any interface; it has no usable interface)"' "$lbctl" services -o yaml
expect "remedy" 0 "it has no usable interface), want a usable interface on a member: \`lbctl interfaces\` there says what each lacks" "$lbctl" problems
expect "explain" 0 "noUsableInterface" "$lbctl" explain default/nginx-test-service
expect "explain nothing" 3 "default/none" "$lbctl" explain default/none
expect "explain without a namespace" 3 "did you mean default/nginx-test-service?" "$lbctl" explain nginx-test-service
expect "release of a mistyped service" 3 "did you mean default/nginx-test-service?" "$lbctl" release default/nginx-tset-service
expect "no such pool" 3 "IPAddressPool/odd: there is no such pool" "$lbctl" pools odd
expect "no such node" 3 "Node/n9: there is no such member, want n1" "$lbctl" services --node n9
expect "a pool that no service can have" 3 "IPAddressPool/odd: there is no such pool" "$lbctl" services --pool odd
expect "an address that is free" 0 "lbctl: no service matches" "$lbctl" services --address 172.18.8.205
expect "explain an address" 0 "default/nginx-test-service" "$lbctl" explain 172.18.8.201
expect "explain a free address" 3 "172.18.8.205: no service holds it" "$lbctl" explain 172.18.8.205
expect "explain no address" 2 '"172.18.8.300": no IP address' "$lbctl" explain 172.18.8.300
expect "a missing argument" 2 "lbctl: SERVICE is required (--help says more)" "$lbctl" explain
expect "help" 0 "Usage: lbctl pools" "$lbctl" help pools
[[ $("$lbctl" doctor) == *"runs, pid $daemon"* ]] || { echo "FAILED: doctor --server"; failures=$((failures + 1)); }
expect "full output" 1 "standard output: No space left on device" bash -c '"$1" services >/dev/full' - "$lbctl"
expect "full output of top" 1 "standard output: No space left on device" bash -c '"$1" top >/dev/full' - "$lbctl"
[[ $("$lbctl" events | head -n 1 | wc -l) -eq 1 ]] || { echo "FAILED: events | head"; failures=$((failures + 1)); }
for command in status services pools "pools --holders" members interfaces problems events history \
  "explain default/nginx-test-service" "what-if --without n1" doctor "check $folder/manifests"; do
  # shellcheck disable=SC2086
  "$lbctl" $command -o json 2>&1 | python3 -c '
import json, sys
text = sys.stdin.read().lstrip()
while text:  # Events are one after the other.
    text = text[json.JSONDecoder().raw_decode(text)[1]:].lstrip()' ||
    { echo "FAILED: no JSON: $command"; failures=$((failures + 1)); }
  # shellcheck disable=SC2086
  [[ $("$lbctl" $command -o yaml 2>&1 | head -n 1) == --- ]] ||
    { echo "FAILED: no YAML: $command"; failures=$((failures + 1)); }
done
expect "what if" 0 "" "$lbctl" what-if --without n1
expect "what if of a stranger" 3 "n9" "$lbctl" what-if --without n9
expect "drain" 0 "" "$lbctl" drain
expect "draining" 0 "Draining" "$lbctl" events
expect "undrain" 0 "" "$lbctl" undrain
expect "events" 0 "IPAllocated" "$lbctl" events --since 1m
expect "top" 0 "1 services, 0 pending" "$lbctl" top --frames 1
expect "top without a terminal" 0 "1 services, 0 pending" timeout 10 "$lbctl" top
expect "top as JSON" 2 "want table or wide" "$lbctl" top -o json
for server in unix: foo :50051 http://x 127.0.0.1:99999; do
  expect "server $server" 2 "lbctl: --server: \"$server\": " "$lbctl" --server "$server" status
  expect "doctor, server $server" 2 "lbctl: --server: \"$server\": " "$lbctl" --server "$server" doctor
done
expect "reload" 0 "In force: 1 pools, 1 advertisements, 1 services. 0 problems." "$lbctl" reload
cp tests/cli/bad/prefix.yaml "$folder/manifests"
expect "reload of a fault" 0 "1 problems." "$lbctl" reload
expect "the same again" 0 "Nothing changed." "$lbctl" reload
expect "what was refused" 0 "refused IPAddressPool/" "$lbctl" events
expect "problem" 0 "object refused" "$lbctl" problems --kind object-refused
rm "$folder/manifests/prefix.yaml"
expect "reload without the fault" 0 "0 problems." "$lbctl" reload
expect "what went with its fault" 0 "removed IPAddressPool/" "$lbctl" events
[[ $("$lbctl" events) != *resolved* ]] || { echo "FAILED: gone is not resolved"; failures=$((failures + 1)); }
expect "key added" 0 "2 secrets" "$lbctl" rotate-key add --secret-file "$folder/new-secret"
expect "key in use" 3 "it encrypts" "$lbctl" rotate-key remove --secret-file "$folder/secret"
expect "metrics" 0 "lb_ready 1" curl -s http://127.0.0.1:17474/metrics
expect "log in JSON" 0 '"reason":"GossipKeyRotated","object":"Node/n1"' cat "$folder/log"
expect "log level" 0 "Done" "$lbctl" log-level error
lines=$(wc -l <"$folder/log")
expect "no event is logged" 0 "" "$lbctl" reload
[[ $(wc -l <"$folder/log") -eq $lines ]] || { echo "FAILED: logged below the level"; failures=$((failures + 1)); }
expect "bad level" 2 "want debug, info, warning or error" "$lbctl" log-level loud

if [[ ${#tls[@]} -gt 0 ]]; then
  secure=(--server 127.0.0.1:17473 --tls-ca "$folder/cert.pem")
  expect "over TLS" 0 "Ready:      yes" "$lbctl" "${secure[@]}" status
  expect "no admin over TLS" 3 "this listener does not offer it" "$lbctl" "${secure[@]}" reload
  expect "no plain TCP" 1 "--tls-ca FILE" "$lbctl" --server 127.0.0.1:17473 status
  expect "no such file" 2 "/none: cannot read it" "$lbctl" --tls-ca /none status
  output=$("$lbctl" --server 127.0.0.1:17473 status 2>&1)
  [[ $(wc -l <<<"$output") -eq 2 ]] || { echo "FAILED: want two lines: $output"; failures=$((failures + 1)); }
  "$lbctl" log-level info >/dev/null
  echo broken >"$folder/key.pem"
  for ((i = 0; i < 100; ++i)); do
    grep -q CertificateRefused "$folder/log" && break
    sleep 0.1
  done
  expect "bad key" 0 "status-tls-key: $folder/key.pem: has no private key" cat "$folder/log"
  expect "the good key still serves" 0 "Ready:      yes" "$lbctl" "${secure[@]}" status
fi

grep -v '^{' "$folder/log" && { echo "FAILED: not in JSON"; failures=$((failures + 1)); }
kill -TERM "$daemon"
wait "$daemon"
status=$?
[[ $status -eq 0 ]] || { echo "FAILED: lbd ended with $status"; failures=$((failures + 1)); }
daemon=
expect "gone" 1 "is lbd running here" "$lbctl" status
[[ $("$lbctl" doctor) == *"does not answer at unix:$folder/lbd.sock"* ]] ||
  { echo "FAILED: doctor without lbd"; failures=$((failures + 1)); }

[[ $failures -eq 0 ]]
