#!/usr/bin/env python3
"""One attack as a row of a table.

    row.py --head
    row.py ASKED TITLE DONE BEFORE PEAK AFTER TURN PROCESSOR RECOVERED WITHIN_MIN

ASKED is what ask_often wrote; sizes are in KB, turns in milliseconds. Exit status 1: fewer percent than
WITHIN_MIN were answered within PATIENCE, of either kind.
"""

import collections
import sys

PATIENCE = 0.02


def answered(entries, family):
    """Percent answered in time, longest time without an answer in seconds, and
    how many questions two hosts answered. An answer is to the oldest question
    that still waits."""
    asked = in_time = doubles = 0
    waiting, macs = collections.deque(), set()
    last = longest = None
    for at, kind, mac in entries[family]:
        if last is None:
            last, longest = at, 0.0
        while waiting and at - waiting[0] > PATIENCE:
            waiting.popleft()
        if kind == "asked":
            asked += 1
            waiting.append(at)
            doubles += len(macs) > 1
            macs = set()
        elif kind == "answer":
            if waiting and (not macs or mac in macs):
                waiting.popleft()
                in_time += 1
            macs.add(mac)
            longest, last = max(longest, at - last), at
    longest = max(longest, at - last)
    # The last questions had no time to be answered.
    return 100 * in_time / (asked - len(waiting)), longest, doubles


def main(path, title, done, *rest):
    *sizes, turn, processor, recovered, within_min = rest
    entries = {"4": [], "6": []}
    with open(path, encoding="utf-8") as file:
        for at, family, kind, mac in map(str.split, file):
            entries[family].append((float(at), kind, mac))
    cells = [title, done]
    enough, doubles = True, 0
    for family in "46":
        share, longest, two = answered(entries, family)
        enough &= share >= float(within_min)
        doubles += two
        cells.append(f"{share:.2f} % ({longest:.2f} s)")
    cells.append(doubles)
    cells += [f"{int(size) / 1024:.0f}" for size in sizes]
    cells += [f"{turn} ({processor})", recovered]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return 0 if enough else 1


if __name__ == "__main__":
    if sys.argv[1] == "--head":
        print("| attack | done | ARP answered within 20 ms (longest silence) "
              "| NDP | answered by two | RSS before, MB | peak | after "
              "| turns below, ms (of processor time) | well again after |\n"
              + "|---" * 10 + "|", flush=True)
    else:
        sys.exit(main(*sys.argv[1:]))
