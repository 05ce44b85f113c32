"""Checks the archive of the container image, and unpacks the image.

  image_contents.py ARCHIVE ROOT VERSION

The archive is an OCI image layout in which every digest and size is right, and
the image has nothing but what this file lists: libraries are there if a program
or another library needs them. As root the files get their owners and
capabilities, too. Prints the sizes; ends with 1 and the faults.
"""
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile

PROGRAMS = {"usr/sbin/lbd", "usr/bin/lbctl"}
TEXTS = {"etc/passwd", "etc/group"}
OWN_FOLDERS = {"run/lbd": 0o755, "var/lib/lbd": 0o700}
USER = 65532
SIZE_MAX = 60_000_000
DOC = "usr/share/doc/"
COMMON_LICENCES = "usr/share/common-licenses/"
# What is compiled into the programs, besides lbd itself.
COMPILED_IN = {"lbd", "libasio-dev", "libcli11-dev", "libmsgpack-cxx-dev"}
CAPABILITIES = "SCHILY.xattr.security.capability"

faults = []


def expect(right, fault):
    """Keeps the fault unless it is right."""
    if not right:
        faults.append(fault)


class Archive:
    """The files of the layout; those that were asked for."""

    def __init__(self, path):
        with tarfile.open(path) as tar:
            entries = tar.getmembers()
            self._files = {entry.name: tar.extractfile(entry).read()
                           for entry in entries if entry.isfile()}
        check_entries(entries, "the archive")
        self._read = set()

    def file(self, name):
        """The bytes of a file."""
        self._read.add(name)
        return self._files[name]

    def blob(self, descriptor):
        """The bytes that a descriptor names."""
        data = self.file("blobs/" + descriptor["digest"].replace(":", "/"))
        expect(digest_of(data) == descriptor["digest"],
               f"{descriptor['digest']}: its bytes are others")
        expect(len(data) == descriptor["size"],
               f"{descriptor['digest']}: has {len(data)} bytes, not "
               f"{descriptor['size']}")
        return data

    def unread(self):
        """What nothing refers to."""
        return set(self._files) - self._read


def digest_of(data):
    """As a descriptor has it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def check_entries(entries, where):
    """What makes the same bytes of the same files."""
    names = [entry.name for entry in entries]
    expect(names == sorted(set(names)), f"{where}: not sorted: {names}")
    for entry in entries:
        expect(entry.mtime == 315532800 and not entry.uname
               and not entry.gname and entry.gid == entry.uid,
               f"{where}: {entry.name}: has a time or names of its own")


def unpack(layer, root, files):
    """Puts a layer's files below a folder, and its entries into `files`."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        entries = tar.getmembers()
        check_entries(entries, "a layer")
        for entry in entries:
            files[entry.name] = entry
            write(entry, tar, root / entry.name)


def write(entry, tar, path):
    """One entry, as a container runtime unpacks it."""
    if entry.issym():
        path.symlink_to(entry.linkname)
        return
    if entry.isdir():
        path.mkdir(exist_ok=True)
    else:
        expect(entry.isfile(), f"{entry.name}: neither file, folder nor link")
        path.write_bytes(tar.extractfile(entry).read())
    if os.geteuid() == 0:
        os.chown(path, entry.uid, entry.gid)
        if CAPABILITIES in entry.pax_headers:
            os.setxattr(path, "security.capability",
                        entry.pax_headers[CAPABILITIES].encode("ascii"))
    path.chmod(entry.mode)


def readelf(flag, path):
    """What readelf prints, or nothing if it is no ELF file."""
    return subprocess.run(["readelf", flag, "-W", path], check=False, text=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def needed(path):
    """Sonames of libraries."""
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d", path)))


def resolve(root, path):
    """Follows links inside of the root; returns the path below it."""
    target = root / path
    while target.is_symlink():
        link = os.readlink(target)
        target = (root / link.lstrip("/") if link.startswith("/")
                  else target.parent / link)
    return str(target.relative_to(root))


def check_libraries(root, files):
    """Returns the files and links by which programs find their libraries."""
    loader = re.search(r"interpreter: /(.*)\]",
                       readelf("-l", root / "usr/sbin/lbd")).group(1)
    expect(loader in files, f"no loader: {loader}")
    folder = os.path.dirname(resolve(root, loader))
    found, waiting = {loader, resolve(root, loader)}, sorted(PROGRAMS)
    while waiting:
        for soname in sorted(needed(root / waiting.pop())):
            path = f"{folder}/{soname}"
            if path in found:
                continue
            if path not in files:
                expect(False, f"no library: {path}")
                continue
            file = resolve(root, path)
            found |= {path, file}
            waiting.append(file)
            expect((root / file).read_bytes() == pathlib.Path("/", file)
                   .read_bytes(), f"{file} is not this host's")
    return found


def package_of(path):
    """The Debian package of this host's file, which may be known without /usr."""
    for known in ("/" + path, "/" + path.removeprefix("usr/")):
        run = subprocess.run(["dpkg", "--search", known], check=False, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if run.returncode == 0:
            return run.stdout.split(":")[0]
    return None


def check_licences(root, libraries):
    """Returns the files with the terms of all that is in the image."""
    packages = COMPILED_IN | {package_of(path) for path in libraries
                              if not (root / path).is_symlink()}
    terms = {f"{DOC}{package}/copyright" for package in packages}
    named = set()
    for path in terms:
        if not (root / path).exists():
            continue  # check_files() says so.
        text = (root / path).read_bytes()
        expect(text, f"{path} is empty")
        named |= {COMMON_LICENCES + name.decode() for name in re.findall(
            rb"/usr/share/common-licenses/([\w.-]*\w)", text)}
    return terms | named


def check_files(root, files):
    """That there are those that are wanted, and no others."""
    libraries = check_libraries(root, files)
    wanted = PROGRAMS | TEXTS | libraries | check_licences(root, libraries)
    for path in wanted | set(OWN_FOLDERS):
        expect(path in files, f"{path} is missing")
    for path, entry in files.items():
        own = path in OWN_FOLDERS
        expect(entry.uid == (USER if own else 0), f"{path}: of {entry.uid}")
        if entry.isdir():
            is_way = any(file.startswith(path + "/") for file in files)
            expect(own or is_way, f"{path}: a folder that is not listed")
            expect(entry.mode == OWN_FOLDERS.get(path, 0o755),
                   f"{path}: mode {entry.mode:o}")
            continue
        expect(path in wanted, f"{path}: not listed")
        expect(entry.issym() or entry.mode in (0o644, 0o755),
               f"{path}: mode {entry.mode:o}")
        expect((CAPABILITIES in entry.pax_headers) == (path == "usr/sbin/lbd"),
               f"{path}: capabilities {entry.pax_headers}")
    for path in PROGRAMS:
        expect(".symtab" not in readelf("-S", root / path),
               f"{path}: not stripped")


def check_configuration(config, layers, version):
    """What runtimes read."""
    expect(config["rootfs"]["diff_ids"] == [digest_of(data) for data in layers],
           "diff_ids are not those of the layers")
    run = config["config"]
    expect(run["Entrypoint"] == ["/usr/sbin/lbd"], "lbd is not the entry point")
    expect(run["User"] == f"{USER}:{USER}", f"user {run['User']}")
    labels = {name.rpartition(".")[2]: text
              for name, text in run["Labels"].items()
              if name.startswith("org.opencontainers.image.")}
    expect(labels.get("version") == version, f"labels {labels}")
    expect(labels.get("licenses") == "Apache-2.0", f"labels {labels}")


def main():
    """Checks what the arguments name."""
    path, root, version = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    archive = Archive(path)
    layout = json.loads(archive.file("oci-layout"))
    expect(layout == {"imageLayoutVersion": "1.0.0"}, f"layout {layout}")
    (named,) = json.loads(archive.file("index.json"))["manifests"]
    expect(named["annotations"]["io.containerd.image.name"]
           == f"docker.io/library/lbd:{version}", f"{named['annotations']}")
    manifest = json.loads(archive.blob(named))
    blobs = [archive.blob(layer) for layer in manifest["layers"]]
    layers, files = [gzip.decompress(blob) for blob in blobs], {}
    for layer in layers:
        unpack(layer, root, files)
    check_configuration(json.loads(archive.blob(manifest["config"])), layers,
                        version)
    expect(not archive.unread(), f"nothing refers to {archive.unread()}")
    expect("usr/sbin/lbd" not in tarfile.open(fileobj=io.BytesIO(layers[0]))
           .getnames(), "lbd is in the layer of the libraries")
    check_files(root, files)
    size = os.path.getsize(path)
    expect(size <= SIZE_MAX, f"{size} bytes, want at most {SIZE_MAX}")
    unpacked = sum(entry.size for entry in files.values())
    print(f"{size / 1e6:.1f} MB, of which libraries {len(blobs[0]) / 1e6:.1f}, "
          f"lbd and lbctl {len(blobs[1]) / 1e6:.1f}; unpacked "
          f"{unpacked / 1e6:.1f} MB, {len(files)} entries")
    sys.exit("\n".join(faults) or 0)


main()
