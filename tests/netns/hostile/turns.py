#!/usr/bin/env python3
"""The longest turns of lbds' loops between two moments, by their metrics.

    turns.py save FILE                  the page of this host's lbd
    turns.py longest BEFORE AFTER...    of nodes, as pairs of files

The second prints two bounds in milliseconds: all turns were shorter, and took
less processor time.
"""

import re
import sys
import urllib.request

PAGE = "http://127.0.0.1:7473/metrics"
METRICS = ("lb_loop_turn_seconds", "lb_loop_turn_processor_seconds")


def buckets(path, metric):
    """Turns that were not longer, by the bound in seconds."""
    with open(path, encoding="utf-8") as file:
        found = re.findall(rf'^{metric}_bucket\{{.*le="([^"]+)".*\}} (\S+)',
                           file.read(), re.MULTILINE)
    return {float(bound): float(count) for bound, count in found}


def longest(metric, before, after):
    old, new = buckets(before, metric), buckets(after, metric)
    turns = {bound: new[bound] - old[bound] for bound in new}
    return min(bound for bound in turns if turns[bound] == max(turns.values()))


def main(mode, *files):
    if mode == "save":
        with urllib.request.urlopen(PAGE, timeout=5) as page:
            with open(files[0], "wb") as file:
                file.write(page.read())
        return
    pairs = list(zip(files[::2], files[1::2]))
    print(*(f"{1000 * max(longest(metric, *pair) for pair in pairs):g}"
            for metric in METRICS))


if __name__ == "__main__":
    main(*sys.argv[1:])
