#!/usr/bin/env bash
# Installs the Debian packages that are missing: what the build needs, and what
# the arguments name: "test", the peers and tools of the tests; "bgp", the router
# of ./run bgp, which is FRR if ROUTER=frr, else BIRD; "kubernetes", what nodes of
# Kubernetes run (./run kubernetes).
set -euo pipefail

packages=(
  # Compiler, build, rule sets.
  g++ bazel-bootstrap bazel-rules-cc bazel-rules-java bazel-rules-proto
  bazel-platforms bazel-skylib pkg-config python3
  # Libraries.
  libabsl-dev libasio-dev libbenchmark-dev libcap-dev libcivetweb-dev
  libcli11-dev libfmt-dev
  libgmock-dev libgrpc++-dev libgtest-dev libmsgpack-cxx-dev libnghttp2-dev
  libnl-3-dev libnl-route-3-dev libpcap-dev libprotobuf-dev libseccomp-dev
  libsimdjson-dev
  libspdlog-dev libssl-dev libsystemd-dev libyaml-cpp-dev prometheus-cpp-dev
  protobuf-compiler protobuf-compiler-grpc
  # The Debian package.
  binutils dpkg-dev
  # The lab: network namespaces, a web server, a client.
  curl iproute2 iputils-ping nginx-light procps
)
for purpose in "$@"; do
  case $purpose in
    test)
      packages+=(
        arping bird2 clang clang-format clang-tidy debootstrap exabgp frr
        gobgpd golang-go golang-github-hashicorp-memberlist-dev
        libclang-rt-14-dev llvm make ndisc6 nftables nghttp2-server openssl
        prometheus python3-grpcio python3-protobuf python3-yaml shellcheck systemd
        tshark universal-ctags
      )
      ;;
    bgp)
      if [[ ${ROUTER:-bird} == frr ]]; then packages+=(frr); else packages+=(bird2); fi
      ;;
    kubernetes)
      packages+=(
        conntrack containerd containernetworking-plugins golang-go iptables
        nftables openssl runc
      )
      ;;
  esac
done

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
if [[ $EUID -ne 0 ]]; then
  echo "This needs root once: apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# A web server package starts its own server; the lab runs nginx itself.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
log=$(mktemp)
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  cat "$log" >&2
  echo "apt-get failed; see above" >&2
  exit 1
fi
rm -f "$log"
