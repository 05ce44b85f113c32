#!/usr/bin/env bash
# Puts lbd, lbctl and the libraries below a folder:
#
#   bazel run //:install -- PREFIX      such as /usr/local, or /tmp/lb
#
#   bin sbin             lbctl, lbd
#   include/lb           the libraries' headers
#   lib                  their archives; pkgconfig/lb-*.pc
#   lib/systemd/system   the unit, which starts PREFIX/sbin/lbd
#   share                man pages, protocol files, examples of options
#
# With /usr/local, the unit wants besides what the Debian package makes: a system
# user lbd, and /etc/lbd/lbd.yaml.
set -euo pipefail

if [[ $# -ne 1 || $1 == -* ]]; then
  sed -n '2,15s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
prefix=$1
# `bazel run` starts in a folder of its own.
[[ $prefix == /* ]] || prefix=${BUILD_WORKING_DIRECTORY:-$PWD}/$prefix

mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
for part in program_files library_files; do
  tar -xf "packaging/$part.tar" -C "$prefix" --no-same-owner --touch
done
packaging/set_prefix.sh "$prefix" "$prefix"
echo "Installed in $prefix"
