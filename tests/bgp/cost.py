"""Times out of the files of cost.sh.

  cost.py after FILE BEGAN COUNT WORD...   seconds from BEGAN (since 1970) until
                                           the COUNTth line with all the words,
                                           "!WORD" for a line without it. It
                                           waits up to a minute for it.
  cost.py median NUMBER...
  cost.py pace FILE REASON WORD            seconds from an event of lbd to the next
                                           UPDATE of FILE: the median, the most,
                                           and how many. The events are on stdin,
                                           as `lbctl events -o json` has them; the
                                           word is in their message
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


def pace(path, reason, word, events):
    with open(path) as file:
        updates = [time_of(line) for line in file if " UPDATE " in line]
    seconds = []
    for line in events:
        event = json.loads(line)
        if event["reason"] != reason or word not in event["message"]:
            continue
        # Nanoseconds, of which fromisoformat() takes none.
        whole, _, parts = event["time"].rstrip("Z").partition(".")
        began = time_of(whole + " ") + float("0." + (parts or "0"))
        later = [at - began for at in updates if at >= began]
        if later:
            seconds.append(min(later))
    return [f"{statistics.median(seconds):.6f}", f"{max(seconds):.6f}",
            str(len(seconds))]


def main():
    verb, *rest = sys.argv[1:]
    if verb == "after":
        seconds = after(rest[0], float(rest[1]), int(rest[2]), rest[3:])
        if seconds is None:
            sys.exit(f"no {rest[2]} lines of {rest[3:]} in {rest[0]}")
        print(f"{seconds:.4f}")
    elif verb == "median":
        print(f"{statistics.median(map(float, rest)):.4f}")
    elif verb == "pace":
        print("\n".join(pace(*rest, sys.stdin)))
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
