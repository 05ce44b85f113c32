"""Writes what other parts of a cluster would, and looks at what comes of it.

  cluster_objects.py HOST:PORT PKI nodes NAME...     Nodes, and speakers' Pods
  cluster_objects.py ... hosts NAME...               Nodes alone
  cluster_objects.py ... services PREFIX COUNT SECONDS [FIELD=VALUE...]
                      Services with an endpoint on each node, one after the
                      other; prints when they had addresses, and fails if one
                      has none after SECONDS
  cluster_objects.py ... many COUNT
                      Services by four writers at once; prints when all had
                      addresses
  cluster_objects.py ... first RUNS ADDRESS [SPEC]
                      a Service that asks for the address, RUNS times: from its
                      creation to its status, to the first ARP frame from the
                      address, and to the first answered request. It has an
                      endpoint on each node, or what a selector in SPEC (JSON)
                      selects. In the client's namespace
  cluster_objects.py ... again RUNS ADDRESS [SPEC]
                      the same, each time a second after a node had the address
  cluster_objects.py ... addresses                   "name address" of each
  cluster_objects.py ... announced  "name node" of each ServiceL2Status
  cluster_objects.py ... routed     "node service peers" of each ServiceBGPStatus
  cluster_objects.py ... delete NAME                 the Service
  cluster_objects.py ... spec NODE JSON              merges into a Node's spec
  cluster_objects.py ... unchecked PLURAL.GROUP      a custom resource takes any
                      fields from now on
  cluster_objects.py ... says KIND/NAME TEXT         an event on the object has
                      the text; of a ConfigurationState, its summary

nodes: n1 has 172.18.8.11, and so on. Times are in milliseconds.
"""
import json
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

from api import Server, addresses_of
from arp_reader import ArpReader

SERVICES = "/api/v1/namespaces/default/services"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
PODS = "/api/v1/namespaces/metallb-system/pods"
NODES = {f"n{number}": f"172.18.8.1{number}" for number in (1, 2, 3)}
EVENTS = "/apis/events.k8s.io/v1/events"
BGP_STATUSES = ("/apis/metallb.io/v1beta1/namespaces/metallb-system/"
                "servicebgpstatuses")
L2_STATUSES = ("/apis/metallb.io/v1beta1/namespaces/metallb-system/"
               "servicel2statuses")
CONFIGURATION_STATES = ("/apis/metallb.io/v1beta1/namespaces/metallb-system/"
                        "configurationstates")
PATIENCE = 120  # Seconds.


def write_hosts(server, *names):
    """Ready Nodes."""
    for name in names:
        server.make("/api/v1/nodes", {
            "metadata": {"name": name,
                         "labels": {"kubernetes.io/hostname": name,
                                    "kubernetes.io/os": "linux"}}})
        server.patch_status("/api/v1/nodes/" + name, {
            "addresses": [{"type": "InternalIP", "address": NODES[name]}],
            "conditions": [{"type": "Ready", "status": "True",
                            "reason": "Lab"}]})


def write_nodes(server, *names):
    """Ready Nodes, each with the Pod of a speaker."""
    write_hosts(server, *names)
    for name in names:
        server.make(PODS, {
            "metadata": {"name": "speaker-" + name,
                         "labels": {"app": "metallb", "component": "speaker"}},
            "spec": {"nodeName": name, "serviceAccountName": "speaker",
                     "hostNetwork": True,
                     "containers": [{"name": "speaker", "image": "lbd"}]}})
        server.patch_status(PODS + "/speaker-" + name, {
            "phase": "Running", "podIP": NODES[name],
            "podIPs": [{"ip": NODES[name]}]})


def write_slice(server, name):
    """A ready endpoint on each node, for the Service of that name."""
    server.make(SLICES, {
        "metadata": {"name": name,
                     "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4", "ports": [{"name": "", "port": 80}],
        "endpoints": [{"addresses": [address], "nodeName": node,
                       "conditions": {"ready": True}}
                      for node, address in NODES.items()]})


def service(name, fields=None, annotations=None):
    """An object of this name."""
    return {"metadata": {"name": name, "annotations": annotations or {}},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}],
                     **(fields or {})}}


def seconds_to_address(server, body, patience=PATIENCE):
    """Creates a Service; from then until it has an address."""
    name, begun = body["metadata"]["name"], time.monotonic()
    server.ask("POST", SERVICES, body)
    while not addresses_of(server.ask("GET", f"{SERVICES}/{name}")):
        if time.monotonic() - begun > patience:
            sys.exit(f"{name}: no address after {patience} s")
        time.sleep(0.002)
    return time.monotonic() - begun


def in_milliseconds(times):
    """As a text."""
    return (f"first {times[0] * 1000:.0f} ms, "
            f"median {statistics.median(times) * 1000:.0f} ms, "
            f"longest {max(times) * 1000:.0f} ms")


def write_services(server, prefix, count, seconds, *fields):
    """Creates Services one after the other."""
    times = []
    for number in range(int(count)):
        name = f"{prefix}-{number}"
        write_slice(server, name)
        body = service(name, dict(field.split("=") for field in fields))
        times.append(seconds_to_address(server, body, float(seconds)))
    print(f"{prefix}: {count} Services, from the creation to the address: "
          f"{in_milliseconds(times)}", flush=True)


def write_many(server, count):
    """Creates Services by several writers."""
    count, writers, begun = int(count), 4, time.monotonic()

    def write(first):
        mine = Server(*sys.argv[1:3])
        for number in range(first, count, writers):
            write_slice(mine, f"many-{number}")
            mine.ask("POST", SERVICES, service(f"many-{number}"))

    threads = [threading.Thread(target=write, args=(first,))
               for first in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    created = time.monotonic() - begun
    while True:
        done = sum(bool(addresses_of(item))
                   for item in server.ask("GET", SERVICES)["items"]
                   if item["metadata"]["name"].startswith("many-"))
        if done == count:
            break
        if time.monotonic() - begun > PATIENCE:
            sys.exit(f"{done} of {count} Services have addresses")
        time.sleep(0.2)
    print(f"{count} Services: created after {created:.1f} s, all have "
          f"addresses after {time.monotonic() - begun:.1f} s", flush=True)


def answers(address):
    """Does the address give the page?"""
    try:
        with urllib.request.urlopen(f"http://{address}/", timeout=0.3) as page:
            return b"Welcome to nginx" in page.read()
    except OSError:
        return False


class Asker:
    """Asks for the page every 10 ms, until an answer came."""

    def __init__(self, address):
        self._address = address
        self.answered = None  # When, by time.monotonic().
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        end = time.monotonic() + PATIENCE
        while self.answered is None and time.monotonic() < end:
            threading.Thread(target=self._ask).start()
            time.sleep(0.01)

    def _ask(self):
        if answers(self._address):
            self.answered = self.answered or time.monotonic()

    def wait(self):
        """When the first answer came."""
        self._thread.join()
        if self.answered is None:
            sys.exit(f"{self._address}: no answer")
        return self.answered


# A node that had an address until then does not probe for it: lb/announce,
# ReleasedAddresses.
REMEMBERED = 11  # Seconds.


def measure_first(server, runs, address, spec="{}"):
    """The first request that is answered, at a new address."""
    measure_requests(server, int(runs), address, json.loads(spec), REMEMBERED)


def measure_again(server, runs, address, spec="{}"):
    """The first request that is answered, at one that was there before."""
    fields = json.loads(spec)
    measure_requests(server, 1, address, fields, 1, is_shown=False)
    measure_requests(server, int(runs), address, fields, 1)


def measure_requests(server, runs, address, fields, pause, is_shown=True):
    """Creates and deletes a Service, again and again."""
    to_status, to_frame, to_answer = [], [], []
    arp = ArpReader(address)
    for number in range(runs):
        name = f"first-{number}"
        if "selector" not in fields:
            write_slice(server, name)
        asker = Asker(address)
        time.sleep(0.1)
        begun = time.monotonic()
        to_status.append(seconds_to_address(server, service(
            name, fields, {"metallb.io/loadBalancerIPs": address})))
        to_answer.append(asker.wait() - begun)
        time.sleep(1)  # The address is no longer on trial.
        server.ask("DELETE", f"{SERVICES}/{name}")
        if "selector" not in fields:
            server.ask("DELETE", f"{SLICES}/{name}")
        # Neither kube-proxy, which is up to a second late, nor the client's
        # neighbour entry may help the next one.
        while answers(address):
            time.sleep(0.1)
        time.sleep(pause)
        subprocess.run(["ip", "neighbour", "flush", "to", address], check=True)
        to_frame.append(arp.since(begun)[0][0] - begun)
    if not is_shown:
        return
    print("from the creation to the status:", in_milliseconds(to_status))
    print("to the first ARP frame:", in_milliseconds(to_frame))
    print("to the first answered request:", in_milliseconds(to_answer),
          flush=True)


def print_addresses(server):
    """Of all Services, sorted."""
    for service in sorted(server.ask("GET", SERVICES)["items"],
                          key=lambda item: item["metadata"]["name"]):
        for address in addresses_of(service):
            print(service["metadata"]["name"], address)


def print_announced(server):
    """Of all ServiceL2Statuses, sorted."""
    for status in sorted((item.get("status", {}) for item in
                          server.ask("GET", L2_STATUSES)["items"]), key=str):
        print(status.get("serviceName"), status.get("node"))


def print_routed(server):
    """Of all ServiceBGPStatuses, sorted."""
    for status in sorted((item.get("status", {}) for item in
                          server.ask("GET", BGP_STATUSES)["items"]), key=str):
        print(status.get("node"), status.get("serviceNamespace", "") + "/" +
              status.get("serviceName", ""), *status.get("peers", []))


def delete_service(server, name):
    """With its endpoints."""
    server.ask("DELETE", f"{SERVICES}/{name}")
    server.ask("DELETE", f"{SLICES}/{name}")


def change_node(server, name, spec):
    """As kubectl cordon and kubectl taint do."""
    server.ask("PATCH", "/api/v1/nodes/" + name, {"spec": json.loads(spec)},
               "application/merge-patch+json")


def take_anything(server, name):
    """Drops the schema of a custom resource."""
    path = ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + name)
    resource = server.ask("GET", path)
    for version in resource["spec"]["versions"]:
        version["schema"]["openAPIV3Schema"] = {
            "type": "object", "x-kubernetes-preserve-unknown-fields": True}
    server.ask("PUT", path, resource)


def look_for(server, regarding, text):
    """Fails if nothing says it."""
    kind, name = regarding.split("/")
    if kind == "ConfigurationState":
        state = server.ask("GET", CONFIGURATION_STATES + "/" + name)["status"]
        said = [state["result"] + ": " + state["errorSummary"]]
    else:
        said = [event["note"] for event in server.ask("GET", EVENTS)["items"]
                if event["regarding"]["kind"] == kind
                and event["regarding"]["name"] == name]
    if not any(text in one for one in said):
        sys.exit(f"{regarding} says {said}, want {text}")


COMMANDS = {"hosts": write_hosts, "nodes": write_nodes,
            "services": write_services, "announced": print_announced,
            "many": write_many, "first": measure_first, "again": measure_again,
            "addresses": print_addresses, "routed": print_routed,
            "delete": delete_service, "spec": change_node,
            "unchecked": take_anything,
            "says": look_for}
if __name__ == "__main__":
    COMMANDS[sys.argv[3]](Server(*sys.argv[1:3]), *sys.argv[4:])
