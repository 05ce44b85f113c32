"""A registry of container images, read-only, for kubelets without a network.

  registry.py ADDRESS PORT [NAME:TAG FOLDER COMMAND | NAME:TAG ARCHIVE ""]...

An image of a folder has it as its only layer, and the words of COMMAND as its
entry point. One of an archive is what this tar of an OCI image layout has. It
speaks the distribution protocol (Docker's Registry HTTP API V2) as far as
containerd asks for it.
"""
import hashlib
import http.server
import io
import json
import os
import platform
import re
import sys
import tarfile

VENDOR = "application/vnd.docker."
MANIFEST = VENDOR + "distribution.manifest.v2+json"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def digest_of(data):
    """As the protocol writes it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer_of(folder):
    """The folder's files as a tar, all of root."""
    def owned_by_root(entry):
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        return entry

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.add(folder, arcname=".", filter=owned_by_root)
    return out.getvalue()


class Images:
    """What the registry has, in memory."""

    def __init__(self):
        self._blobs = {}
        # By repository, and tag or digest: the type and the bytes.
        self._manifests = {}

    def add(self, name, source, command):
        """Takes an image, or makes one."""
        if os.path.isfile(source):
            self._add_archive(name, source)
        else:
            self._add_folder(name, source, command)

    def _add_archive(self, name, path):
        with tarfile.open(path) as tar:
            for entry in tar.getmembers():
                if entry.isfile() and entry.name.startswith("blobs/"):
                    digest = entry.name[len("blobs/"):].replace("/", ":")
                    self._blobs[digest] = tar.extractfile(entry).read()
            index = json.load(tar.extractfile("index.json"))
        manifest = index["manifests"][0]
        self._name(name, manifest["mediaType"],
                   self._blobs[manifest["digest"]])

    def _add_folder(self, name, folder, command):
        layer = layer_of(folder)
        machine = platform.machine()
        config = json.dumps({
            "os": "linux",
            "architecture": ARCHITECTURES.get(machine, machine),
            "config": {"Entrypoint": command.split(),
                       "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]},
            "rootfs": {"type": "layers",
                       "diff_ids": [digest_of(layer)]}}).encode()
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": self._put(VENDOR + "container.image.v1+json", config),
            "layers": [self._put(VENDOR + "image.rootfs.diff.tar",
                                 layer)]}).encode()
        self._name(name, MANIFEST, manifest)

    def _name(self, name, kind, manifest):
        repository, tag = name.rsplit(":", 1)
        for reference in (tag, digest_of(manifest)):
            self._manifests[repository, reference] = kind, manifest

    def _put(self, kind, data):
        self._blobs[digest_of(data)] = data
        return {"mediaType": kind, "size": len(data),
                "digest": digest_of(data)}

    def find(self, path):
        """The type and the bytes at a path, or None."""
        if path == "/v2/":
            return "application/json", b"{}"
        found = re.fullmatch(r"/v2/(.+)/(manifests|blobs)/([^/]+)", path)
        if not found:
            return None
        repository, what, reference = found.groups()
        if what == "manifests":
            return self._manifests.get((repository, reference))
        data = self._blobs.get(reference)
        return data and ("application/octet-stream", data)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET and HEAD."""
    protocol_version = "HTTP/1.1"
    images = Images()

    def do_GET(self):
        """Answers with what is at the path, if anything is."""
        found = self.images.find(self.path.split("?")[0])
        kind, data = found or ("application/json", b'{"errors": []}')
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Docker-Content-Digest", digest_of(data))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_HEAD = do_GET


words = sys.argv[3:]
for image in zip(words[::3], words[1::3], words[2::3]):
    Handler.images.add(*image)
http.server.ThreadingHTTPServer(
    (sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
