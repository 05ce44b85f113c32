"""Tests on real kernels, in network namespaces that they make themselves."""

def netns_test(name, script, data, size = "medium", env = {}):
    """Declares a test that runs a script of its folder, with lab.sh at hand.

    Args:
      name: of the test.
      script: sources lab.sh; exit status 77 means skipped.
      data: further files it reads.
      size: as of any test; large where stories take minutes.
      env: variables for the script.
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
        env = env,
        data = data + [
            script,
            "//tests/netns:lab.sh",
            "//daemon:lbd",
            "//daemon/lbctl:lbctl",
        ],
        # Namespaces and raw sockets; one lab at a time, for honest timing.
        tags = [
            "exclusive",
            "local",
            "no-sandbox",
        ],
    )
