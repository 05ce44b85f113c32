#!/usr/bin/env bash
# kubectl-lb: which pod it asks for which command line, and what it says if it can
# ask none. kubectl_recorder stands for kubectl.
set -euo pipefail
plugin=$PWD/packaging/kubectl-lb
work=$TEST_TMPDIR
mkdir "$work/bin"
cp "$(dirname "${BASH_SOURCE[0]}")/kubectl_recorder" "$work/bin/kubectl"
path=$work/bin:/usr/bin:/bin
export CALLS=$work/calls PODS=$work/pods
unset METALLB_NAMESPACE
failures=0

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  failures=$((failures + 1))
}

# run SHELL WORD...: sets status, said, executed (the words of the call of
# kubectl exec).
run() {
  : >"$CALLS"
  status=0
  said=$(PATH=$path $1 "$plugin" "${@:2}" 2>&1 </dev/null) || status=$?
  executed=$(grep '<exec>' "$CALLS" || true)
}

# row STATUS POD-AND-WORDS TEXT WORD...: kubectl lb WORD... ends with the status,
# runs lbctl with these words (none: runs nothing), and says TEXT in what it says.
row() {
  local shell want=$2 text=$3
  for shell in dash "bash --posix"; do
    run "$shell" "${@:4}"
    [[ $status -eq $1 ]] || fail "$shell: ${*:4}: status $status, want $1: $said"
    if [[ -n $want ]]; then
      want="<exec><--namespace><$namespace>$2"
      [[ $executed == *"$want" ]] || fail "$shell: ${*:4}: ran $executed, want $want"
    else
      [[ -z $executed ]] || fail "$shell: ${*:4}: ran $executed"
    fi
    [[ $said == *"$text"* ]] || fail "$shell: ${*:4}: said $said, want $text"
    [[ -n $text || -z $said ]] || fail "$shell: ${*:4}: said $said"
  done
}
in_pod() { echo "<speaker-$1><--container><speaker><--><lbctl>"; }

# Name, node, Ready, end, start.
cat >"$PODS" <<'END'
speaker-a|n1|False||2026-01-01T00:00:00Z
speaker-0||||
speaker-b|n2|True||2026-01-01T00:00:00Z
speaker-c|n3|True||2026-01-01T00:00:00Z
speaker-d|n4|False||
speaker-e|n5|True|2026-01-02T00:00:00Z|2026-01-01T00:00:00Z
END
namespace=metallb-system
a=$(in_pod a) b=$(in_pod b) c=$(in_pod c)

echo "== any Ready speaker, or that of a node"
row 0 "$b<status>" "" status
row 0 "$b<services><-o><wide>" "" services -o wide
row 0 "$b<explain><default/a b>" "" explain "default/a b"
row 0 "$b<services><--node><n1>" "" services --node n1
row 0 "$b<help>" "" help
row 0 "$c<status>" "" --node n3 status
row 0 "$c<bfd>" "" --node=n3 bfd
row 0 "$a<status>" "the speaker on n1 is not Ready: see kubectl describe pod --namespace metallb-system speaker-a" \
  --node n1 status
for command in services explain peers routes bfd problems events history what-if top doctor; do
  row 0 "$b<$command>" "" "$command"
done

echo "== drain and undrain go to the node that they name"
row 0 "$c<drain>" "" drain n3
row 0 "$c<undrain>" "" undrain n3
row 0 "$c<drain><--timeout><9>" "" drain n3 --timeout 9
row 0 "$c<drain><--timeout><9>" "" --node n3 drain --timeout 9
row 0 "$c<drain>" "" --node n3 drain n3
row 0 "$b<drain><--help>" "" drain --help
row 2 "" "drain: two nodes: n2 and n3" --node n2 drain n3
row 2 "" "drain: want a node: kubectl lb drain NODE" drain
row 2 "" "undrain: want a node" undrain --timeout 9
row 1 "" 'no node "n9"' drain n9

echo "== speakers that cannot be asked"
row 1 "" 'kubectl lb: no node "n9"; speakers run on: n1 n2 n3 n4 n5' --node n9 status
row 1 "" "kubectl lb: no speaker on node n6; speakers run on: n1" --node n6 status
row 1 "" "the speaker on n4 does not run: see kubectl describe pod --namespace metallb-system speaker-d" \
  --node n4 status
row 1 "" "the speaker on n5 is ending: speaker-e" --node n5 status
cp "$PODS" "$work/some"
grep -v '|True||' "$work/some" >"$PODS"
row 1 "" "kubectl lb: no speaker is Ready, on: n1 n4 n5; want --node" status
# While a node's speaker is replaced.
printf '%s\n' 'speaker-e|n1|True|2026-01-02T00:00:00Z|x' 'speaker-a|n1|False||x' 'speaker-c|n1|True||x' >"$PODS"
row 0 "$c<status>" "" --node n1 status
: >"$PODS"
row 1 "" "no speaker: namespace metallb-system has no pod with component=speaker, want --namespace" status
rm "$PODS"
row 1 "" "Unable to connect to the server" status
[[ $said != *"no speaker"* ]] || fail "it is not known whether there are speakers: $said"
mv "$work/some" "$PODS"

echo "== options for kubectl"
namespace=lb
row 0 "$b<status>" "" -n lb status
row 0 "$b<status>" "" --namespace=lb status
export METALLB_NAMESPACE=lb
row 0 "$b<status>" "" status
namespace=other
row 0 "$b<status>" "" --namespace other status
unset METALLB_NAMESPACE
namespace=metallb-system
calls_have() { grep -qF -- "$1" "$CALLS" || fail "no $1 in $(cat "$CALLS")"; }
row 0 "$b<status>" "" -l app=lbd status
calls_have "<get><pods><--namespace><metallb-system><--selector><app=lbd>"
row 0 "$b<status>" "" status
calls_have "<--selector><component=speaker>"
row 0 "$b<status>" "" --context east --kubeconfig "/a folder/config" status
[[ $(grep -c '^<--kubeconfig></a folder/config><--context><east>' "$CALLS") -eq 2 ]] || fail "$(cat "$CALLS")"

echo "== wrong usage"
row 2 "" "kubectl lb: want a command"
row 2 "" "kubectl lb: --frob: not an option before the command" --frob status
row 2 "" "kubectl lb: -x: not an option before the command" -x
row 2 "" "--node: want a value" --node
row 2 "" "--node: want a value" --node= status
row 2 "" "check: works on files, which are not in the pod; want lbctl check" check pool.yaml
row 2 "" "secret: works on files" secret new
row 0 "" "Usage: kubectl lb" --help
row 0 "" "Usage: kubectl lb" -h

echo "== lbctl's status is the status"
for LBCTL_STATUS in 1 2 3 4; do
  export LBCTL_STATUS
  row "$LBCTL_STATUS" "$b<status>" "" status
done
unset LBCTL_STATUS

echo "== a terminal on both ends is passed on"
if command -v script >/dev/null; then
  : >"$CALLS"
  PATH=$path script --quiet --return --command "$plugin top" /dev/null >/dev/null </dev/null ||
    fail "no terminal: $(cat "$CALLS")"
  calls_have "<exec><-it><--namespace>"
else
  echo "not tried: there is no script(1)"
fi

echo "== without kubectl"
path=$work
run /bin/dash status
[[ $status -eq 1 && $said == "kubectl lb: kubectl is not installed, or not in PATH" ]] || fail "status $status: $said"

[[ $failures -eq 0 ]] || exit 1
echo "all seen"
