"""Tests on real kernels, in network namespaces that they make themselves."""

def netns_test(name, script, data, size = "medium", env = {}, flaky = False, timed = False, tags = []):
    """Declares a test that runs a script of its folder, with lab.sh at hand.

    Args:
      name: of the test.
      script: sources lab.sh; exit status 77 means skipped.
      data: further files it reads.
      size: as of any test; large where stories take minutes.
      env: variables for the script.
      flaky: may another process on the machine break what it promises? Then a
        run that fails is repeated, twice at most, and reported as such.
      timed: may another test at the same time break what it promises? Then it
        runs alone. The others wait until they see what they want, and each has
        namespaces of its own.
      tags: further ones, such as manual.
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
        flaky = flaky,
        data = data + [
            script,
            "//tests/netns:lab.sh",
            "//daemon:lbd",
            "//daemon/lbctl:lbctl",
        ],
        # Namespaces and raw sockets.
        tags = [
            "local",
            "no-sandbox",
        ] + (["exclusive"] if timed else []) + tags,
    )
