#!/usr/bin/env bash
# build_programs_test.sh: only a module proxy that gives nothing has the tests of
# build_programs.sh, build_helm.sh and build_metallb.sh skipped; a program that
# does not build fails them; one that was built is not built again.
set -euo pipefail
build=$PWD/tests/kubernetes/build_programs.sh
export XDG_CACHE_HOME=$TEST_TMPDIR/cache GO_OF_TEST=$TEST_TMPDIR/go
cache=$XDG_CACHE_HOME/lbd-test

# A go that runs a body for `mod`, for `list` and for `build`.
write_go() {  # write_go FILE MOD LIST BUILD
  mkdir -p "$(dirname "$1")"
  cat >"$1" <<END
#!/usr/bin/env bash
case \$1 in
  env) echo amd64 ;;
  mod) $2 ;;
  list) $3 ;;
  build) while [[ \$1 != -o ]]; do shift; done; output=\$2; $4 ;;
esac
END
  chmod +x "$1"
}

run() {  # run STATUS WHAT COMMAND...
  local status=0
  "${@:3}" >"$TEST_TMPDIR/out" || status=$?
  if ((status != $1)); then
    echo "FAIL: $2: exit $status, want $1"
    exit 1
  fi
}
expect() {  # expect STATUS VERSION WHAT [PROGRAM...]
  run "$1" "$3" "$build" "$2" "${@:4}"
}

unreachable='echo "dial tcp: lookup proxy: no such host" >&2; exit 1'
damaged='echo "verifying module: checksum mismatch" >&2; exit 1'
fault='echo "main.go:1: undefined" >&2; exit 1'
# shellcheck disable=SC2016 # The script's own variable.
good='for program in */main.go; do
  program=$output${program%/main.go}; echo "#!/bin/sh" >"$program"; chmod +x "$program"
done'

expect 2 v1.2.3 "a version without pins"
write_go "$GO_OF_TEST" "$unreachable" true true
expect 75 v1.34.4 "no toolchain, and no proxy"
write_go "$GO_OF_TEST" "$damaged" true true
expect 1 v1.34.4 "a toolchain with another checksum"

new_go=$cache/go1.25.5/bin/go
write_go "$new_go" true "$unreachable" true
expect 75 v1.34.4 "no proxy"
write_go "$new_go" true "$damaged" true
expect 1 v1.34.4 "modules with another checksum"
write_go "$new_go" true 'echo "go: updates to go.mod needed" >&2; exit 1' true
expect 1 v1.34.4 "modules that go.mod lacks"
write_go "$new_go" true true "$fault"
expect 1 v1.34.4 "a program that does not compile"
write_go "$new_go" true true "$good"
touch "$cache/core-v1.34.4-00000000"
expect 0 v1.34.4 "a program that does"
program=$(cat "$TEST_TMPDIR/out")
[[ -x $program && $program == "$cache"/core-v1.34.4-* ]] || {
  echo "FAIL: $program is no program of the cache"
  exit 1
}
[[ ! -e $cache/core-v1.34.4-00000000 && ! -e $cache/build-v1.34.4 ]] || {
  echo "FAIL: $cache has more than the program: $(ls "$cache")"
  exit 1
}
write_go "$new_go" "$fault" "$fault" "$fault"
expect 0 v1.34.4 "a program that is there"
write_go "$new_go" true true "$good"
expect 0 v1.34.4 "programs of which one is there" node core control
mapfile -t programs <"$TEST_TMPDIR/out"
[[ ${#programs[@]} -eq 3 && ${programs[1]} == "$program" && \
  -x ${programs[0]} && ${programs[0]} == "$cache"/node-v1.34.4-* && \
  -x ${programs[2]} && ${programs[2]} == "$cache"/control-v1.34.4-* ]] || {
  echo "FAIL: ${programs[*]} are not node, core and control"
  exit 1
}
rm -rf "$new_go"
write_go "$GO_OF_TEST" "$fault" true "$good"
expect 0 v1.26.15 "an old version, by Debian's Go alone"

helm() { run "$1" "Helm: $2" "$PWD/tests/kubernetes/build_helm.sh"; }
rm -rf "$cache"
write_go "$GO_OF_TEST" "$unreachable" true true
helm 75 "no toolchain, and no proxy"
write_go "$new_go" true "$unreachable" true
helm 75 "no proxy"
write_go "$new_go" true "$damaged" true
helm 1 "modules with another checksum"
write_go "$new_go" true true "$fault"
helm 1 "a program that does not compile"
# shellcheck disable=SC2016 # The script's own variable.
write_go "$new_go" true true 'echo "#!/bin/sh" >"$output"; chmod +x "$output"'
helm 0 "a program that does"
program=$(cat "$TEST_TMPDIR/out")
[[ -x $program && $program == "$cache"/helm-v3.* && ! -e $cache/build-helm ]] || {
  echo "FAIL: $program is no Helm of the cache: $(ls "$cache")"
  exit 1
}
write_go "$new_go" "$fault" "$fault" "$fault"
helm 0 "a program that is there"

metallb() { run "$1" "MetalLB: $2" "$PWD/tests/kubernetes/build_metallb.sh"; }
source=$TEST_TMPDIR/metallb
mkdir -p "$source/internal/bgp/frrk8s" "$source/config/manifests"
echo "package frr" >"$source/internal/bgp/frrk8s/frrk8s.go"
echo "kind: List" >"$source/config/manifests/metallb-native.yaml"
new_go=$cache/go1.26.8/bin/go
list='case $* in *-m*) echo "'$source'" ;; esac'
write_go "$GO_OF_TEST" "$unreachable" true true
metallb 75 "no toolchain, and no proxy"
write_go "$new_go" true "$damaged" true
metallb 1 "modules with another checksum"
write_go "$new_go" true "$list" "$fault"
metallb 1 "programs that do not compile"
# shellcheck disable=SC2016 # The script's own variable.
write_go "$new_go" true "$list" 'touch "$output/controller" "$output/speaker"'
metallb 0 "programs that do"
folder=$(cat "$TEST_TMPDIR/out")
[[ -e $folder/speaker && -e $folder/metallb-native.yaml && \
  $folder == "$cache"/metallb-v0.* && ! -e $cache/build-metallb ]] || {
  echo "FAIL: $folder is no MetalLB of the cache: $(ls "$cache")"
  exit 1
}
write_go "$new_go" "$fault" "$fault" "$fault"
metallb 0 "programs that are there"
echo "PASSED"
