"""Times out of the files of cost.sh.

  cost.py after FILE BEGAN COUNT WORD...   seconds from BEGAN (since 1970) until
                                           the COUNTth line with all the words,
                                           "!WORD" for a line without it. It
                                           waits up to a minute for it.
  cost.py median NUMBER...
  cost.py outage FILE NODE                 the longest outage, ms, of the flows
                                           that were at NODE at first
"""

import datetime
import json
import re
import statistics
import sys
import time

# "[2026-12-01T03:15:11.966417] ..." of ip, "2026-12-01T03:15:08.657+00:00 ..."
# of lbd, "1796095100.195 ..." of wire.py.
STAMP = re.compile(r"\[?(\d{4}-\d\d-\d\dT[\d:.]+)|(\d{10}\.\d+) ")


def time_of(line):
    found = STAMP.match(line)
    if not found:
        return None
    if found[2]:
        return float(found[2])
    return datetime.datetime.fromisoformat(found[1]).replace(
        tzinfo=datetime.timezone.utc).timestamp()


def matches(line, words):
    return all((word[1:] not in line) if word[0] == "!" else (word in line)
               for word in words)


def after(path, began, count, words):
    for _ in range(1200):
        times = []
        with open(path, errors="replace") as file:
            for line in file:
                if matches(line, words):
                    at = time_of(line)
                    # The stamps of lbd are cut to milliseconds.
                    if at is not None and at > began - 0.001:
                        times.append(at)
        if len(times) >= count:
            return max(times[count - 1] - began, 0)
        time.sleep(0.05)
    return None


def main():
    verb, *rest = sys.argv[1:]
    if verb == "after":
        seconds = after(rest[0], float(rest[1]), int(rest[2]), rest[3:])
        if seconds is None:
            sys.exit(f"no {rest[2]} lines of {rest[3:]} in {rest[0]}")
        print(f"{seconds:.4f}")
    elif verb == "median":
        print(f"{statistics.median(map(float, rest)):.4f}")
    elif verb == "outage":
        with open(rest[0]) as file:
            flows = [json.loads(line) for line in file]
        mine = [flow["longest_ms"] for flow in flows
                if flow["nodes"][:1] == [rest[1]]]
        print(max(mine) if mine else "no-flow")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
