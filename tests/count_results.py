#!/usr/bin/env python3
"""Counts the test cases in the test.xml files below a folder.

The folder has one for each mode of ./test, which has one for each target.
Prints failed and skipped ones by name, then "N passed, N failed, N skipped".
Exits with 1 if any failed, or if none ran.
"""
import pathlib
import sys
import xml.etree.ElementTree


def outcome(case):
    """'passed', 'failed' or 'skipped', and why."""
    for tag in ("failure", "error"):
        found = case.find(tag)
        if found is not None:
            return "failed", (found.get("message") or found.text or "").strip()
    skipped = case.find("skipped")
    if skipped is not None or case.get("result") == "skipped":
        text = "" if skipped is None else skipped.get("message") or skipped.text
        return "skipped", (text or "").strip()
    if case.get("status") == "notrun":
        return None, ""
    return "passed", ""


def main(folder):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in sorted(pathlib.Path(folder).rglob("test.xml")):
        mode, *parts = path.parent.relative_to(folder).parts
        target = "//" + "/".join(parts)
        if mode != "plain":
            target = f"[{mode}] {target}"
        try:
            root = xml.etree.ElementTree.parse(path).getroot()
        except xml.etree.ElementTree.ParseError as error:
            counts["failed"] += 1
            print(f"failed: {target}: unreadable result: {error}")
            continue
        for case in root.iter("testcase"):
            result, why = outcome(case)
            if result is None:
                continue
            counts[result] += 1
            if result != "passed":
                name = case.get("classname", "") + "." + case.get("name", "")
                first_line = why.splitlines()[0] if why else ""
                print(f"{result}: {target} {name}: {first_line}")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
