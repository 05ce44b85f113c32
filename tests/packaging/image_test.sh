#!/usr/bin/env bash
# The container image: its contents are those that are listed, and a second run
# makes the same bytes.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")

fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  exit 1
}

image=packaging/lbd-image.tar
version=$("$LBD" --version)
mkdir "$LAB_DIR/root"
echo "== contents"
python3 "$here/image_contents.py" "$image" "$LAB_DIR/root" "${version#lbd }" ||
  fail "the image is not as it should be"

echo "== made again, elsewhere, by a user with other habits"
make=$PWD/packaging/image/make_image.py strip=$PWD/packaging/strip.sh
header=$PWD/lb/config/version.h licence=$PWD/packaging/debian/copyright
mkdir "$LAB_DIR/tmp"
(cd "$LAB_DIR" && umask 077 && TMPDIR=$LAB_DIR/tmp TZ=Asia/Tokyo PYTHONHASHSEED=7 \
  "$make" "$LBD" "$LBCTL" "$header" "$strip" "$licence" again.tar)
cmp "$image" "$LAB_DIR/again.tar" || fail "the bytes differ"
echo "all seen"
