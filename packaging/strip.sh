#!/usr/bin/env bash
# Takes out of programs, in place, what only a debugger reads:
#
#   strip.sh PROGRAM...
set -euo pipefail
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$@"
