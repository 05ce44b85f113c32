#!/usr/bin/env bash
# Makes a man page of its template and of what the program says of itself:
#
#   man_page.sh TEMPLATE VERSION_HEADER PROGRAM options|verbatim
#
# options: each "  --flag VALUE" of --help becomes an entry; the usage before the
# first one is left out. verbatim: the text as it is.
set -euo pipefail
template=$1 header=$2 program=$3 form=$4

version=$(sed -n 's/.*kVersion = "\(.*\)".*/\1/p' "$header")
escape() { sed 's/\\/\\e/g; s/-/\\-/g; s/^\([.'\'']\)/\\\&\1/'; }
help=$("$program" --help | sed "s#^Usage: [^ ]*/#Usage: #" | escape)
if [[ $form == options ]]; then
  help=$(awk '
    /^  [^ ]/ { sub(/^ +/, ""); print ".TP\n.B " $0; entry = 1; next }
    /^ / && entry { sub(/^ +/, ""); print }' <<<"$help")
fi
while IFS= read -r line; do
  case $line in
    @HELP@) printf '%s\n' "$help" ;;
    *) printf '%s\n' "${line//@VERSION@/$version}" ;;
  esac
done <"$template"
