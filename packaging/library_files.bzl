"""The libraries as files for other build systems: headers, archives, pkg-config."""

LibraryParts = provider(
    doc = "The cc_library targets that a target is made of.",
    fields = {
        "parts": "depset of struct(label, headers, objects, uses, modules, " +
                 "defines, linkopts), one per cc_library; `uses` are labels.",
    },
)

_PKG_CONFIG = "pkg-config="

def _objects(target):
    """The objects of the target itself; those of its deps are theirs."""
    objects = []
    for linker_input in target[CcInfo].linking_context.linker_inputs.to_list():
        if linker_input.owner == target.label:
            for library in linker_input.libraries:
                objects += library.pic_objects or library.objects or []
    return objects

def _collect_impl(target, ctx):
    if CcInfo not in target:
        return []
    deps = [dep for dep in ctx.rule.attr.deps if LibraryParts in dep]
    part = struct(
        label = target.label,
        headers = tuple(ctx.rule.files.hdrs),
        objects = tuple(_objects(target)),
        uses = tuple([dep.label for dep in deps]),
        modules = tuple([
            tag[len(_PKG_CONFIG):]
            for tag in ctx.rule.attr.tags
            if tag.startswith(_PKG_CONFIG)
        ]),
        defines = tuple(ctx.rule.attr.defines),
        linkopts = tuple(ctx.rule.attr.linkopts),
    )
    return [LibraryParts(parts = depset(
        [part],
        transitive = [dep[LibraryParts].parts for dep in deps],
    ))]

_collect = aspect(implementation = _collect_impl, attr_aspects = ["deps"])

def _folder_of(label, folders):
    """The innermost of the folders that has the label's package, or None."""
    best = None
    for folder in folders:
        if (label.package + "/").startswith(folder + "/"):
            if best == None or len(folder) > len(best):
                best = folder
    return best

def _archive(ctx, folder, parts):
    """liblb_net.a of lb/net, or None if it has headers only."""
    objects = [file for part in parts for file in part.objects]
    if not objects:
        return None
    archive = ctx.actions.declare_file("lib/lib%s.a" % folder.replace("/", "_"))
    arguments = ctx.actions.args()
    arguments.add(archive)
    arguments.add_all(objects)
    ctx.actions.run_shell(
        outputs = [archive],
        inputs = objects,
        arguments = [arguments],
        # q: two folders of one library may have objects of one name. D: the
        # same objects give the same bytes.
        command = "rm -f \"$1\" && ar qcsD \"$@\"",
        mnemonic = "LibraryArchive",
    )
    return archive

def _pkg_config_file(ctx, folder, parts, by_label, has_archive):
    """lb-net.pc of lb/net. It finds its folder from its own place."""
    requires, flags, libs = {}, {}, {}
    for label in [label for part in parts for label in part.uses]:
        other = _folder_of(label, ctx.attr.libraries)
        used = by_label[label]
        if other == folder:
            continue
        elif other != None:
            requires[other.replace("/", "-")] = True
        elif used.modules:
            requires.update({module: True for module in used.modules})
        else:
            flags.update({"-D" + define: True for define in used.defines})
            libs.update({option: True for option in used.linkopts})
    own = ["-L${prefix}/lib", "-l" + folder.replace("/", "_")]
    name = folder.replace("/", "-")
    text = "\n".join([
        "prefix=${pcfiledir}/../..",
        "",
        "Name: " + name,
        "Description: " + ctx.attr.libraries[folder],
        "Version: @VERSION@",
        # There is no shared library, so a program that links this one links all
        # below it: Requires, not Requires.private.
        "Requires: " + " ".join(sorted(requires)),
        "Cflags: " + " ".join(["-I${prefix}/include"] + sorted(flags)),
        "Libs: " + " ".join((own if has_archive else []) + sorted(libs)),
        "",
    ])
    file = ctx.actions.declare_file("lib/pkgconfig/%s.pc" % name)
    ctx.actions.run_shell(
        outputs = [file],
        inputs = [ctx.file.version],
        arguments = [ctx.file.version.path, text, file.path],
        command = """
          version=$(sed -n 's/.*kVersion = "\\(.*\\)".*/\\1/p' "$1")
          printf '%s' "${2/@VERSION@/$version}" >"$3"
        """,
        mnemonic = "PkgConfigFile",
    )
    return file

def _library_files_impl(ctx):
    parts = depset(transitive = [
        dep[LibraryParts].parts
        for dep in ctx.attr.deps
    ]).to_list()
    by_label = {part.label: part for part in parts}
    headers, files = [], []
    for folder in ctx.attr.libraries:
        own = [
            part
            for part in parts
            if _folder_of(part.label, ctx.attr.libraries) == folder
        ]
        headers += [file for part in own for file in part.headers]
        archive = _archive(ctx, folder, own)
        files += [archive] if archive else []
        files.append(_pkg_config_file(ctx, folder, own, by_label, archive != None))

    tar = ctx.actions.declare_file(ctx.label.name + ".tar")
    arguments = ctx.actions.args()
    arguments.add(tar)
    arguments.add(ctx.bin_dir.path)
    arguments.add(ctx.label.package)
    arguments.add_all(headers + files)
    ctx.actions.run_shell(
        outputs = [tar],
        inputs = headers + files,
        arguments = [arguments],
        command = """
          tar=$1 bin=$2 package=$3
          shift 3
          tar -chf "$tar" --sort=name --mtime=@0 --owner=0 --group=0 \\
            --numeric-owner --mode=u=rw,go=r \\
            --transform="s,^$bin/,," --transform="s,^$package/lib/,lib/," \\
            --transform='s,^lb/,include/lb/,' "$@"
        """,
        mnemonic = "LibraryFiles",
    )
    return [DefaultInfo(
        files = depset([tar]),
        runfiles = ctx.runfiles(files = [tar]),
    )]

library_files = rule(
    doc = """A tar of include/, lib/*.a and lib/pkgconfig/*.pc.

A library is a folder with its sub-folders, less those that are libraries of
their own; one archive and one pkg-config file each. What is in it is found by
following `deps`; `private` headers (in srcs) stay out.""",
    implementation = _library_files_impl,
    attrs = {
        "deps": attr.label_list(aspects = [_collect], mandatory = True),
        "libraries": attr.string_dict(
            doc = "Folder to description.",
            mandatory = True,
        ),
        "version": attr.label(
            doc = "The C++ header with kVersion.",
            allow_single_file = True,
            mandatory = True,
        ),
    },
)
