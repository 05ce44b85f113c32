#!/usr/bin/env bash
# build_peer_test.sh: only a module proxy that gives nothing has the tests of
# build_peer.sh skipped; a peer that does not build fails them.
set -euo pipefail
build=$PWD/tests/interop/build_peer.sh
export XDG_CACHE_HOME=$TEST_TMPDIR/cache
toolchain=$XDG_CACHE_HOME/lbd-test/go1.25.5/bin

# A go that runs the body when it is told `mod download`, or `build`.
write_go() {  # write_go FILE DOWNLOAD-BODY [BUILD-BODY]
  mkdir -p "$(dirname "$1")"
  cat >"$1" <<END
#!/usr/bin/env bash
case \$1 in
  env) echo amd64 ;;
  mod) $2 ;;
  build) ${3:-true} ;;
esac
END
  chmod +x "$1"
}

expect() {  # expect STATUS WHAT
  local status=0
  GO_OF_TEST=$TEST_TMPDIR/go "$build" 0.7.0 "$TEST_TMPDIR/peer" ||
    status=$?
  if ((status != $1)); then
    echo "FAIL: $2: exit $status, want $1"
    exit 1
  fi
}

unreachable='echo "dial tcp: lookup proxy: no such host" >&2; exit 1'
damaged='echo "verifying module: checksum mismatch" >&2; exit 1'

write_go "$TEST_TMPDIR/go" "$unreachable"
expect 75 "no toolchain, and no proxy"
write_go "$TEST_TMPDIR/go" "$damaged"
expect 1 "a toolchain with another checksum"

write_go "$toolchain/go" "$unreachable"
expect 75 "no proxy"
write_go "$toolchain/go" "$damaged"
expect 1 "modules with another checksum"
write_go "$toolchain/go" 'echo "go: m@v1: missing go.sum entry" >&2; exit 1'
expect 1 "modules that go.sum lacks"
write_go "$toolchain/go" true 'echo "peer.go:1: undefined" >&2; exit 1'
expect 1 "a peer that does not compile"
write_go "$toolchain/go" true true
expect 0 "a peer that does"
echo "PASSED"
