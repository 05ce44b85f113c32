#!/usr/bin/env python3
"""Prints which lines of lb/ were executed, by library.

    coverage.py PROFILES WANTED TARGET...

PROFILES is a folder of .profraw files, written by the tests among the targets,
built with --config=coverage. Tests, their tools and generated code do not
count. Exits with 1 if a library has less than WANTED percent.
"""
import json
import pathlib
import re
import subprocess
import sys


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def test_binaries(targets):
    folder = run("bazel", "info", "--config=coverage", "bazel-bin").strip()
    query = f'kind("cc_test rule", set({" ".join(targets)}))'
    for label in run("bazel", "query", "--output=label", query).split():
        path = pathlib.Path(folder, label.lstrip("/").replace(":", "/"))
        if path.exists():
            yield str(path)


def summaries(profiles, targets):
    """Pairs of a file's path and its {"count": lines, "covered": lines}."""
    merged = str(pathlib.Path(profiles, "merged.profdata"))
    raw = [str(path) for path in pathlib.Path(profiles).glob("*.profraw")]
    run("llvm-profdata", "merge", "-sparse", "-o", merged, *raw)
    first, *others = test_binaries(targets)
    objects = [f"-object={path}" for path in others]
    exported = run("llvm-cov", "export", "-summary-only",
                   f"-instr-profile={merged}", first, *objects)
    for file in json.loads(exported)["data"][0]["files"]:
        yield file["filename"], file["summary"]["lines"]


def library_of(path):
    """'lb/net' of './lb/net/arp.cc'; None for what does not count."""
    if re.search(r"/testing/|_test\.cc$|_benchmark|\.pb\.", path):
        return None
    found = re.match(r"(?:\./)?(lb/io/(?:posix|sim)|lb/\w+)/", path)
    return found.group(1) if found else None


def main(profiles, wanted, *targets):
    lines, covered = {}, {}
    for path, summary in summaries(profiles, targets):
        library = library_of(path)
        if library is None:
            continue
        lines[library] = lines.get(library, 0) + summary["count"]
        covered[library] = covered.get(library, 0) + summary["covered"]
    short = []
    for library in sorted(lines):
        percent = 100 * covered[library] / lines[library]
        print(f"{library:14} {covered[library]:6} of {lines[library]:6} lines "
              f"{percent:5.1f} %")
        if percent < float(wanted):
            short.append(library)
    if short:
        print(f"below {wanted} %: {', '.join(short)}")
    return 1 if short or not lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
