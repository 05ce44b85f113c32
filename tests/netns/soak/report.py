#!/usr/bin/env python3
"""What the clients of a soak saw, as tables; what grew.

    report.py FOLDER    of soak.sh

Exit status 1, and a line for each breach, if an address was silent for longer
than SILENT_MAX while no fault concerned it, if two nodes answered for one for
longer than DOUBLE_MAX while addresses moved as planned, if a daemon holds more
files at the end than at the start, or, in runs of LONG seconds, more memory
than GROWTH allows.
"""

import collections
import statistics
import sys

LONG = 600
GROWTH = 1.10
# A fault counts for so long after it was repaired.
AFTER = 3.0
# The longest time in which a dead node is found, 1.4 s, and pauses of the
# machine.
SILENT_MAX = 3.0
# A leaving node answers until it hears the new one, for at most 1 s.
DOUBLE_MAX = 2.0
# The actions that begin and end each kind. Where two overlap, the silence
# counts for the first in this list.
KINDS = {
    "split": ("network", "split", "join"),
    "link down": ("network", "cut", "mend"),
    "loss of 5 to 30 %": ("network", "loss", "loss"),
    "gossip cut": ("network", "deafen", "hear"),
    "a node's address taken": ("input", "usurp", "yield"),  # It hears no node.
    "SIGSTOP": ("node", "stop", "wake"),
    "kill -9": ("node", "kill", "start"),
    "SIGTERM": ("node", "end", "start"),
    "drain": ("node", "drain", "undrain"),
    "reload": ("node", "reload", None),
    "a pool's address on a node": ("input", "own", "disown"),
    "a node without IPv6": ("input", "no-ipv6", "ipv6"),
    "lease": ("input", "lease", "renew"),
    "another key": ("input", "stranger", "leave"),
    "misspelled type": ("input", "misspell", "correct"),
    "merge keys": ("input", "merge", "correct"),
    "unreadable file": ("input", "unreadable", "readable"),
    "priority tag": ("input", "tag", None),
    "an address off lo": ("input", "strip", None),
}
NOTHING = "no fault"
PLANNED = ("SIGTERM", "drain", "reload", NOTHING)


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [line.split() for line in file]


class Faults:
    """When what failed."""

    def __init__(self, entries):
        self.spans = []  # (start, end, kind, concerned)
        begun = {}
        for at, action, target, value, concerned in entries:
            at = float(at)
            mended = value == "0"
            for kind, (_, first, last) in KINDS.items():
                if action == last and (first != last or mended):
                    start = begun.pop((kind, target), None)
                    if start is not None:
                        self.spans.append((start, at + AFTER, kind, concerned))
                elif action == first:
                    begun[kind, target] = at
                    if last is None:
                        self.spans.append((at, at + AFTER, kind, concerned))

    def count(self, kind):
        return sum(1 for span in self.spans if span[2] == kind)

    def at(self, time):
        """The kind that time counts for."""
        kinds = {kind for start, end, kind, _ in self.spans
                 if start <= time <= end}
        return next((kind for kind in KINDS if kind in kinds), NOTHING)

    def unconcerned(self, address, first, last):
        """The longest time between these in which no fault concerns it."""
        longest = 0
        for start, end, _, concerned in sorted(self.spans):
            if concerned == "all" or address in concerned.split(","):
                longest = max(longest, min(start, last) - first)
                first = max(first, end)
        return max(longest, last - first)


class Seen:
    """What one client wrote, by kind of fault."""

    def __init__(self, entries, faults):
        self.asked = collections.Counter()
        self.lost = collections.Counter()
        self.lost_of = collections.Counter()  # By address.
        self.longest = collections.defaultdict(float)
        self.doubles = collections.Counter()
        self.double_times = collections.defaultdict(list)
        self.repeated = 0
        self.unconcerned = []  # (when, address, for how long of it)
        for at, address, kind, value in entries:
            at = float(at)
            if kind == "asked":
                self.asked[faults.at(at - 0.5)] += int(value)
            elif kind == "lost":
                self.lost[faults.at(at)] += 1
                self.lost_of[address] += 1
            elif kind == "silent":
                # It counts for the fault in whose time it began.
                fault = faults.at(at - float(value))
                self.longest[fault] = max(self.longest[fault], float(value))
                alone = faults.unconcerned(address, at - float(value), at)
                if alone > 0:
                    self.unconcerned.append((at, address, alone))
            elif kind == "double":
                self.doubles[faults.at(at)] += 1
                self.double_times[address].append(at)
            elif kind == "repeated":
                self.repeated += 1

    def share(self, kinds):
        asked = sum(self.asked[kind] for kind in kinds)
        lost = sum(self.lost[kind] for kind in kinds)
        return 100 * (1 - lost / asked) if asked else None

    def double_spells(self, faults, gap=1.0):
        """Longest time that one address was answered doubly, by kind."""
        longest = collections.defaultdict(float)
        for times in self.double_times.values():
            start = previous = times[0]
            for at in times[1:] + [float("inf")]:
                if at - previous > gap:
                    kind = faults.at(start)
                    longest[kind] = max(longest[kind], previous - start + 0.2)
                    start = at
                previous = at
        return longest


def percent(share):
    return "" if share is None else f"{share:.3f} %"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def table(*head):
    row(*head)
    row(*["---"] * len(head))


def tell_faults(pings, asked, faults):
    spells = asked.double_spells(faults)
    table("while", "times", "pings", "answered", "longest silence",
          "questions", "answered by two", "longest")
    for kind in [*KINDS, NOTHING]:
        if pings.asked[kind]:
            row(kind, faults.count(kind) or "", pings.asked[kind],
                percent(pings.share([kind])), f"{pings.longest[kind]:.1f} s",
                asked.asked[kind], asked.doubles[kind],
                f"{spells[kind]:.1f} s")
    network = [k for k, v in KINDS.items() if v[0] == "network"]
    node = [k for k, v in KINDS.items() if v[0] == "node"]
    inputs = [k for k, v in KINDS.items() if v[0] == "input"]
    print()
    table("availability", "pings answered")
    row("while the network fails", percent(pings.share(network)))
    row("while nodes fail, end, drain or reload", percent(pings.share(node)))
    row("while users bring what they bring", percent(pings.share(inputs)))
    row("else", percent(pings.share([NOTHING])))
    row("all", percent(pings.share([*KINDS, NOTHING])))


def doubles_too_long(asked, faults):
    spells = asked.double_spells(faults)
    return [f"{kind}: two nodes answered for one address for "
            f"{spells[kind]:.1f} s" for kind in PLANNED
            if spells[kind] > DOUBLE_MAX]


def tell_addresses(pings, asked, addresses):
    each = sum(pings.asked.values()) / len(addresses)
    shares = sorted((100 * (1 - pings.lost_of[a] / each), a)
                    for a in addresses)
    print(f"\nOf {len(addresses)} addresses the worst was answered "
          f"{shares[0][0]:.3f} % ({shares[0][1]}), the median "
          f"{statistics.median(s for s, _ in shares):.3f} %, the best "
          f"{shares[-1][0]:.3f} %. Questions answered twice by one node: "
          f"{asked.repeated}.\n")


def tell_growth(samples, long):
    """The table, and what grew too much."""
    breaches = []
    table("node", "processes", "RSS at start", "most", "at end",
          "files at start", "most", "at end")
    for node in sorted({sample[1] for sample in samples}):
        own = [[int(v) for v in s[2:]] for s in samples if s[1] == node]
        processes = len({pid for pid, _, _ in own})
        first, last = own[0], own[-1]
        # An exchange may be under way at the moment of a sample.
        files = min(fds for pid, _, fds in own[-3:] if pid == last[0])
        row(node, processes, f"{first[1] / 1024:.1f} MB",
            f"{max(rss for _, rss, _ in own) / 1024:.1f} MB",
            f"{last[1] / 1024:.1f} MB ({100 * (last[1] / first[1] - 1):+.1f} %)",
            first[2], max(fds for _, _, fds in own), files)
        if files > first[2]:
            breaches.append(f"{node}: {files} files, {first[2]} at the start")
        if long and last[1] > first[1] * GROWTH:
            breaches.append(f"{node}: {last[1]} KB, {first[1]} at the start")
    return breaches


def tell_silence(pings, began):
    """How long what no fault concerned was silent, and what is too long."""
    longest = max((value for _, _, value in pings.unconcerned), default=0)
    print(f"Addresses that no fault concerned were silent for {longest:.1f} s "
          "at the most.\n")
    return [f"{address}: silent until +{at - began:.1f} s, {value:.1f} s of "
            "which no fault concerned it"
            for at, address, value in pings.unconcerned if value > SILENT_MAX]


def main(folder):
    faults = Faults(lines(f"{folder}/faults"))
    pings = Seen(lines(f"{folder}/pings"), faults)
    asked = Seen(lines(f"{folder}/asked"), faults)
    samples = lines(f"{folder}/samples")
    addresses = [a for given in lines(f"{folder}/given") for a in given[1:]]
    tell_faults(pings, asked, faults)
    tell_addresses(pings, asked, addresses)
    lasted = int(samples[-1][0]) - int(samples[0][0])
    breaches = tell_silence(pings, float(lines(f"{folder}/faults")[0][0]))
    breaches += doubles_too_long(asked, faults)
    breaches += tell_growth(samples, lasted >= LONG)
    for breach in breaches:
        print(f"BREACH: {breach}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
