"""Protocol Buffers and gRPC code for C++, made by Debian's protoc."""

load("@rules_cc//cc:defs.bzl", "cc_library")

def lb_proto_library(name, src, grpc = False, **kwargs):
    """Declares the C++ library of one .proto file.

    With services it is two: NAME has the service classes and links gRPC,
    NAME_messages has the messages and does not.

    Args:
      name: of the cc_library.
      src: the .proto file, in this package.
      grpc: also generate service classes.
      **kwargs: passed on to the cc_library.
    """
    stem = src[:-len(".proto")]
    parts = ["pb", "grpc.pb"] if grpc else ["pb"]
    headers = ["%s.%s.h" % (stem, part) for part in parts]
    sources = ["%s.%s.cc" % (stem, part) for part in parts]

    # Another workspace has this one below external/.
    repository = native.repository_name().lstrip("@")
    root = "external/" + repository if repository else "."
    command = "protoc -I%s -I/usr/include --cpp_out=$(GENDIR)/%s" % (root, root)
    if grpc:
        command += " --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin"
        command += " --grpc_out=$(GENDIR)/" + root
    native.genrule(
        name = name + "_generate",
        srcs = [src],
        outs = headers + sources,
        cmd = command + " $(location %s)" % src,
    )
    messages = name + "_messages" if grpc else name
    cc_library(
        name = messages,
        srcs = sources[:1],
        hdrs = headers[:1],
        copts = ["-w"],  # Generated.
        deps = ["@system//:protobuf"],
        **kwargs
    )
    if grpc:
        cc_library(
            name = name,
            srcs = sources[1:],
            hdrs = headers[1:],
            copts = ["-w"],  # Generated.
            deps = [
                ":" + messages,
                "@system//:grpc++",
            ],
            **kwargs
        )
