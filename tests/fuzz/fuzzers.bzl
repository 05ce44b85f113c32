"""Fuzzers: compiled by clang with libFuzzer and sanitizers, whatever compiles the rest."""

def fuzz_test(name, main, sources, corpus, vectors_min, malloc_limit_mb, libraries):
    """Declares a test that fuzzes for FUZZ_SECONDS, 5 if it is not set.

    Args:
      name: of the test.
      main: the file with LLVMFuzzerTestOneInput().
      sources: all .cc and .h files below it.
      corpus: vectors, one per line, in hexadecimal digits.
      vectors_min: how many it holds at the least.
      malloc_limit_mb: what no input may make it allocate at once.
      libraries: pkg-config names.
    """
    native.genrule(
        name = name + "_binary",
        testonly = True,
        srcs = [main] + sources,
        outs = [name + "er"],
        cmd = """
          set -e
          folder=$$(mktemp -d)
          trap 'rm -rf '$$folder EXIT
          printf '%%s\\n' $(SRCS) | grep '\\.cc$$' | xargs -P 2 -I FILE sh -c '
            clang++ -std=c++20 -O1 -g1 -DMSGPACK_NO_BOOST -I. \\
              -fsanitize=fuzzer-no-link,address,undefined \\
              -fno-sanitize-recover=undefined \\
              -c FILE -o $$0/$$(echo FILE | tr / _).o' $$folder
          clang++ -fsanitize=fuzzer,address,undefined -o $@ $$folder/*.o \\
            $$(pkg-config --libs %s)
        """ % " ".join(libraries),
        message = "Compiling with clang (packages clang, libclang-rt-14-dev)",
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
