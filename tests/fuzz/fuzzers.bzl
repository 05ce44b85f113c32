"""Fuzzers: compiled by clang with libFuzzer and sanitizers, whatever compiles the rest."""

# Compiles the .cc files among $(SRCS) to objects in $$folder.
_COMPILE = """
  set -e
  folder=$$(mktemp -d)
  trap 'rm -rf '$$folder EXIT
  printf '%s\\n' $(SRCS) | grep '\\.cc$$' | xargs -P 2 -I FILE sh -c '
    clang++ -std=c++20 -O1 -g1 -DMSGPACK_NO_BOOST -I. -I$(GENDIR) \\
      -fsanitize=fuzzer-no-link,address,undefined \\
      -fno-sanitize-recover=undefined \\
      -c FILE -o $$0/$$(echo FILE | tr / _).o' $$folder
"""
_MESSAGE = "Compiling with clang (packages clang, libclang-rt-14-dev)"

def fuzz_library(name, sources):
    """Compiles once what several fuzzers link.

    Args:
      name: of the library.
      sources: all its .cc files, and the .h files that they include.
    """
    native.genrule(
        name = name,
        testonly = True,
        srcs = sources,
        outs = [name + ".a"],
        cmd = _COMPILE + "rm -f $@; ar qcsD $@ $$folder/*.o",
        message = _MESSAGE,
    )

def fuzz_test(
        name,
        main,
        sources,
        corpus,
        vectors_min,
        malloc_limit_mb,
        libraries,
        archives = []):
    """Declares a test that fuzzes for FUZZ_SECONDS, 5 if it is not set.

    Args:
      name: of the test.
      main: the file with LLVMFuzzerTestOneInput().
      sources: all .cc and .h files below it, but the .cc files of `archives`.
      corpus: vectors, one per line, in hexadecimal digits.
      vectors_min: how many it holds at the least.
      malloc_limit_mb: what no input may make it allocate at once.
      libraries: pkg-config names.
      archives: fuzz_library() targets.
    """
    native.genrule(
        name = name + "_binary",
        testonly = True,
        srcs = [main] + sources + archives,
        outs = [name + "er"],
        cmd = _COMPILE + """
          clang++ -fsanitize=fuzzer,address,undefined -o $@ $$folder/*.o \\
            %s $$(pkg-config --libs %s)
        """ % (
            " ".join(["$(location %s)" % archive for archive in archives]),
            " ".join(libraries),
        ),
        message = _MESSAGE,
    )
    native.sh_test(
        name = name,
        size = "medium",
        srcs = ["fuzz_test.sh"],
        args = [
            "$(location :%ser)" % name,
            "$(location %s)" % corpus,
            str(vectors_min),
            str(malloc_limit_mb),
        ],
        data = [
            corpus,
            ":%ser" % name,
        ],
    )
