"""Counts the writes of lbd in an audit log of the API server.

  writes.py FILE SERVICES     a table: verb, resource, how many, per Service
"""
import collections
import json
import sys


def main(path, services):
    """Prints the table."""
    counts = collections.Counter()
    with open(path, encoding="utf-8") as log:
        for line in log:
            entry = json.loads(line)
            if not entry.get("userAgent", "").startswith("lbd/"):
                continue
            thing = entry["objectRef"]
            resource = thing["resource"]
            if "subresource" in thing:
                resource += "/" + thing["subresource"]
            counts[entry["verb"], resource,
                   entry["responseStatus"]["code"]] += 1
    print("| verb | resource | answer | writes | per Service |",
          "|---|---|---|---|---|", sep="\n")
    for (verb, resource, code), count in sorted(counts.items()):
        print(f"| {verb} | {resource} | {code} | {count} "
              f"| {count / int(services):.2f} |")
    of_services = sum(count for (_, resource, _), count in counts.items()
                      if resource != "leases")
    print(f"in all, but for Leases: {of_services / int(services):.2f} "
          "per Service")


main(*sys.argv[1:])
