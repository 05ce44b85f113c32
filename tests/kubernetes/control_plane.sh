#!/usr/bin/env bash
# A control plane of Kubernetes for tests: a real etcd and kube-apiserver, with
# keys, rights and the manifests that a test wants. To be sourced for its
# functions (kube_up, kube_apply, kube_stop ...), or run: then it obeys lines on
# stdin ("up", "stop apiserver KILL"), answers each with "ok" or "failed", and
# ends everything with its stdin.
#
#   KUBE_CORE     the program `core` of build_programs.sh
#   KUBE_DIR      a folder for keys, logs and state
#   KUBE_ADDRESS  where the servers listen; default 127.0.0.1
#   KUBE_PORT     the API server's port, and KUBE_ETCD_PORT, KUBE_PEER_PORT;
#                 default: ports that are free
#   KUBE_IN       words before each command, such as "ip netns exec cp"
#
# In KUBE_DIR, once it is up: server (host and port), pki/ca.crt, admin.conf
# (a kubeconfig by client certificate with all rights), and what kube_account
# made.
#
# No process outlives the shell that started it, however that ends.

KUBE_ADDRESS=${KUBE_ADDRESS:-127.0.0.1}
KUBE_IN=${KUBE_IN:-}
KUBE_READY_SECONDS=60
export PYTHONDONTWRITEBYTECODE=1  # By hand, it would be in the tree.
declare -A kube_pids=()

kube_url() { echo "https://$KUBE_ADDRESS:$KUBE_PORT"; }

# Free when this returns; nothing keeps others from them.
kube_choose_ports() {
  [[ -z ${KUBE_PORT:-} ]] || return 0
  read -r KUBE_PORT KUBE_ETCD_PORT KUBE_PEER_PORT < <(python3 - <<'END'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*[s.getsockname()[1] for s in sockets])
END
  )
}

kube_key() {  # kube_key NAME SUBJECT [NAMES]: pki/NAME.key and pki/NAME.crt.
  local pki=$KUBE_DIR/pki name=$1 subject=$2 names=${3:-}
  openssl ecparam -name prime256v1 -genkey -noout -out "$pki/$name.key" &&
    openssl req -new -key "$pki/$name.key" -subj "$subject" \
      -out "$pki/$name.csr" &&
    openssl x509 -req -in "$pki/$name.csr" -CA "$pki/ca.crt" \
      -CAkey "$pki/ca.key" -CAcreateserial -days 2 -out "$pki/$name.crt" \
      -extfile <(echo "extendedKeyUsage=clientAuth,serverAuth"
        [[ -z $names ]] || echo "subjectAltName=$names")
}

kube_pki() {
  local pki=$KUBE_DIR/pki
  mkdir -p "$pki"
  {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
      -days 2 -subj /CN=kube-ca -keyout "$pki/ca.key" -out "$pki/ca.crt" &&
      kube_key apiserver /CN=kube-apiserver \
        "IP:$KUBE_ADDRESS,IP:10.96.0.1,DNS:kubernetes.default.svc" &&
      kube_key admin /O=system:masters/CN=admin &&
      # It signs the tokens of service accounts.
      openssl ecparam -name prime256v1 -genkey -noout -out "$pki/sa.key" &&
      openssl ec -in "$pki/sa.key" -pubout -out "$pki/sa.pub"
  } >"$KUBE_DIR/log/pki.log" 2>&1
}

kube_kubeconfig() {  # kube_kubeconfig USER: USER.conf, by client certificate.
  cat >"$KUBE_DIR/$1.conf" <<END
apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: $1}}]
clusters:
- name: test
  cluster: {server: "$(kube_url)", certificate-authority: pki/ca.crt}
users:
- name: $1
  user: {client-certificate: pki/$1.crt, client-key: pki/$1.key}
END
}

# kube_run NAME COMMAND...: in the background; the kernel ends it with this
# shell.
kube_run() {
  local name=$1
  shift
  # shellcheck disable=SC2086 # KUBE_IN is several words.
  setpriv --pdeathsig KILL $KUBE_IN "$@" \
    </dev/null >>"$KUBE_DIR/log/$name.log" 2>&1 &
  kube_pids[$name]=$!
}

kube_etcd() {
  local clients=http://127.0.0.1:$KUBE_ETCD_PORT
  local peers=http://127.0.0.1:$KUBE_PEER_PORT
  kube_run etcd "$KUBE_CORE" etcd --data-dir "$KUBE_DIR/etcd" \
    --unsafe-no-fsync --listen-client-urls "$clients" \
    --advertise-client-urls "$clients" --listen-peer-urls "$peers" \
    --initial-advertise-peer-urls "$peers" --initial-cluster "default=$peers"
}

# kube_apiserver [FLAG...]
#
# The watch of ConfigMaps comes from etcd itself, so that a compaction there is
# seen by it; all others come from the server's cache, as is usual.
kube_apiserver() {
  local pki=$KUBE_DIR/pki
  kube_run apiserver "$KUBE_CORE" apiserver \
    --etcd-servers="http://127.0.0.1:$KUBE_ETCD_PORT" \
    --bind-address="$KUBE_ADDRESS" --advertise-address="$KUBE_ADDRESS" \
    --secure-port="$KUBE_PORT" --endpoint-reconciler-type=none \
    --service-cluster-ip-range=10.96.0.0/16 --authorization-mode=RBAC \
    --watch-cache-sizes=configmaps#0 --client-ca-file="$pki/ca.crt" \
    --tls-cert-file="$pki/apiserver.crt" \
    --tls-private-key-file="$pki/apiserver.key" \
    --service-account-issuer=https://kubernetes.default.svc \
    --service-account-key-file="$pki/sa.pub" \
    --service-account-signing-key-file="$pki/sa.key" "$@"
}

# kube_request METHOD PATH [CURL-OPTION...]: as admin; the answer is on stdout.
# Fails if there is none, or a refusal.
kube_request() {
  local pki=$KUBE_DIR/pki method=$1 path=$2
  shift 2
  # shellcheck disable=SC2086 # KUBE_IN is several words.
  $KUBE_IN curl --silent --show-error --fail-with-body --max-time 20 \
    --cacert "$pki/ca.crt" --cert "$pki/admin.crt" --key "$pki/admin.key" \
    --request "$method" "$@" "$(kube_url)$path"
}

# kube_wait SECONDS COMMAND...: until it succeeds.
kube_wait() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < until)) || return 1
    sleep 0.1
  done
}

kube_is_ready() {
  [[ -e /proc/${kube_pids[apiserver]:-none} ]] && kube_request GET /readyz
}
kube_ready() {
  kube_wait "$KUBE_READY_SECONDS" kube_is_ready && return
  echo "the API server is not ready after $KUBE_READY_SECONDS s; see" \
    "$KUBE_DIR/log" >&2
  tail -n 20 "$KUBE_DIR"/log/*.log >&2
  return 1
}

kube_up() {  # kube_up [FLAG-OF-THE-API-SERVER...]
  mkdir -p "$KUBE_DIR/log"
  kube_choose_ports
  kube_pki && kube_kubeconfig admin || return
  printf %s "$KUBE_ADDRESS:$KUBE_PORT" >"$KUBE_DIR/server"
  kube_etcd
  kube_apiserver "$@"
  kube_ready
}

# kube_start etcd|apiserver [FLAG...]: again, after kube_stop; waits until it
# serves.
kube_start() { "kube_$1" "${@:2}" && kube_ready; }

# kube_stop NAME [SIGNAL]: and waits for its end, 10 s at most; then kills it.
# Bash would tell of each process that was killed.
kube_stop() {
  local pid=${kube_pids[$1]:-}
  [[ -n $pid ]] || return 0
  unset "kube_pids[$1]"
  kill "-${2:-TERM}" "$pid"
  kube_wait 10 eval "! kill -0 $pid" || kill -KILL "$pid"
  wait "$pid"
  return 0
} 2>/dev/null

kube_down() {
  local name
  for name in "${!kube_pids[@]}"; do kube_stop "$name" KILL; done
}

# What etcd has forgotten, no watch can go on from.
kube_compact() {
  local etcd=http://127.0.0.1:$KUBE_ETCD_PORT revision
  # shellcheck disable=SC2086 # KUBE_IN is several words.
  revision=$($KUBE_IN curl -sS --max-time 20 -d '{"key": "AA=="}' \
    "$etcd/v3/kv/range" | sed -n 's/.*"revision":"\([0-9]*\)".*/\1/p')
  [[ -n $revision ]] || return
  # shellcheck disable=SC2086 # The same.
  $KUBE_IN curl -sS --fail --max-time 20 --output /dev/null \
    -d "{\"revision\": \"$revision\", \"physical\": true}" \
    "$etcd/v3/kv/compaction"
}

# kube_path KIND API-VERSION NAMESPACE NAME: the path of an object.
kube_path() {
  local plural=${1,,} api=apis/$2 place=""
  [[ $2 == */* ]] || api=api/$2
  case $plural in
    *s) plural+=es ;;
    *y) plural=${plural%y}ies ;;
    *) plural+=s ;;
  esac
  [[ -z $3 ]] || place=/namespaces/$3
  echo "/$api$place/$plural/$4"
}

# kube_apply FILE...: manifests of YAML, an object in each document. apiVersion
# and kind begin a line; name and namespace are on the line `metadata: {...}`, or
# on lines of their own below `metadata:`.
kube_apply() {
  local file document
  for file in "$@"; do
    rm -rf "$KUBE_DIR/apply"
    mkdir "$KUBE_DIR/apply"
    awk -v folder="$KUBE_DIR/apply" \
      '/^---/ { ++n; next } { print >sprintf("%s/%03d", folder, n) }' "$file" ||
      return
    for document in "$KUBE_DIR"/apply/*; do
      grep -q '^kind:' "$document" || continue  # Comments alone.
      kube_apply_document "$document" || return
    done
  done
}
kube_field() {  # kube_field FILE FIELD: a text of metadata.
  awk -v field="$2" '
    /^[a-z]/ { in_metadata = /^metadata:/ }
    in_metadata && match($0, "^(metadata: *\\{(.*, *)?|  )" field ": *[^,} ]+") {
      text = substr($0, RSTART, RLENGTH)
      sub(".*" field ": *", "", text)
      print text
      exit
    }' "$1"
}
kube_apply_document() {
  local path
  path=$(kube_path "$(sed -n 's/^kind: *//p' "$1")" \
    "$(sed -n 's/^apiVersion: *//p' "$1")" "$(kube_field "$1" namespace)" \
    "$(kube_field "$1" name)")
  kube_request PATCH "$path?fieldManager=test&force=true" \
    --header 'Content-Type: application/apply-patch+yaml' \
    --data-binary "@$1" >"$KUBE_DIR/log/apply.log" && return
  echo "$path: $(cat "$KUBE_DIR/log/apply.log")" >&2
  return 1
}

# kube_established PLURAL.GROUP: waits until objects of a custom resource are
# served.
kube_is_established() {
  kube_request GET \
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/$1" |
    tr -d ' \n' | grep -q '"type":"Established","status":"True"\|"status":"True","type":"Established"\|"reason":"InitialNamesAccepted"'
}
kube_established() { kube_wait 20 kube_is_established "$1"; }

# kube_account NAMESPACE NAME FOLDER: the files that a pod of this service
# account has (token, ca.crt, namespace), in KUBE_DIR/FOLDER.
kube_account() {
  local folder=$KUBE_DIR/$3 token
  mkdir -p "$folder"
  token=$(kube_request POST "/api/v1/namespaces/$1/serviceaccounts/$2/token" \
    --header 'Content-Type: application/json' \
    --data '{"spec": {"expirationSeconds": 3600}}' |
    sed -n 's/.*"token": *"\([^"]*\)".*/\1/p')
  [[ -n $token ]] || return
  # As kubelet does: a reader never sees half a token.
  printf %s "$token" >"$folder/token.new"
  mv "$folder/token.new" "$folder/token"
  cp "$KUBE_DIR/pki/ca.crt" "$folder/ca.crt"
  printf %s "$1" >"$folder/namespace"
}

kube_memory() {  # The resident memory of each server, in MiB.
  local name
  for name in "${!kube_pids[@]}"; do
    awk -v name="$name" '/^VmRSS/ { printf "%s %d MiB\n", name, $2 / 1024 }' \
      "/proc/${kube_pids[$name]}/status"
  done
}

kube_serve() {
  local line words
  trap kube_down EXIT
  trap 'exit 1' TERM INT HUP
  while read -r line; do
    read -ra words <<<"$line"
    if "kube_${words[0]}" "${words[@]:1}"; then echo ok; else echo failed; fi
  done
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -uo pipefail
  : "${KUBE_CORE:?the program core of build_programs.sh}" "${KUBE_DIR:?a folder}"
  kube_serve
fi
