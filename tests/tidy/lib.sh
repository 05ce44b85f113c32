# For tests with the tools of clang: where the tree is, and how to be skipped.

# The top of the tree, from a link that Bazel made to a file in this folder.
top_of_tree() {
  realpath "$(dirname "$(readlink -f "$1")")/../.."
}

# skip NAME WHY: ends the test as skipped, never as passed.
skip() {
  echo "SKIPPED: $2"
  cat >"$XML_OUTPUT_FILE" <<END
<?xml version="1.0" encoding="UTF-8"?>
<testsuites><testsuite name="tidy" tests="1">
<testcase classname="tidy" name="$1"><skipped message="SKIPPED: $2"/></testcase>
</testsuite></testsuites>
END
  exit 0
}

# require_clang NAME TOOL: version 14, or skip. Others format differently and
# have other checks; their findings would say nothing about the tree.
require_clang() {
  local version
  version=$("$2" --version 2>/dev/null | grep -oE 'version [0-9]+' | head -1) ||
    skip "$1" "no $2"
  [[ $version == "version 14" ]] || skip "$1" "$2 has $version, want 14"
}

# The sources below the given folders of the tree, one a line.
sources() {
  find "$@" -name '*.cc' -o -name '*.h' | sort
}
