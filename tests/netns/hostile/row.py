#!/usr/bin/env python3
"""One attack as a row of a table.

    row.py --head
    row.py ASKED TITLE DONE BEFORE PEAK AFTER RECOVERED ANSWERED_MIN

ASKED is what soak/watch.py wrote; sizes are in KB. Exit status 1: fewer percent
than ANSWERED_MIN were answered, of either kind.
"""

import collections
import sys

INTERVAL = 0.01


def answered(entries, six):
    """Percent; a late answer counts, once more with the next question. The
    longest run of questions without one, in seconds."""
    lost, late, longest, run, last = 0, 0, 0, 0, 0.0
    for at, address, kind, value in entries:
        if (":" in address) != six:
            continue
        if kind == "lost":
            lost += 1
            run = run + 1 if float(at) - last < 2.5 * INTERVAL else 1
            longest, last = max(longest, run), float(at)
        elif kind == "repeated":
            late += int(value) - 1
    asked = sum(int(e[3]) for e in entries if e[2] == "asked") / 2
    return min(100.0, 100 * (1 - (lost - late) / asked)), longest * INTERVAL


def main(path, title, done, before, peak, after, recovered, answered_min):
    with open(path, encoding="utf-8") as file:
        entries = [line.split() for line in file]
    cells = [title, done]
    enough = True
    for six in (False, True):
        share, longest = answered(entries, six)
        enough &= share >= float(answered_min)
        cells.append(f"{share:.2f} % ({longest:.2f} s)")
    kinds = collections.Counter(entry[2] for entry in entries)
    cells.append(kinds["double"])
    cells += [f"{int(size) / 1024:.0f}" for size in (before, peak, after)]
    cells.append(recovered)
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return 0 if enough else 1


if __name__ == "__main__":
    if sys.argv[1] == "--head":
        print("| attack | done | ARP answered (longest silence) | NDP answered "
              "| answered by two | RSS before, MB | peak | after | well again "
              "after |\n" + "|---" * 9 + "|", flush=True)
    else:
        sys.exit(main(*sys.argv[1:]))
