#!/usr/bin/env python3
"""Makes the container image of lbd and lbctl: a tar of an OCI image layout.

  make_image.py LBD LBCTL VERSION_HEADER STRIP COPYRIGHT OUTPUT.tar

One layer has the libraries that the programs link, the loader, the users and the
licences of all of it; the layer above it has the programs, so that a new lbd is a
small download. There is nothing else: no shell, and no certificates, since an API
server's authority comes with the pod or in the kubeconfig.

The same input gives the same bytes: entries are sorted, times and owners fixed.
"""
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile

TIME = 315532800  # What is built is as old as 1980, and has no clock.
CREATED = "1980-01-01T00:00:00Z"

# A number, since a kubelet cannot tell from a name that it is not root's. This
# one is common for images without a shell.
USER = 65532
PASSWD = f"root:x:0:0:root:/:\nlbd:x:{USER}:{USER}:load balancer:/:\n"
GROUP = f"root:x:0:\nlbd:x:{USER}:\n"
PROGRAMS = ("usr/sbin/lbd", "usr/bin/lbctl")
LBD = PROGRAMS[0]

# Their headers are compiled into the programs. What the programs use besides is
# in a library of its own.
COMPILED_IN = {"libasio-dev", "libcli11-dev", "libmsgpack-cxx-dev"}
COMMON_LICENCES = "/usr/share/common-licenses/"

OCI = "application/vnd.oci.image."
LABEL = "org.opencontainers.image."


def file_capabilities():
    """CAP_NET_ADMIN and CAP_NET_RAW for any user of lbd, as far as the container
    has them. Kubernetes gives a user other than root no capability in any other
    way. They are permitted, and not effective: the kernel would refuse to start
    an effective one in a container without it, as the controller's. lbd takes up
    by itself what it needs.

    As linux/capability.h has it: version 2, permitted, inheritable, the upper
    halves of both."""
    net_admin, net_raw = 12, 13
    permitted = 1 << net_admin | 1 << net_raw
    value = struct.pack("<5I", 0x02000000, permitted, 0, 0, 0)
    return {"SCHILY.xattr.security.capability": value.decode("ascii")}


class Layer:
    """Files of an image, by path."""

    def __init__(self):
        self._entries = {}

    def add_folder(self, path, mode=0o755, user=0):
        """Adds a folder, and what is missing above it."""
        self._add_parents(path)
        self._add(path, tarfile.DIRTYPE, mode).uid = user
        self._entries[path][0].gid = user

    def add_file(self, path, data, mode=0o644, attributes=None):
        """Adds a file; attributes are headers of its entry."""
        self._add_parents(path)
        entry = self._add(path, tarfile.REGTYPE, mode, data)
        entry.pax_headers = attributes or {}

    def add_link(self, path, target):
        """Adds a symbolic link."""
        self._add_parents(path)
        self._add(path, tarfile.SYMTYPE, 0o777).linkname = target

    def tar(self):
        """The layer, uncompressed."""
        return tar_of(self._entries[path] for path in sorted(self._entries))

    def _add_parents(self, path):
        parent = os.path.dirname(path)
        if parent and parent not in self._entries:
            self.add_folder(parent)

    def _add(self, path, kind, mode, data=b""):
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.mtime = kind, mode, TIME
        entry.size = len(data)
        self._entries[path] = entry, data
        return entry


def tar_of(entries):
    """The bytes of a tar file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, data in entries:
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def compressed(data):
    """As gzip, without a time stamp and a name."""
    out = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, out, mtime=0) as file:
        file.write(data)
    return out.getvalue()


def libraries_of(program):
    """Returns the loader's path, and those of the libraries by soname."""
    printed = subprocess.run(["ldd", program], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    loader, libraries = None, {}
    for line in printed.splitlines():
        name, arrow, place = line.strip().partition(" => ")
        if not arrow:
            path = name.split(" (")[0]
            if path.startswith("/"):  # Otherwise it is the kernel's own.
                loader = path
        elif place.startswith("/"):
            libraries[name] = place.split(" (")[0]
        else:
            sys.exit(f"{program}: {name}: {place}")
    return loader, libraries


def read(path):
    """The bytes of a file."""
    with open(path, "rb") as file:
        return file.read()


def packages_of(files):
    """The names of the Debian packages that have these files. A package may know
    a file by its path without /usr, or with it."""
    names = {os.path.realpath(file).removeprefix("/usr") for file in files}
    paths = sorted(names | {"/usr" + name for name in names})
    # It fails, as half of the paths are unknown.
    printed = subprocess.run(["dpkg", "--search", *paths], check=False, text=True,
                             stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL).stdout
    found = {}
    for line in printed.splitlines():  # "libc6:amd64: /lib/...".
        owner, _, path = line.partition(": ")
        found[path.removeprefix("/usr")] = owner.split(":")[0]
    if names - set(found):
        sys.exit(f"{names - set(found)}: of no Debian package, want their terms")
    return set(found.values())


def add_licences(layer, packages, own):
    """The terms of lbd and of each package, and the licences that they name."""
    texts = {"lbd": read(own)}
    for package in packages:
        texts[package] = read(f"/usr/share/doc/{package}/copyright")
    named = re.findall(COMMON_LICENCES.encode() + rb"([\w.-]*\w)",
                       b"\n".join(texts.values()))
    for package, text in texts.items():
        layer.add_file(f"usr/share/doc/{package}/copyright", text)
    for name in {name.decode() for name in named}:
        path = COMMON_LICENCES + name
        layer.add_file(path.lstrip("/"), read(path))


def library_layer(programs, own_licence):
    """All but the programs. The loader looks for libraries in its own folder;
    without a cache it knows few others."""
    layer, wanted = Layer(), {}
    for program in programs:
        loader, libraries = libraries_of(program)
        wanted.update(libraries)
    add_licences(layer, COMPILED_IN | packages_of([loader, *wanted.values()]),
                 own_licence)
    folder = os.path.dirname(os.path.realpath(loader)).lstrip("/")
    for soname, path in wanted.items():
        real = os.path.realpath(path)
        name = os.path.basename(real)
        layer.add_file(f"{folder}/{name}", read(real))
        if name != soname:
            layer.add_link(f"{folder}/{soname}", name)
    name = os.path.basename(os.path.realpath(loader))
    layer.add_file(f"{folder}/{name}", read(loader), 0o755)
    layer.add_link(loader.lstrip("/"), f"/{folder}/{name}")
    layer.add_file("etc/passwd", PASSWD.encode())
    layer.add_file("etc/group", GROUP.encode())
    layer.add_folder("var/lib/lbd", 0o700, USER)
    layer.add_folder("run/lbd", 0o755, USER)
    return layer


def program_layer(programs, strip):
    """lbd and lbctl, stripped."""
    layer = Layer()
    with tempfile.TemporaryDirectory() as folder:
        for path, program in zip(PROGRAMS, programs):
            stripped = os.path.join(folder, os.path.basename(path))
            shutil.copy(program, stripped)
            os.chmod(stripped, 0o755)
            subprocess.run([strip, stripped], check=True)
            layer.add_file(path, read(stripped), 0o755,
                           file_capabilities() if path == LBD else None)
    return layer


def version_of(header):
    """As lbd --version says it."""
    return re.search(r'kVersion = "(.*)"', read(header).decode()).group(1)


def configuration(version, layers):
    """How to run the image."""
    machine = subprocess.run(["dpkg", "--print-architecture"], check=True,
                             text=True, stdout=subprocess.PIPE).stdout.strip()
    return {
        "architecture": machine,
        "os": "linux",
        "created": CREATED,
        "config": {
            "Entrypoint": ["/" + LBD],
            "Env": ["PATH=/usr/sbin:/usr/bin"],
            "User": f"{USER}:{USER}",
            "WorkingDir": "/",
            "Labels": {
                LABEL + "title": "lbd",
                LABEL + "description":
                    "Bare-metal load balancer: gives service addresses and "
                    "announces them by ARP, NDP and BGP",
                LABEL + "version": version,
                LABEL + "licenses": "Apache-2.0",
            },
        },
        "rootfs": {"type": "layers",
                   "diff_ids": [digest_of(layer) for layer in layers]},
        "history": [{"created": CREATED, "created_by": what}
                    for what in ("libraries", "lbd and lbctl")],
    }


def digest_of(data):
    """As the image specification writes it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Archive:
    """A layout, which names each blob by its digest."""

    def __init__(self):
        self._files = Layer()
        self._files.add_file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')

    def add_blob(self, kind, data):
        """Returns what others refer to it by."""
        digest = digest_of(data)
        self._files.add_file("blobs/" + digest.replace(":", "/"), data)
        return {"mediaType": OCI + kind, "digest": digest, "size": len(data)}

    def add_index(self, manifest):
        """Names the image."""
        index = {"schemaVersion": 2, "mediaType": OCI + "index.v1+json",
                 "manifests": [manifest]}
        self._files.add_file("index.json", json_of(index))

    def bytes(self):
        """The whole, as a tar file."""
        return self._files.tar()


def json_of(value):
    """Always the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def image_of(version, layers):
    """The archive of an image of these layers, the lowest first."""
    archive = Archive()
    config = archive.add_blob("config.v1+json",
                              json_of(configuration(version, layers)))
    manifest = archive.add_blob("manifest.v1+json", json_of({
        "schemaVersion": 2,
        "mediaType": OCI + "manifest.v1+json",
        "config": config,
        "layers": [archive.add_blob("layer.v1.tar+gzip", compressed(layer))
                   for layer in layers],
    }))
    # What containerd calls it is what a kubelet makes of "lbd:VERSION".
    archive.add_index(dict(manifest, annotations={
        LABEL + "ref.name": version,
        "io.containerd.image.name": f"docker.io/library/lbd:{version}",
    }))
    return archive.bytes()


def main():
    """Makes the archive that the arguments say."""
    *programs, header, strip, own_licence, output = sys.argv[1:]
    layers = [library_layer(programs, own_licence),
              program_layer(programs, strip)]
    image = image_of(version_of(header), [layer.tar() for layer in layers])
    with open(output, "wb") as file:
        file.write(image)


main()
