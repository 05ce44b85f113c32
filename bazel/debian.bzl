"""Repositories made of Debian's packages: rules_cc and the libraries we link."""

_RULES_CC = "/usr/share/bazel/rules/cc"

# Two files of Debian's rules_cc 0.0.4 load `use_cpp_toolchain`, which Bazel
# 4.2.3 does not have. The name of the toolchain type means the same.
_NEWER_THAN_BAZEL = [
    "cc/private/rules_impl/compiler_flag.bzl",
    "cc/private/rules_impl/cc_flags_supplier.bzl",
]

def _debian_rules_cc_impl(ctx):
    result = ctx.execute(["cp", "-rL", _RULES_CC + "/.", "."])
    if result.return_code != 0:
        fail("rules_cc: cannot copy %s: %s; is bazel-rules-cc installed?" %
             (_RULES_CC, result.stderr))
    for path in _NEWER_THAN_BAZEL:
        lines = []
        for line in ctx.read(path).split("\n"):
            if line.startswith("load(") and "use_cpp_toolchain" in line:
                line = line.replace(", \"use_cpp_toolchain\"", "")
            lines.append(line.replace(
                "toolchains = use_cpp_toolchain()",
                "toolchains = [\"@bazel_tools//tools/cpp:toolchain_type\"]",
            ))
        ctx.file(path, "\n".join(lines))

debian_rules_cc = repository_rule(implementation = _debian_rules_cc_impl)

# Target -> pkg-config modules. One target stands for one package, as in the
# Bazel Central Registry; header-only packages without a .pc file have none.
_MODULES = {
    "absl": [
        "absl_any_invocable",
        "absl_btree",
        "absl_cleanup",
        "absl_int128",
        "absl_status",
        "absl_statusor",
        "absl_strings",
        "absl_synchronization",
        "absl_time",
    ],
    "asio": [],
    "benchmark": ["benchmark"],
    "cap": ["libcap"],
    "civetweb": [],
    "cli11": ["CLI11"],
    "crypto": ["libcrypto"],
    "fmt": ["fmt"],
    "grpc++": ["grpc++", "protobuf"],
    "gtest": ["gmock"],
    "gtest_main": ["gmock_main"],
    "msgpack": [],
    "netlink": ["libnl-3.0", "libnl-route-3.0"],
    "nghttp2": ["libnghttp2"],
    "pcap": ["libpcap"],
    "prometheus": ["prometheus-cpp-core"],
    "protobuf": ["protobuf"],
    "seccomp": ["libseccomp"],
    "simdjson": ["simdjson"],
    "spdlog": ["spdlog"],
    "ssl": ["libssl"],
    "systemd": ["libsystemd"],
    "yaml": ["yaml-cpp"],
}

# Defines that no .pc file has.
_MORE_DEFINES = {
    "asio": ["ASIO_STANDALONE"],
    "msgpack": ["MSGPACK_NO_BOOST"],
}
_MORE_LIBRARIES = {
    "asio": ["-pthread"],
    "benchmark": ["-lbenchmark_main"],
    "civetweb": ["-lcivetweb-cpp", "-lcivetweb"],
    "grpc++": ["-lgrpc++_reflection"],
}

# Targets whose headers lie in a folder of their own below /usr/include.
_INCLUDE_FOLDERS = {"netlink": "libnl3"}

def _pkg_config(ctx, flag, modules):
    if not modules:
        return []
    result = ctx.execute(["pkg-config", flag] + modules)
    if result.return_code != 0:
        fail("pkg-config %s %s: %s(./test installs what is missing)" %
             (flag, " ".join(modules), result.stderr))
    return [word for word in result.stdout.strip().split(" ") if word]

def _library(ctx, name, modules):
    defines = [
        word[len("-D"):]
        for word in _pkg_config(ctx, "--cflags-only-other", modules)
        if word.startswith("-D")
    ] + _MORE_DEFINES.get(name, [])
    linkopts = _MORE_LIBRARIES.get(name, []) + _pkg_config(ctx, "--libs", modules)
    tags = ["pkg-config=" + module for module in modules]  # For //packaging.
    attributes = "name = %r, defines = %r, linkopts = %r, tags = %r" % (
        name,
        defines,
        linkopts,
        tags,
    )
    folder = _INCLUDE_FOLDERS.get(name)
    if folder:
        ctx.symlink("/usr/include/" + folder, folder)
        attributes += ", hdrs = glob([%r]), includes = [%r]" % (folder + "/**/*.h", folder)
    return "cc_library(%s)" % attributes

def _debian_system_libraries_impl(ctx):
    rules = ["package(default_visibility = [\"//visibility:public\"])"]
    rules += [_library(ctx, name, modules) for name, modules in _MODULES.items()]

    # Equal functions become one: a tenth of lbd's code. Bazel links with gold
    # where there is one; GNU ld cannot do this.
    merging = ["-Wl,--icf=safe"] if ctx.which("ld.gold") else []
    rules.append("cc_library(name = \"merged_functions\", linkopts = %r)" % merging)
    ctx.file("BUILD.bazel", "\n".join(rules) + "\n")

debian_system_libraries = repository_rule(implementation = _debian_system_libraries_impl)

# Rule sets that Debian's rules_cc and Bazel itself ask for.
_RULE_SETS = {
    "bazel_skylib": "/usr/share/bazel/tools/skylib",
    "platforms": "/usr/share/bazel/tools/platforms",
    "rules_java": "/usr/share/bazel/rules/java",
    "rules_proto": "/usr/share/bazel/rules/proto",
}

def debian_repositories():
    """Declares all that a workspace needs that builds lb's targets."""
    debian_rules_cc(name = "rules_cc")
    debian_system_libraries(name = "system")

    # Which packages are installed, for targets that take files of them.
    native.new_local_repository(
        name = "dpkg",
        build_file_content = "exports_files([\"status\"])",
        path = "/var/lib/dpkg",
    )
    for name, path in _RULE_SETS.items():
        native.local_repository(name = name, path = path)
