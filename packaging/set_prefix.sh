#!/usr/bin/env bash
# Writes the prefix into the installed text files that name it:
#
#   set_prefix.sh FOLDER PREFIX
set -euo pipefail
cd "$1"
sed -i "s,@PREFIX@,$2,g" lib/systemd/system/lbd.service share/man/man8/lbd.8
