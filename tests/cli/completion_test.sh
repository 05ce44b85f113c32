#!/usr/bin/env bash
# Completion knows every command and flag that lbctl --help has.
set -uo pipefail

lbctl=$1
folder=daemon/lbctl/completion
failures=0

# complete WORD...: what bash offers for the last word.
complete_words() {
  COMP_WORDS=(lbctl "$@") COMP_CWORD=$# COMPREPLY=()
  _lbctl
  printf '%s\n' "${COMPREPLY[@]}"
}

# expect NAME WANT GOT
expect() {
  [[ $2 == "$3" ]] && return
  printf 'FAILED: %s: want (<) and got (>):\n' "$1"
  diff <(echo "$2") <(echo "$3")
  failures=$((failures + 1))
}

# Names in --help, of commands (indented by two) or of long flags.
commands=$("$lbctl" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' | sort)
flags_of() { "$lbctl" "$@" --help | grep -o '^  \(-[a-z],\)\?--[a-z-]*' | grep -o -- '--[a-z-]*' | sort -u; }

source "$folder/lbctl.bash"
[[ $(wc -l <<<"$commands") -ge 16 ]] || { echo "FAILED: only: $commands"; exit 1; }
expect "commands" "$commands" "$(complete_words "" | grep -v '^-' | sort)"
expect "flags" "$(flags_of)" "$(complete_words "--" | sort)"
for command in $commands; do
  want=$( (flags_of "$command"; flags_of) | sort -u)
  expect "flags of $command" "$want" "$(complete_words "$command" "--" | sort)"
  grep -q "'$command:" "$folder/_lbctl" || { echo "FAILED: zsh has no $command"; failures=$((failures + 1)); }
  for flag in $(flags_of "$command"); do
    grep -q -- "$flag" "$folder/_lbctl" || { echo "FAILED: zsh has no $flag"; failures=$((failures + 1)); }
  done
done
expect "forms" "$(printf 'json\n')" "$(complete_words -o j)"
kinds=$("$lbctl" problems --kind odd 2>&1 | sed 's/.*want one of //; s/, /\n/g' | sort)
expect "kinds" "$kinds" "$(complete_words problems --kind "" | sort)"
for kind in $kinds; do
  grep -q -- "--kind:kind:.*$kind" "$folder/_lbctl" || { echo "FAILED: zsh has no $kind"; failures=$((failures + 1)); }
done
expect "levels" "$(printf 'warning\n')" "$(complete_words log-level w)"
if command -v zsh >/dev/null; then
  zsh -n "$folder/_lbctl" || failures=$((failures + 1))
fi

[[ $failures -eq 0 ]]
