"""Half an hour of faults in a cluster of real nodes: draws them, asks
meanwhile, and tells what the clients saw.

  soak.py faults SEED SECONDS NODE...   "AT ACTION TARGET" lines. The last node
                  loses neither power nor its speaker, so that a speaker is
                  there that has lived through all
  soak.py ask ADDRESS...                until SIGTERM: http://ADDRESS/ every
                  200 ms, each request on a connection of its own that may take
                  a second. "WHEN ADDRESS ok|failed SECONDS WHY" lines
  soak.py watch HOST:PORT PKI SERVICE   until SIGTERM, each half second that the
                  API server answers: "WHEN READY MARKED UNREADY" lines: how
                  many endpoints of the Service are ready; the nodes with pods
                  that lbd has marked; the nodes that are not ready
  soak.py report FOLDER                 of soak.sh: tables, and a line BREACH
                  for each claim that does not hold; exit status 1 then

FOLDER has `faults` (WHEN ACTION TARGET), `requests` (of `ask`), `asked` (of
tests/netns/soak/watch.py), `cluster` (of `watch`), `samples` (WHEN NODE ROLE
PID KB) and `given` (NAME ADDRESS).
"""
import asyncio
import collections
import random
import signal
import sys
import threading
import time

from api import Server

EACH = 0.2  # Seconds between two requests for an address.
PATIENCE = 1.0
# The actions that begin and end each kind, None: it is over after so many
# seconds as stand last. What is harmless may silence no address.
Kind = collections.namedtuple("Kind", "begins ends after is_harmless")
KINDS = {
    # Where kubelets cannot renew their leases for 50 s, as on a machine that is
    # far too busy, Kubernetes takes the endpoints of nodes with power away.
    "no endpoint by Kubernetes": Kind("empty", "filled", 3, False),
    "rolling restart of nodes": Kind("roll", "rolled", 3, False),
    "power cut": Kind("power", "serves", 3, False),
    "link cut": Kind("cut", "mend", 5, False),
    "speaker killed": Kind("kill-speaker", None, 5, False),
    "API server killed": Kind("api-kill", "api-start", 3, True),
    "API server hangs": Kind("api-hang", "api-wake", 3, True),
    "controller killed": Kind("kill-controller", None, 10, True),
    "reload": Kind("reload", None, 3, True),
}
NOTHING = "no fault"
SLICES = ("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
          "?labelSelector=kubernetes.io/service-name%3D")
PODS = "/api/v1/namespaces/default/pods"
MARK = "NodeLostToLbd"
# Seconds for which an address may have no answer by ARP while nothing harmful
# fails, on a busy machine. Requests are told, and have no limit: after faults
# of the API server kube-proxy may refuse for half a minute what a node
# announces.
SILENT_MAX = 3.0
# Two nodes may answer for an address until they have heard each other: the
# bound `double answer` of docs/reliability.md is 8.63 s. It holds for nodes
# that know the same objects: where the API server fails as a node is cut off,
# two may elect differently for policy Local until both have read it again.
DOUBLE_MAX = 10.0
# A kubelet says again that a pod is ready with its next sync, 10 s at most.
MARKED_MAX = 15.0
# Processes of lbd that lived for so long may not grow by more than that since
# their age of SETTLED seconds.
LONG, SETTLED, GROWTH, GROWTH_KB = 600, 120, 1.10, 1024


def draw(seed, seconds, *nodes):
    """Each kind comes once before one comes again."""
    drawn, deck, now = random.Random(int(seed)), [], 0.0
    free = {"node": 0.0, "api": 0.0}
    events = []
    while True:
        if not deck:
            deck = ["power", "cut", "kill-speaker", "api-kill", "api-hang",
                    "kill-controller", "reload"]
            drawn.shuffle(deck)
        action = deck.pop()
        concerns = "api" if action.startswith("api") else "node"
        if action not in ("kill-controller", "reload"):
            now = max(now, free[concerns])
        begun, node = now, drawn.choice(nodes[:-1])
        length = drawn.uniform(3, 10)
        if begun + 40 > float(seconds):
            break
        if action == "power":
            length *= 2
            events.append((begun + length, "on", node))
            free["node"] = begun + length + 30
        elif action == "cut":
            node = drawn.choice(nodes)
            events.append((begun + length, "mend", node))
            free["node"] = begun + length + 8
        elif action == "kill-speaker":
            free["node"] = begun + 10
        elif concerns == "api":
            node = "api"
            end = "api-start" if action == "api-kill" else "api-wake"
            events.append((begun + length, end, node))
            # Kubelets have to renew their leases in between.
            free["api"] = begun + length + 25
        else:
            node = "all"
        events.append((begun, action, node))
        now += drawn.uniform(2, 8)
    for at, action, target in sorted(events):
        print(f"{at:.1f} {action} {target}")


async def request(address):
    """What became of it."""
    why = "not-connected"
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(address, 80)
            try:
                why = "connected"
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                page = await reader.read()
            finally:
                writer.close()
        if b"Welcome to nginx!" in page:
            return "ok", "-"
        return "failed", "cut-off"
    except OSError as error:  # A timeout is one.
        return "failed", f"{why}-{type(error).__name__}"


async def ask_one(address):
    """Prints one request."""
    begun = time.time()
    outcome, why = await request(address)
    print(f"{begun:.3f} {address} {outcome} {time.time() - begun:.3f} {why}")


async def ask(*addresses):
    """Until SIGTERM. A request that is late does not delay the next."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    under_way = set()
    while not ended.is_set():
        begun = time.monotonic()
        for address in addresses:
            task = asyncio.create_task(ask_one(address))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            await asyncio.sleep(EACH / len(addresses))
        await asyncio.sleep(max(0, begun + EACH - time.monotonic()))
    await asyncio.gather(*under_way)


def condition_of(item, kind="Ready"):
    """A condition of a Node or a Pod; empty: it has none."""
    return next((one for one in item.get("status", {}).get("conditions", [])
                 if one["type"] == kind), {})


def look(server, service):
    """One line of `watch`."""
    ready = [endpoint for part in server.ask("GET", SLICES + service)["items"]
             for endpoint in part["endpoints"] or []
             if endpoint["conditions"].get("ready")]
    marked = {pod["spec"].get("nodeName")
              for pod in server.ask("GET", PODS)["items"]
              if condition_of(pod).get("reason") == MARK}
    unready = {node["metadata"]["name"]
               for node in server.ask("GET", "/api/v1/nodes")["items"]
               if condition_of(node).get("status") != "True"}
    print(f"{time.time():.3f} {len(ready)} {','.join(sorted(marked)) or '-'} "
          f"{','.join(sorted(unready)) or '-'}", flush=True)


def watch(address, pki, service):
    """Until SIGTERM. While the server is away it waits."""
    ended, server = threading.Event(), None
    signal.signal(signal.SIGTERM, lambda number, frame: ended.set())
    while not ended.wait(0.5):
        try:
            server = server or Server(address, pki)
            look(server, service)
        except (OSError, SystemExit, ValueError):
            server = None


def lines(path):
    """As words."""
    with open(path, encoding="utf-8") as file:
        return [line.split() for line in file]


class Faults:
    """When what failed."""

    def __init__(self, entries):
        self.spans = []  # (begun, ended, kind, target)
        begun = {}
        for at, action, target in entries:
            at = float(at)
            for name, kind in KINDS.items():
                if action == kind.begins and kind.ends is None:
                    self.spans.append((at, at + kind.after, name, target))
                elif action == kind.begins:
                    # A node may lose power again before it serves; both waits
                    # for that end then.
                    begun.setdefault((name, target), at)
                elif action == kind.ends and (name, target) in begun:
                    self.spans.append((begun.pop((name, target)),
                                       at + kind.after, name, target))
        self.not_ended = sorted(begun)

    def count(self, name):
        """How many of a kind."""
        return sum(span[2] == name for span in self.spans)

    def at(self, when):
        """The kind that a moment counts for: the first in the list of all."""
        names = {name for begun, ended, name, _ in self.spans
                 if begun <= when <= ended}
        return next((name for name in KINDS if name in names), NOTHING)

    def is_whole(self, node, first, last):
        """Had the node power and its link in all of this time?"""
        return not any(
            begun <= last and first <= ended + MARKED_MAX
            for begun, ended, name, target in self.spans
            if target == node and
            KINDS[name].begins in ("power", "roll", "cut"))

    def is_unread(self, when, seconds):
        """Was the API server away in some of that time?"""
        return any(begun <= when + seconds and when <= ended
                   for begun, ended, name, _ in self.spans
                   if KINDS[name].begins in ("api-kill", "api-hang"))

    def unconcerned(self, first, last):
        """The longest time between these that only harmless faults had."""
        longest = 0
        for begun, ended, name, _ in sorted(self.spans):
            if not KINDS[name].is_harmless:
                longest = max(longest, min(begun, last) - first)
                first = max(first, ended)
        return max(longest, last - first)


def row(*cells):
    """Of a table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def table(*head):
    """Begins one."""
    row(*head)
    row(*["---"] * len(head))


def share(outcomes):
    """Of those that were answered."""
    return f"{100 * outcomes.count('ok') / len(outcomes):.2f} %"


def tell_requests(faults, requests, given):
    """Availability, by kind and by Service."""
    by_kind = collections.defaultdict(list)
    by_address = collections.defaultdict(list)
    for begun, address, outcome, seconds, _ in requests:
        by_kind[faults.at(float(begun))].append(outcome)
        by_address[address].append((float(begun), float(seconds), outcome))
    table("while", "times", "requests", "answered")
    for name in [*KINDS, NOTHING]:
        if by_kind[name]:
            row(name, faults.count(name) or "", len(by_kind[name]),
                share(by_kind[name]))
    print()
    table("Service", "requests", "answered", "longest silence",
          "of it without a harmful fault")
    for name, address in given:
        seen = sorted(by_address[address])
        answered = [begun + seconds for begun, seconds, outcome in seen
                    if outcome == "ok"]
        # It is silent from the first request on, and until the last.
        times = [seen[0][0], *sorted(answered), seen[-1][0] + seen[-1][1]]
        spells = list(zip(times, times[1:]))
        row(name, len(seen), share([outcome for _, _, outcome in seen]),
            f"{max(last - first for first, last in spells):.1f} s",
            f"{max(faults.unconcerned(*spell) for spell in spells):.1f} s")
    print()


def spells_of(asked, what):
    """(address, begun, seconds) of questions in a row that came to this."""
    times, spells = collections.defaultdict(list), []
    for at, address, outcome, _ in asked:
        if outcome == what:
            times[address].append(float(at))
    for address, own in times.items():
        first = previous = own[0]
        for at in own[1:] + [float("inf")]:
            if at - previous > 1:
                spells.append((address, first, previous - first + EACH))
                first = at
            previous = at
    return spells


def tell_silence(faults, asked, given):
    """How long an address had no answer; returns what was silent too long."""
    names = {address: name for name, address in given}
    longest = collections.defaultdict(float)
    breaches = []
    for address, begun, seconds in spells_of(asked, "lost"):
        longest[address] = max(longest[address], seconds)
        alone = faults.unconcerned(begun, begun + seconds)
        if alone > SILENT_MAX:
            breaches.append(f"{names[address]}: no answer by ARP for "
                            f"{alone:.1f} s while nothing harmful failed")
    print("Longest without an answer by ARP:",
          ", ".join(f"{name} {longest[address]:.1f} s"
                    for name, address in given) + ".\n")
    return breaches


def tell_doubles(faults, asked):
    """Questions that two nodes answered; returns what lasted too long."""
    questions = sum(int(value) for _, _, what, value in asked
                    if what == "asked")
    doubles = sum(what == "double" for _, _, what, _ in asked)
    spells = spells_of(asked, "double")
    counted = [spell for spell in spells if not faults.is_unread(*spell[1:])]
    print(f"ARP questions: {questions}, answered by two nodes {doubles}; for "
          f"{max((spell[2] for spell in spells), default=0):.1f} s at most, "
          f"and for {max((spell[2] for spell in counted), default=0):.1f} s "
          "where all nodes could read the API server.\n")
    if not questions:
        return ["no ARP question was asked"]
    return [f"two nodes answered for {address} for {seconds:.1f} s"
            for address, _, seconds in counted if seconds > DOUBLE_MAX]


def tell_memory(samples, lasted):
    """Of each process that lived long; returns what grew."""
    processes = collections.defaultdict(list)
    for at, node, role, pid, kilobytes in samples:
        processes[node, role, pid].append((float(at), int(kilobytes)))
    breaches, speakers = [], 0
    table("node", "lbd as", "seconds", "RSS once settled", "most", "at end")
    for (node, role, _), own in sorted(processes.items()):
        age = own[-1][0] - own[0][0]
        settled = next((kb for at, kb in own if at - own[0][0] >= SETTLED), 0)
        if not settled:
            continue
        last = own[-1][1]
        row(node, role, f"{age:.0f}", f"{settled / 1024:.1f} MB",
            f"{max(kb for _, kb in own) / 1024:.1f} MB",
            f"{last / 1024:.1f} MB ({100 * (last / settled - 1):+.1f} %)")
        if age < LONG:
            continue
        speakers += role == "speaker"
        if last > max(settled * GROWTH, settled + GROWTH_KB):
            breaches.append(f"lbd as {role} on {node} grew from {settled} to "
                            f"{last} KB")
    if lasted > LONG + SETTLED and not speakers:
        breaches.append("no speaker lived long enough for its memory to count")
    return breaches


def emptied(cluster):
    """When Kubernetes had no ready endpoint, as lines of `faults`."""
    entries, was_empty = [], False
    for when, ready, _, _ in cluster:
        if (ready == "0") != was_empty:
            was_empty = not was_empty
            entries.append((when, "empty" if was_empty else "filled", "-"))
    return entries


def tell_marks(faults, cluster):
    """False alarms of fast-node-failure; returns those that lasted."""
    breaches, since, count = [], {}, 0
    for when, _, marked, _ in cluster:
        marked = set(marked.split(",")) - {"-"}
        for node in marked - set(since):
            since[node] = float(when)
        for node in set(since) - marked:
            begun = since.pop(node)
            if not faults.is_whole(node, begun, float(when)):
                continue
            count += 1
            if float(when) - begun > MARKED_MAX:
                breaches.append(f"pods of {node}, which nothing had happened "
                                "to, were marked for "
                                f"{float(when) - begun:.1f} s")
    unready = sum(unready != "-" for _, _, _, unready in cluster)
    print(f"Pods of a whole node were marked {count} times. Kubernetes "
          f"held a node for not ready in {unready} of {len(cluster)} looks.\n")
    return breaches


def report(folder):
    """All of it."""
    cluster = lines(f"{folder}/cluster")
    faults = Faults(lines(f"{folder}/faults") + emptied(cluster))
    requests = lines(f"{folder}/requests")
    breaches = [f"{name} of {target} did not end"
                for name, target in faults.not_ended]
    given, asked = lines(f"{folder}/given"), lines(f"{folder}/asked")
    tell_requests(faults, requests, given)
    breaches += tell_silence(faults, asked, given)
    breaches += tell_doubles(faults, asked)
    breaches += tell_marks(faults, cluster)
    breaches += tell_memory(lines(f"{folder}/samples"),
                            float(requests[-1][0]) - float(requests[0][0]))
    for breach in breaches:
        print(f"BREACH: {breach}")
    return 1 if breaches else 0


if sys.argv[1] == "faults":
    draw(*sys.argv[2:])
elif sys.argv[1] == "watch":
    watch(*sys.argv[2:])
elif sys.argv[1] == "ask":
    asyncio.run(ask(*sys.argv[2:]))
else:
    sys.exit(report(*sys.argv[2:]))
