# What scripts build for themselves. To be sourced.

# build WHAT COMMAND...: has the lines that the command prints, paths, in the
# array `built`. Ends the script as skipped if what it is built of cannot be
# fetched (exit status 75).
build() {
  local lines status=0
  lines=$("${@:2}") || status=$?
  if ((status == 75)); then
    echo "SKIPPED: $1 cannot be built: the module proxy gives nothing"
    exit 77
  fi
  ((status == 0)) || exit "$status"
  # shellcheck disable=SC2034 # Read by the scripts.
  mapfile -t built <<<"$lines"
}
