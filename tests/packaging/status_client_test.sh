#!/usr/bin/env bash
# examples/status_client.py asks a running lbd, with stubs of the installed
# protocol file.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=../netns/lab.sh
source "$here/../netns/lab.sh"

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  cat "$LAB_DIR/lbd.log" >&2 || true
  exit 1
}
/usr/bin/python3 -c 'import grpc' 2>/dev/null || {
  echo "SKIPPED: python3-grpcio is not installed"
  exit 77
}

tar -xf packaging/program_files.tar -C "$LAB_DIR"
(cd "$LAB_DIR" && protoc -I share/lbd/proto --python_out=. --grpc_out=. \
  --plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin lb/status/v1/status.proto)

client() { PYTHONPATH=$LAB_DIR examples/status_client.py "unix:$LAB_DIR/lbd.sock"; }
status=0
client >"$LAB_DIR/out" 2>&1 || status=$?
[[ $status -eq 1 ]] && grep -q '^UNAVAILABLE: ' "$LAB_DIR/out" ||
  fail "without lbd: status $status: $(cat "$LAB_DIR/out")"

"$LBD" --node-name n1 --gossip-bind 127.18.8.21 --state-dir "$LAB_DIR/state" \
  --manifests examples/manifests --status-listen "unix:$LAB_DIR/lbd.sock" --user "$(id -un)" >"$LAB_DIR/lbd.log" 2>&1 &
lbd=$!
trap 'kill "$lbd"' EXIT
lists() { client >"$LAB_DIR/out" 2>&1 && grep -q '^default/nginx-test-service 172\.18\.8\.20[1-5] n1 ' "$LAB_DIR/out"; }
lab_wait 10 lists || fail "the client says: $(cat "$LAB_DIR/out")"
grep -qx 'n1: ready' "$LAB_DIR/out" || fail "the client says: $(cat "$LAB_DIR/out")"
echo "all seen"
