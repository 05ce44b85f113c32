#!/usr/bin/env python3
"""What the clients saw in the runs of takeover.sh, as a table; the promises.

    takeover_report.py FOLDER...    one run each, named STORY-PROFILE-NUMBER

Exit status 1, and a line for each breach, if a run breaks a promise: those on
who answers and on lost pings hold in every run, those on time for the median of
a story, with SLACK (1.0) as a factor for a busy machine.
"""

import datetime
import json
import os
import re
import statistics
import sys

# Longest silence in milliseconds, at the median.
LIMITS = {
    "cut-fast": 700, "cut-turbo": 350,
    "kill-fast": 700, "kill-turbo": 350,
    "stop-fast": 700, "stop-turbo": 350,
    "carrier-fast": 200,
}
# There and back, each a planned move.
PLANNED = ("term", "drain")
LOST_MAX = 1
# Make before break: for so long both nodes may answer in a planned move.
OVERLAP_MS = 50
# From the new owner's decision to the client's neighbour entry.
DECISION_MS = 50
MOVED = re.compile(r"\[([^\]]+)\] (\S+) dev eth0 lladdr (\S+)")
FAMILIES = (4, 6)


def lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def longest_gap(times):
    """In milliseconds; infinite if there are no two."""
    gaps = [after - before for before, after in zip(times, times[1:])]
    return max(gaps) * 1000 if gaps else float("inf")


def without_repeats(values):
    return [v for i, v in enumerate(values) if i == 0 or v != values[i - 1]]


class Run:
    """One folder. Times are seconds since 1970."""

    def __init__(self, folder):
        self.folder = folder
        self.name = os.path.basename(folder)
        self.story, self.profile, _ = self.name.split("-")
        self.title = f"{self.story}-{self.profile}"
        self.macs = dict(line.split() for line in self.lines("macs"))
        self.vips = self.lines("vips")
        self.old = self.lines("old")[0]
        self.broken = float(self.lines("broken")[0])
        self.mended = float(self.lines("mended")[0])
        self.pings = self.read("pings", int)
        self.frames = self.read("asked", self.macs.get)
        self.faults = []

    def lines(self, name):
        return lines(f"{self.folder}/{name}")

    def read(self, name, meaning):
        """(time, family, kind, what): a ping's number or a frame's node."""
        entries = [line.split() for line in self.lines(name)]
        return [(float(time), int(family), kind, meaning(what))
                for time, family, kind, what in entries]

    def answers(self, family):
        return [f for f in self.frames if f[1:3] == (family, "answer")]

    def ping_answers(self, family):
        return [p for p in self.pings if p[1:3] == (family, "answer")]

    def ping_gap(self, family):
        return longest_gap([ping[0] for ping in self.ping_answers(family)])

    def answer_gap(self, family):
        return longest_gap([frame[0] for frame in self.answers(family)])

    def lost(self, family):
        """The most pings lost in one move. Those after the last answer may be
        on their way yet."""
        answers = self.ping_answers(family)
        answered = {ping[3] for ping in answers}
        asked = [p for p in self.pings if p[1:3] == (family, "asked")
                 and p[0] < answers[-1][0] and p[3] not in answered]
        there = sum(1 for ping in asked if ping[0] <= self.mended)
        return max(there, len(asked) - there)

    def moves(self, family):
        """The answers while the address goes, and while it comes back."""
        answers = self.answers(family)
        yield [frame for frame in answers if frame[0] <= self.mended]
        if self.story in PLANNED:
            yield [frame for frame in answers if frame[0] > self.mended]

    def overlap(self, family):
        """Milliseconds in which both nodes answered, in the longer move."""
        longest = 0
        for answers in self.moves(family):
            first = answers[0][3] if answers else None
            times = [f[0] for f in answers if f[3] == first]
            others = [f[0] for f in answers if f[3] != first]
            if others:
                longest = max(longest, (times[-1] - others[0]) * 1000)
        return longest

    def decision(self):
        """(time, node) of the new owner's own event; None: there is none."""
        for node in set(self.macs.values()) - {self.old}:
            for line in self.lines(f"events-{node}"):
                event = json.loads(line)
                # Microseconds are as fine as it goes here.
                time = datetime.datetime.fromisoformat(
                    event["time"][:26].rstrip("Z") + "+00:00").timestamp()
                if (event["reason"] == "nodeAssigned"
                        and event["message"] == f"announced by {node}"
                        and self.broken <= time <= self.mended):
                    return time, node
        return None

    def decision_to_entry(self):
        """Milliseconds until the client's entries of both families are the new
        owner's; infinite if they do not become so."""
        decision = self.decision()
        if decision is None:
            return float("inf")
        moved = {}
        for line in self.lines("neighbours"):
            match = MOVED.match(line)
            if not match or match[2] not in self.vips:
                continue
            # ip(8) says local time.
            time = datetime.datetime.fromisoformat(match[1]).timestamp()
            if time >= self.broken and self.macs.get(match[3]) == decision[1]:
                moved.setdefault(match[2], (time - decision[0]) * 1000)
        return max(moved.values()) if len(moved) == 2 else float("inf")

    def judge(self):
        for family in FAMILIES:
            for fault in self.judge_family(family):
                self.faults.append(f"{self.name}: IPv{family}: {fault}")
        late = [f for f in self.frames
                if f[3] == self.old and f[0] > self.mended]
        if self.story == "stop" and late:
            self.faults.append(
                f"{self.name}: {len(late)} frames of the woken {self.old}")

    def judge_family(self, family):
        numbers = [ping[3] for ping in self.ping_answers(family)]
        if len(numbers) != len(set(numbers)):
            yield f"{len(numbers) - len(set(numbers))} pings answered twice"
        planned = self.story in PLANNED
        if planned and self.lost(family) > LOST_MAX:
            yield f"{self.lost(family)} pings lost"
        asked = sum(1 for f in self.frames if f[1:3] == (family, "asked"))
        answers = len(self.answers(family))
        if not planned and answers > asked:
            yield f"{answers} answers to {asked} questions"
        for move in self.moves(family):
            nodes = [frame[3] for frame in move]
            seen = list(dict.fromkeys(nodes))
            if len(seen) != 2 or self.old not in seen:
                yield f"answered by {' '.join(map(str, seen))}, want two"
            elif not planned and without_repeats(nodes) != seen:
                yield f"{seen[0]} answers after {seen[1]} did"


def figure(values):
    """Median and worst. What took less than nothing took nothing."""
    median = max(statistics.median(values), 0.0)
    return f"{median:.0f}, {max(values):.0f}"


def row(title, runs):
    """The cells of a story."""
    def worse(measure):
        return [max(measure(run, 4), measure(run, 6)) for run in runs]

    cells = [title, str(len(runs))]
    for gap in (Run.ping_gap, Run.answer_gap):
        for family in FAMILIES:
            cells.append(figure([gap(run, family) for run in runs]))
    cells.append(str(max(worse(Run.lost))))
    cells.append(figure(worse(Run.overlap)))
    cells.append(figure([run.decision_to_entry() for run in runs]))
    return cells


def breaches(title, runs, slack):
    """Of the promises on time."""
    checks = [("entry after the decision", DECISION_MS,
               [run.decision_to_entry() for run in runs])]
    for family in FAMILIES:
        checks.append((f"IPv{family}: both answer", OVERLAP_MS,
                       [run.overlap(family) for run in runs]))
        if title in LIMITS:
            checks.append((f"IPv{family}: no ping answered", LIMITS[title],
                           [run.ping_gap(family) for run in runs]))
            checks.append((f"IPv{family}: no question answered", LIMITS[title],
                           [run.answer_gap(family) for run in runs]))
    for what, limit, values in checks:
        median = statistics.median(values)
        if median > limit * slack:
            yield f"{title}: {what}: {median:.0f} ms, want {limit * slack:.0f}"


def main():
    slack = float(os.environ.get("SLACK", "1.0"))
    stories = {}
    for folder in sys.argv[1:]:
        run = Run(folder)
        run.judge()
        stories.setdefault(run.title, []).append(run)
    print("| story | runs | pings IPv4, ms | pings IPv6, ms "
          "| answers IPv4, ms | answers IPv6, ms | most pings lost "
          "| both answer, ms | decision to entry, ms |")
    print("|---|---|---|---|---|---|---|---|---|")
    faults = []
    for title, runs in stories.items():
        print("| " + " | ".join(row(title, runs)) + " |")
        faults += breaches(title, runs, slack)
        for run in runs:
            faults += run.faults
    for fault in faults:
        print("BREACH " + fault)
    return 1 if faults else 0


sys.exit(main())
