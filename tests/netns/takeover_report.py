#!/usr/bin/env python3
"""What the clients saw in the runs of takeover.sh, as a table; the promises.

    takeover_report.py FOLDER...    one run each, named STORY-PROFILE-NUMBER

Exit status 1, and a line for each breach, if a run breaks a promise: those on
who answers and on planned moves hold in every run, those on time for the median
of a story, with SLACK (1.0) as a factor for a busy machine.
"""

import collections
import datetime
import os
import re
import statistics
import sys

# Milliseconds at the median.
LIMITS = {
    "cut-fast": 700, "cut-turbo": 350, "kill-fast": 700, "kill-turbo": 350,
    "stop-fast": 700, "stop-turbo": 350, "carrier-fast": 200,
}
PLANNED = ("term", "drain")
LOST_MAX = 1
# Make before break: for so long both nodes may answer in a planned move.
OVERLAP_MS = 50
# From the new owner's decision to the client's neighbour entry.
DECISION_MS = 50
MOVED = re.compile(r"\[([^\]]+)\] (\S+) dev eth0 lladdr (\S+)")
DECIDED = re.compile(r"(\S+) info +nodeAssigned .*: announced by (\S+)")


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
    """One folder."""

    def __init__(self, folder):
        self.name = os.path.basename(folder)
        self.story, self.profile, _ = self.name.split("-")
        self.folder = folder
        self.macs = dict(line.split() for line in lines(f"{folder}/macs"))
        self.vips = lines(f"{folder}/vips")
        self.old = lines(f"{folder}/old")[0]
        self.broken = float(lines(f"{folder}/broken")[0])
        self.mended = float(lines(f"{folder}/mended")[0])
        self.pings = {f: self.read_pings(f) for f in (4, 6)}
        self.frames = self.read_frames()
        self.faults = []

    def read_pings(self, family):
        """(time, number) of each answer."""
        answers = []
        for line in lines(f"{self.folder}/pings"):
            time, its_family, kind, number = line.split()
            if kind == "answer" and int(its_family) == family:
                answers.append((float(time), int(number)))
        return answers

    def read_frames(self):
        """(time, family, kind, node) of what was asked, answered, claimed."""
        frames = []
        for line in lines(f"{self.folder}/asked"):
            time, family, kind, mac = line.split()
            frames.append((float(time), int(family), kind, self.macs.get(mac)))
        return frames

    def lost(self, family):
        numbers = [number for _, number in self.pings[family]]
        return max(numbers) - min(numbers) + 1 - len(set(numbers))

    def doubled(self, family):
        numbers = [number for _, number in self.pings[family]]
        return len(numbers) - len(set(numbers))

    def ping_gap(self, family):
        return longest_gap([time for time, _ in self.pings[family]])

    def answers(self, family):
        return [f for f in self.frames if f[1] == family and f[2] == "answer"]

    def answer_gap(self, family):
        return longest_gap([frame[0] for frame in self.answers(family)])

    def decision_to_entry(self):
        """Milliseconds from the new owner's first decision after the breach to
        each entry of the client that became its; None: it decided nothing."""
        decided = None
        for node in self.macs.values():
            log = f"{os.path.dirname(self.folder)}/{self.story}-{self.profile}-{node}.log"
            for line in lines(log):
                match = DECIDED.match(line)
                if not match or match[2] != node or node == self.old:
                    continue
                when = datetime.datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
                if self.broken <= when <= self.mended:
                    decided = (when, node)
        if decided is None:
            return None
        moved = {}
        for line in lines(f"{self.folder}/neighbours"):
            match = MOVED.match(line)
            if not match or match[2] not in self.vips or self.macs.get(match[3]) != decided[1]:
                continue
            when = datetime.datetime.fromisoformat(match[1]).astimezone().timestamp()
            if when >= self.broken:
                moved.setdefault(match[2], (when - decided[0]) * 1000)
        return max(moved.values()) if len(moved) == 2 else float("inf")

    def moves(self, family):
        """The answers while the address goes, and while it comes back."""
        answers = self.answers(family)
        yield [f for f in answers if f[0] <= self.mended]
        if self.story in PLANNED:
            yield [f for f in answers if f[0] > self.mended]

    def judge_owners(self, family):
        for answers in self.moves(family):
            owners = [frame[3] for frame in answers]
            seen = list(dict.fromkeys(owners))
            if len(seen) != 2 or self.old not in seen:
                self.faults.append(f"IPv{family}: answered by {' '.join(map(str, seen))}")
            elif self.story not in PLANNED and without_repeats(owners) != seen:
                self.faults.append(f"IPv{family}: {seen[0]} answers after {seen[1]} did")

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

    def judge(self):
        for family in (4, 6):
            asked = sum(1 for f in self.frames if f[1] == family and f[2] == "asked")
            answers = self.answers(family)
            if len(answers) > asked and self.story not in PLANNED:
                self.faults.append(f"IPv{family}: {len(answers)} answers to {asked} questions")
            self.judge_owners(family)
            if self.doubled(family):
                self.faults.append(f"IPv{family}: {self.doubled(family)} pings answered twice")
            if self.story in PLANNED and self.lost(family) > LOST_MAX:
                self.faults.append(f"IPv{family}: {self.lost(family)} pings lost")
        if self.story == "stop":
            late = [f for f in self.frames if f[3] == self.old and f[0] > self.mended]
            if late:
                self.faults.append(f"{len(late)} frames of the woken {self.old}: {late[:3]}")


def figure(values):
    return f"{statistics.median(values):.0f}, {max(values):.0f}"


def row(name, runs):
    cells = [name, str(len(runs))]
    for family in (4, 6):
        cells.append(figure([run.ping_gap(family) for run in runs]))
    for family in (4, 6):
        cells.append(figure([run.answer_gap(family) for run in runs]))
    cells.append(f"{max(max(run.lost(4), run.lost(6)) for run in runs)}")
    cells.append(figure([max(run.overlap(4), run.overlap(6)) for run in runs]))
    moved = [run.decision_to_entry() for run in runs]
    moved = [m for m in moved if m is not None]
    cells.append(figure(moved) if moved else "-")
    return cells


def breaches(name, runs, slack):
    """Of the promises on time."""
    found = []
    limit = LIMITS.get(name)
    if limit:
        for family in (4, 6):
            for what, gap in (("pings", Run.ping_gap), ("answers", Run.answer_gap)):
                median = statistics.median(gap(run, family) for run in runs)
                if median > limit * slack:
                    found.append(f"{name}: IPv{family} {what}: missing for {median:.0f} ms at the median, want {limit * slack:.0f}")
    for family in (4, 6):
        both = statistics.median(run.overlap(family) for run in runs)
        if both > OVERLAP_MS * slack:
            found.append(f"{name}: IPv{family}: both answer for {both:.0f} ms at the median, want {OVERLAP_MS * slack:.0f}")
    moved = [run.decision_to_entry() for run in runs]
    moved = [m for m in moved if m is not None]
    if moved and statistics.median(moved) > DECISION_MS * slack:
        found.append(f"{name}: the client's entry moves {statistics.median(moved):.0f} ms after the decision, want {DECISION_MS * slack:.0f}")
    return found


def main():
    slack = float(os.environ.get("SLACK", "1.0"))
    stories = collections.OrderedDict()
    for folder in sys.argv[1:]:
        run = Run(folder)
        run.judge()
        stories.setdefault(f"{run.story}-{run.profile}", []).append(run)
    print("| story | runs | pings IPv4, ms | pings IPv6, ms | answers IPv4, ms "
          "| answers IPv6, ms | most pings lost | both answer, ms | decision to entry, ms |")
    print("|---|---|---|---|---|---|---|---|---|")
    faults = []
    for name, runs in stories.items():
        print("| " + " | ".join(row(name, runs)) + " |")
        faults += breaches(name, runs, slack)
        faults += [f"{run.name}: {fault}" for run in runs for fault in run.faults]
    for fault in faults:
        print("BREACH " + fault)
    return 1 if faults else 0


sys.exit(main())
