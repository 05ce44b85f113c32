#!/usr/bin/env python3
"""The faults of a soak, drawn from one seed.

    faults.py SEED SECONDS NODE...

Lines of SECONDS ACTION TARGET [VALUE], in order, from the start of the run:
what soak.sh does then. TARGET is a node, or several with commas between, or
"-". Each fault is mended; no node has two at a time, and never do more nodes
than AT_ONCE fail. The last node's process is never killed nor ended, so that
one lives as long as the run.

Two sorts take turns: what breaks (KINDS), drawn by weight, and what users bring
(INPUTS), drawn like cards, so that in two minutes each comes once.
"""

import random
import sys

AT_ONCE = 2
# Kind: weight, what breaks, what repairs it, shortest and longest in seconds.
KINDS = {
    "kill": (3, "kill", "start", 2, 12),
    "restart": (2, "kill", "start", 0.1, 0.4),
    "end": (2, "end", "start", 3, 12),
    "stop": (3, "stop", "wake", 0.3, 10),
    "link": (3, "cut", "mend", 1, 10),
    "loss": (4, "loss", "loss", 4, 15),
    "split": (3, "split", "join", 2, 12),
    "gossip": (2, "deafen", "hear", 2, 12),
    "drain": (2, "drain", "undrain", 3, 10),
    "reload": (3, "reload", None, 0, 0),
}
LIFE_ENDS = ("kill", "restart", "end")
CUTS = ("split", "gossip")  # One at a time: there is one bridge to cut.
# Kind: what begins, what ends, shortest and longest, does a node have it?
INPUTS = {
    # A foreign host takes a node's own address.
    "usurp": ("usurp", "yield", 3, 10, True),
    # A node gets an address of the pool.
    "own": ("own", "disown", 5, 12, True),
    "no-ipv6": ("no-ipv6", "ipv6", 3, 12, True),
    # A lease gives a node another address.
    "lease": ("lease", "renew", 4, 12, True),
    # A peer with another gossip key.
    "stranger": ("stranger", "leave", 5, 15, False),
    # Manifests: a misspelled type; merge keys; a file that cannot be read.
    "misspell": ("misspell", "correct", 5, 12, False),
    "merge": ("merge", "correct", 3, 12, False),
    "unreadable": ("unreadable", "readable", 5, 12, False),
    # A question in a frame with a priority tag.
    "tag": ("tag", None, 0, 0, False),
    # Somebody takes an announced address off a node's "lo".
    "strip": ("strip", None, 0, 0, True),
}
WRITERS = ("misspell", "merge")  # One at a time: there is one file to change.
ADDRESSES = 50  # Of the pool, of one family.
PAUSE = (2, 7)
FIRST = 5
QUIET_AT_END = 5


class Script:
    """Which fault is when, so far."""

    def __init__(self, seed, seconds, nodes):
        self.rng = random.Random(seed)
        self.end = seconds - QUIET_AT_END
        self.nodes = nodes
        self.lines = []
        self.busy = []  # (node or "-", until, kind)
        self.deck = []

    def active(self, now, kinds):
        return any(of in kinds and until > now for _, until, of in self.busy)

    def free(self, now, size, able):
        """So many nodes that nothing has happened to, or None."""
        failing = {node for node, until, _ in self.busy
                   if until > now and node != "-"}
        free = [node for node in able if node not in failing]
        if len(free) < size or len(failing) + size > AT_ONCE:
            return None
        return sorted(self.rng.sample(free, size))

    def add(self, now, fault, targets, value=""):
        kind, first, last, shortest, longest = fault
        target = ",".join(targets)
        self.lines.append((now, first, target, value))
        if last:
            end = min(now + self.rng.uniform(shortest, longest), self.end)
            at_end = 0 if first == last else value
            self.lines.append((end, last, target, at_end))
            # It is left alone for a second more.
            self.busy += [(each, end + 1, kind) for each in targets]

    def break_something(self, now):
        kind, = self.rng.choices(list(KINDS), [v[0] for v in KINDS.values()])
        fault = kind, *KINDS[kind][1:]
        if kind == "reload":
            return self.add(now, fault, ["-"])
        able = self.nodes[:-1] if kind in LIFE_ENDS else self.nodes
        size = self.rng.choice((1, 2)) if kind in CUTS else 1
        if kind in CUTS and self.active(now, CUTS):
            return None
        targets = self.free(now, size, able)
        if targets:
            value = self.rng.randint(5, 30) if kind == "loss" else ""
            self.add(now, fault, targets, value)
        return None

    def bring_an_input(self, now):
        if not self.deck:
            self.deck = self.rng.sample(list(INPUTS), len(INPUTS))
        kind = self.deck[-1]
        *fault, on_a_node = INPUTS[kind]
        alike = WRITERS if kind in WRITERS else (kind,)
        if self.active(now, alike):
            return
        targets = self.free(now, 1, self.nodes) if on_a_node else ["-"]
        if targets:
            self.deck.pop()
            value = self.rng.randrange(ADDRESSES)
            self.add(now, (kind, *fault), targets, value)


def schedule(seed, seconds, nodes):
    script = Script(seed, seconds, nodes)
    now, steps = FIRST, 0
    while now < script.end:
        step = script.break_something if steps % 2 else script.bring_an_input
        step(now)
        steps += 1
        now += script.rng.uniform(*PAUSE)
    return sorted(script.lines, key=lambda line: line[0])


def main(seed, seconds, *nodes):
    for at, action, target, value in schedule(seed, float(seconds), nodes):
        print(f"{at:.2f} {action} {target} {value}".rstrip())


if __name__ == "__main__":
    main(*sys.argv[1:])
