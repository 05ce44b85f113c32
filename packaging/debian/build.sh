#!/usr/bin/env bash
# Makes the Debian package of lbd and lbctl:
#
#   build.sh PROGRAM_FILES.tar VERSION_HEADER OUTPUT.deb
#
# Depends comes from the libraries that the programs link (dpkg-shlibdeps).
# The same input gives the same bytes.
set -euo pipefail
files=$(realpath "$1")
header=$(realpath "$2")
output=$(realpath -m "$3")
here=$(cd "$(dirname "$0")" && pwd)

# What is built is not older than 1980, as some tools want, and has no clock.
export SOURCE_DATE_EPOCH=315532800
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/usr" "$root/DEBIAN" "$root/lib" "$root/etc/lbd/manifests" \
  "$root/usr/share/doc/lbd" "$root/usr/share/lintian/overrides"

tar -xf "$files" -C "$root/usr" --no-same-owner
"$here/../set_prefix.sh" "$root/usr" /usr
mv "$root/usr/lib/systemd" "$root/lib/"
rmdir "$root/usr/lib"
"$here/../strip.sh" "$root/usr/sbin/lbd" "$root/usr/bin/lbctl"
mv "$root/usr/share/lbd/lbd.yaml" "$root/etc/lbd/"
install -m 644 "$here/manifests-README" "$root/etc/lbd/manifests/README"
install -m 644 "$here/copyright" "$root/usr/share/doc/lbd/copyright"
install -m 644 "$here/lintian-overrides" "$root/usr/share/lintian/overrides/lbd"

cd "$work"
version=$(sed -n 's/.*kVersion = "\(.*\)".*/\1/p' "$header")
sed "s/@VERSION@/$version/" "$here/changelog.in" >"$root/usr/share/doc/lbd/changelog"
gzip -9n "$root/usr/share/doc/lbd/changelog" "$root"/usr/share/man/man*/*
mkdir debian
printf 'Source: lbd\n\nPackage: lbd\nArchitecture: any\n' >debian/control
depends=$(dpkg-shlibdeps -O --warnings=1 root/usr/sbin/lbd root/usr/bin/lbctl |
  sed -n 's/^shlibs:Depends=//p')
[[ -n $depends ]] || { echo "dpkg-shlibdeps found nothing" >&2; exit 1; }

(cd root && find usr lib -type f -print0 | sort -z | xargs -0 md5sum) >root/DEBIAN/md5sums
printf '/etc/lbd/lbd.yaml\n/etc/lbd/manifests/README\n' >root/DEBIAN/conffiles
for script in postinst prerm postrm; do
  install -m 755 "$here/$script" "root/DEBIAN/$script"
done
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$(dpkg --print-architecture)/" \
  -e "s/@SIZE@/$(du -sk --apparent-size root | cut -f1)/" -e "s/@DEPENDS@/$depends/" \
  "$here/control.in" >root/DEBIAN/control
chmod -R u=rwX,go=rX root
find root -exec touch --no-dereference --date=@$SOURCE_DATE_EPOCH {} +
dpkg-deb --root-owner-group -Zxz --build root "$output" >/dev/null
