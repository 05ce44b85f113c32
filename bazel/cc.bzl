"""Tests and benchmarks, with what each of them has."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_test")

_COMMON_DEPS = [
    "@system//:absl",
    "@system//:fmt",
]

def lb_cc_test(name, srcs = None, size = "small", deps = [], copts = [], **kwargs):
    """Declares a test of GoogleTest, with its main().

    Args:
      name: of the test; its source is NAME.cc, unless srcs says otherwise.
      srcs: sources, if they are others.
      size: small, if it can be.
      deps: besides GoogleTest, GoogleMock, Abseil and fmt.
      copts: of the compiler.
      **kwargs: passed on to the cc_test.
    """
    cc_test(
        name = name,
        size = size,
        srcs = srcs or [name + ".cc"],
        copts = copts + select({
            # In a precompiled header g++ 12 believes the bounds of std::string
            # to be wrong.
            "//bazel:precompiles": [
                "-include",
                "bazel/test_prelude.hh",
                "-Wno-array-bounds",
            ],
            "//conditions:default": [],
        }),
        deps = deps + _COMMON_DEPS + ["@system//:gtest_main"] + select({
            "//bazel:precompiles": ["//bazel:test_prelude"],
            "//conditions:default": [],
        }),
        **kwargs
    )

def lb_cc_benchmark(name, srcs = None, deps = [], **kwargs):
    """Declares a program of Google Benchmark, with its main().

    Args:
      name: of the program; its source is NAME.cc, unless srcs says otherwise.
      srcs: sources, if they are others.
      deps: besides Google Benchmark, Abseil and fmt.
      **kwargs: passed on to the cc_binary.
    """
    cc_binary(
        name = name,
        testonly = True,
        srcs = srcs or [name + ".cc"],
        tags = ["benchmark"],
        deps = deps + _COMMON_DEPS + ["@system//:benchmark"],
        **kwargs
    )
