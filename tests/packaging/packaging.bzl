"""Tests of what is installed: the package, the tree, programs that use it."""

def packaging_test(name, script, data, size = "medium"):
    """Declares a test that runs a script of this folder.

    Args:
      name: of the test.
      script: run by case.sh of tests/netns; exit status 77 means skipped.
      data: files it reads.
      size: of the test.
    """
    native.sh_test(
        name = name,
        size = size,
        srcs = ["//tests/netns:case.sh"],
        args = [
            name,
            "$(location %s)" % script,
            "$(location //daemon:lbd)",
            "$(location //daemon/lbctl:lbctl)",
        ],
        data = data + [
            script,
            "//daemon:lbd",
            "//daemon/lbctl:lbctl",
            "//tests/netns:lab.sh",
        ],
        # Namespaces, compilers and the packages of this host.
        tags = [
            "exclusive",
            "local",
            "no-sandbox",
        ],
    )
