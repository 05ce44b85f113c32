"""Changes Services while things fail, and looks at what may never be.

  storm.py HOST:PORT PKI change SEED COUNT [PAUSE]   until SIGTERM
                     COUNT Services that come, go, change their type and ask for
                     addresses, each PAUSE (default 0.05) seconds; prints a
                     line for each claim that was broken
  storm.py HOST:PORT PKI agree LBCTL SOCKET=MAC...
                     succeeds if statuses, what each node says, and who answers
                     by ARP are the same

Claims: no address is in two statuses, and none changes but for a Service that
asks for another or is made again. Runs on a host of the lab's bridge.
"""
import http.client
import json
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from api import Server, addresses_of
from cluster_objects import SERVICES, service, write_slice
from unasked import Judge, Requests

POOL = [f"172.18.64.{number}" for number in range(1, 200)]
ASK = "metallb.io/loadBalancerIPs"
# A server that is killed while it answers, too.
AWAY = (OSError, SystemExit, ValueError, http.client.HTTPException)


class Changer:
    """Draws changes from one seed. While the server is away it waits."""

    def __init__(self, seed, count, requests):
        self._random = random.Random(seed)
        self._requests = requests
        self._names = [f"storm-{number}" for number in range(count)]
        self._server = None
        self.changes = 0

    def change(self):
        """One change; connects again after an error."""
        try:
            self._server = self._server or Server(*sys.argv[1:3])
            self._change(self._random.choice(self._names))
            self.changes += 1
        except AWAY:
            self._server = None
            time.sleep(0.2)

    def _change(self, name):
        path, server = f"{SERVICES}/{name}", self._server
        found = server.ask("GET", path, accepted=(404,))
        if "spec" not in found:
            write_slice(server, name)
            server.ask("POST", SERVICES, service(name), accepted=(409,))
            return
        kind = self._random.randrange(4)
        if kind == 0:
            server.ask("DELETE", path, accepted=(404,))
            return
        # One whose answer is lost may come late, but to no other object.
        uid = found["metadata"]["uid"]
        body = {"metadata": {"uid": uid}}
        if kind == 1:
            is_other = found["spec"]["type"] == "LoadBalancer"
            body["spec"] = {
                "type": "ClusterIP" if is_other else "LoadBalancer"}
        else:
            address = self._random.choice(POOL + [None] * len(POOL))
            body["metadata"]["annotations"] = {ASK: address}
        self._requests.begin(uid)
        server.ask("PATCH", path, body, "application/merge-patch+json",
                   accepted=(404, 409))
        self._requests.end(uid)


class Watcher:
    """Looks at all statuses, again and again."""

    def __init__(self, requests):
        self._judge = Judge(requests)
        self._server = None
        self.looks = 0

    def look(self):
        """Prints what may not be."""
        self._judge.begin_list()
        try:
            self._server = self._server or Server(*sys.argv[1:3])
            items = self._server.ask("GET", SERVICES)["items"]
        except AWAY:
            self._server = None
            return
        self.looks += 1
        owners = {}
        for item in items:
            name, addresses = item["metadata"]["name"], addresses_of(item)
            for address in addresses:
                if address in owners:
                    print(f"BROKEN: {address} is in the statuses of "
                          f"{owners[address]} and {name}", flush=True)
                owners[address] = name
            wanted = item["metadata"].get("annotations", {}).get(ASK)
            had = self._judge.judge(item["metadata"]["uid"], addresses, wanted)
            if had is not None:
                print(f"BROKEN: {name} has {addresses}, had {had}, unasked",
                      flush=True)


def change_until_told(seed, count, pause=0.05):
    """Runs until SIGTERM."""
    requests = Requests()
    changer, pause = Changer(int(seed), int(count), requests), float(pause)
    watcher = Watcher(requests)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: ended.set())

    def run(step, pause):
        try:
            while not ended.is_set():
                step()
                time.sleep(pause)
        except Exception as error:
            # The rest of the storm would be one that no thread looks at.
            print(f"BROKEN: {step.__name__}() ended by {error!r}", flush=True)
            raise

    threads = [threading.Thread(target=run, args=(changer.change, pause)),
               threading.Thread(target=run, args=(watcher.look, 0.1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{changer.changes} changes, {watcher.looks} looks at all statuses, "
          f"{requests.unanswered()} requests without an answer")


def who_answers(addresses, seconds=1.0):
    """The MACs that answer ARP requests for each address."""
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                            socket.htons(0x0806))
    packets.bind(("eth0", 0x0806))
    mac = packets.getsockname()[4]
    answers = {address: set() for address in addresses}
    end = time.monotonic() + seconds
    for address in addresses:
        packets.send(b"\xff" * 6 + mac + struct.pack(
            "!HHHBBH6s4s6s4s", 0x0806, 1, 0x0800, 6, 4, 1, mac,
            socket.inet_aton("172.18.8.10"), b"\0" * 6,
            socket.inet_aton(address)))
        time.sleep(0.002)
    while (left := end - time.monotonic()) > 0:
        if not select.select([packets], [], [], left)[0]:
            break
        frame = packets.recv(100)
        sender = socket.inet_ntoa(frame[28:32])
        if frame[20:22] == b"\0\2" and sender in answers:
            answers[sender].add(frame[22:28].hex(":"))
    return answers


def services_of(lbctl, node_socket):
    """(addresses, announcing node) by Service, as a node says it."""
    said = subprocess.run(
        [lbctl, "--server", "unix:" + node_socket, "services", "-o", "json"],
        check=True, capture_output=True, timeout=20)
    return {item["name"]: (item.get("addresses", []),
                           item.get("announcingNode", ""))
            for item in json.loads(said.stdout).get("services", [])
            if item.get("addresses")}


def agree(server, lbctl, *nodes):
    """Exits with what differs."""
    macs = dict(node.split("=") for node in nodes)
    statuses = {"default/" + item["metadata"]["name"]: addresses_of(item)
                for item in server.ask("GET", SERVICES)["items"]
                if addresses_of(item)}
    views = {path: services_of(lbctl, path) for path in macs}
    for path, view in views.items():
        said = {name: addresses for name, (addresses, _) in view.items()}
        if said != statuses:
            sys.exit(f"{path}: " + str(sorted(
                set(map(str, said.items())) ^
                set(map(str, statuses.items())))[:4]))
    first = next(iter(views.values()))
    if any(view != first for view in views.values()):
        sys.exit("the nodes name different announcers")
    answers = who_answers(POOL)
    names = {path.split("/")[-2]: mac for path, mac in macs.items()}
    wanted = {address: {names.get(node)} for addresses, node in first.values()
              for address in addresses if node}
    for address, seen in answers.items():
        if seen != wanted.get(address, set()):
            sys.exit(f"{address}: {seen or 'nobody'} answers, "
                     f"want {wanted.get(address, 'nobody')}")
    print(f"{len(statuses)} statuses, what {len(views)} nodes say, and "
          f"{sum(map(bool, answers.values()))} ARP answers agree")


if sys.argv[3] == "change":
    change_until_told(*sys.argv[4:])
else:
    agree(Server(*sys.argv[1:3]), *sys.argv[4:])
