#!/usr/bin/env bash
# Makes the archive of the kubectl plugin, and krew's manifest of it:
#
#   build.sh KUBECTL_LB LICENSE VERSION_HEADER TEMPLATE ARCHIVE.tar.gz MANIFEST
#
# The same input gives the same bytes.
set -euo pipefail
plugin=$1 license=$2 header=$3 template=$4 archive=$5 manifest=$6

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
install -m 755 "$plugin" "$root/kubectl-lb"
install -m 644 "$license" "$root/LICENSE"
tar -c --sort=name --mtime=@315532800 --owner=0 --group=0 --numeric-owner \
  -C "$root" LICENSE kubectl-lb | gzip -9n >"$archive"
version=$(sed -n 's/.*kVersion = "\(.*\)".*/\1/p' "$header")
sum=$(sha256sum <"$archive")
sed -e "s/@VERSION@/$version/" -e "s/@SHA256@/${sum%% *}/" "$template" >"$manifest"
