#!/usr/bin/env python3
"""The faults of a soak, drawn from one seed.

    faults.py SEED SECONDS NODE...

Lines of SECONDS ACTION TARGET [VALUE], in order, from the start of the run:
what soak.sh does then. TARGET is a node, or several with commas between. Each
fault is mended; no node has two at a time, and never do more nodes than
AT_ONCE fail. The last node's process is never killed nor ended, so that one
lives as long as the run.
"""

import random
import sys

AT_ONCE = 2
# Kind: weight, what breaks, what mends, shortest and longest in seconds.
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
PAUSE = (2, 10)
FIRST = 5
QUIET_AT_END = 5


def draw(rng, nodes, busy, now):
    """(kind, target), or None if what was drawn cannot be now."""
    kind = rng.choices(list(KINDS), [value[0] for value in KINDS.values()])[0]
    if kind == "reload":
        return kind, "-"
    failing = {node for node, until, _ in busy if until > now}
    cut = any(of in CUTS and until > now for _, until, of in busy)
    able = nodes[:-1] if kind in LIFE_ENDS else nodes
    free = [node for node in able if node not in failing]
    size = rng.choice((1, 2)) if kind in CUTS else 1
    if (kind in CUTS and cut) or len(free) < size:
        return None
    if len(failing) + size > AT_ONCE:
        return None
    return kind, ",".join(sorted(rng.sample(free, size)))


def schedule(seed, seconds, nodes):
    rng = random.Random(seed)
    lines, busy, now = [], [], FIRST
    while now < seconds - QUIET_AT_END:
        drawn = draw(rng, nodes, busy, now)
        if drawn is not None:
            kind, target = drawn
            _, broken, mended, shortest, longest = KINDS[kind]
            value = rng.randint(5, 30) if kind == "loss" else ""
            end = min(now + rng.uniform(shortest, longest),
                      seconds - QUIET_AT_END)
            lines.append((now, broken, target, value))
            if mended:
                lines.append((end, mended, target, 0 if value else ""))
                # It is left alone for a second more.
                busy += [(n, end + 1, kind) for n in target.split(",")]
        now += rng.uniform(*PAUSE)
    return sorted(lines, key=lambda line: line[0])


def main(seed, seconds, *nodes):
    for at, action, target, value in schedule(seed, float(seconds), nodes):
        print(f"{at:.2f} {action} {target} {value}".rstrip())


if __name__ == "__main__":
    main(*sys.argv[1:])
