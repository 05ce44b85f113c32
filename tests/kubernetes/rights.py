"""Takes each right of packaging/kubernetes/rbac.yaml away, and sees lbd name it.

  rights.py HOST:PORT PKI LBD FOLDER

Each right is one case, with a lbd, a namespace, a service account and a class
of Services of its own, so that all run at once. Of each role one more lbd has
all rights: it names none. A right that no lbd misses is one too many, and fails
as well. The roles must have been applied; LBD runs in this network namespace.

The objects of services' statuses are defined as MetalLB does, which needs one
right more than lbd's own definitions do.
"""
import os
import re
import subprocess
import sys
import time

from api import Server

RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"
METALLB = "/apis/metallb.io/v1beta1/namespaces"
OWN = "metallb-system"
POOL_ANNOTATION = "metallb.io/ip-allocated-from-pool"
PATIENCE = 40  # Seconds.


def rights_of(server, path):
    """(group, resource, verb) of each right in a role."""
    return [(group, resource, verb)
            for rule in server.ask("GET", path)["rules"]
            for group in rule["apiGroups"]
            for resource in rule["resources"] for verb in rule["verbs"]]


def rules(rights, but):
    """Rules of a role with these rights but one."""
    return [{"apiGroups": [group], "resources": [resource], "verbs": [verb]}
            for group, resource, verb in rights
            if (group, resource, verb) != but]


class Case:
    """One lbd that lacks one right, or none."""

    def __init__(self, server, role, number, lacked, folder):
        self.name = f"{role}-{number}"
        self.role = role
        self.lacked = lacked
        self._server = server
        self._number = number
        self._services = 0
        self._folder = f"{folder}/{self.name}"
        self._process = None
        os.makedirs(self._folder)

    def __str__(self):
        if self.lacked is None:
            return f"{self.role} with all its rights"
        return f"{self.role} without {self.right()}"

    def right(self):
        """As lbd says it."""
        return f"{self.lacked[2]} {self.lacked[1]}"

    def write_objects(self, cluster, own):
        """The account with its rights, and what there is to do."""
        name, server = self.name, self._server
        server.make("/api/v1/namespaces", {"metadata": {"name": name}})
        server.make(f"/api/v1/namespaces/{name}/serviceaccounts",
                    {"metadata": {"name": "lbd"}})
        for kind, place, rights in (
                ("ClusterRole", RBAC, cluster),
                ("Role", f"{RBAC}/namespaces/{name}", own)):
            server.make(f"{place}/{kind.lower()}s", {
                "metadata": {"name": name},
                "rules": rules(rights, self.lacked)})
            server.make(f"{place}/{kind.lower()}bindings", {
                "metadata": {"name": name},
                "roleRef": {"apiGroup": GROUP, "kind": kind, "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": "lbd",
                              "namespace": name}]})
        server.make(f"{METALLB}/{name}/ipaddresspools", {
            "apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool",
            "metadata": {"name": "pool"},
            "spec": {"addresses": [f"10.{self._number}.0.0/16"],
                     # So that namespaces are followed.
                     "serviceAllocation": {"namespaceSelectors": [
                         {"matchLabels": {
                             "kubernetes.io/metadata.name": name}}]}}})
        server.make(f"{METALLB}/{name}/l2advertisements", {
            "apiVersion": "metallb.io/v1beta1", "kind": "L2Advertisement",
            "metadata": {"name": "all"}, "spec": {}})
        self._write_routing()
        server.make("/api/v1/nodes", {"metadata": {"name": name}})
        server.make(f"/api/v1/namespaces/{name}/pods", {
            "metadata": {"name": "speaker",
                         "labels": {"component": "speaker"}},
            "spec": {"serviceAccountName": "lbd",
                     "containers": [{"name": "speaker", "image": "lbd"}]}})
        server.patch_status(f"/api/v1/namespaces/{name}/pods/speaker", {
            "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]})
        self._write_statuses()
        self._write_kubeconfig()

    def _write_routing(self):
        """A peer that nothing answers for, and what makes it count."""
        self._server.make(
            f"/apis/metallb.io/v1beta2/namespaces/{self.name}/bgppeers", {
                "apiVersion": "metallb.io/v1beta2", "kind": "BGPPeer",
                "metadata": {"name": "tor"},
                "spec": {"myASN": 64512, "peerASN": 64513, "peerPort": 1,
                         "peerAddress": "127.0.0.1"}})
        self._server.make(f"{METALLB}/{self.name}/bgpadvertisements", {
            "apiVersion": "metallb.io/v1beta1", "kind": "BGPAdvertisement",
            "metadata": {"name": "all"}, "spec": {}})

    def _write_statuses(self):
        """What an earlier run left, of another pod and without labels."""
        if self.lacked and self.lacked[1:] == ("configurationstates", "create"):
            return
        name = "controller"
        if self.role == "speaker":
            name = f"speaker-{self.name}"
            for protocol in "L2", "BGP":
                self._server.make(
                    f"{METALLB}/{self.name}/service{protocol.lower()}statuses",
                    {"apiVersion": "metallb.io/v1beta1",
                     "kind": f"Service{protocol}Status",
                     "metadata": {"name": f"{protocol.lower()}-old", "labels": {
                         "metallb.io/node": self.name,
                         "metallb.io/service-name": "s1",
                         "metallb.io/service-namespace": self.name}}})
        self._server.make(f"{METALLB}/{self.name}/configurationstates", {
            "apiVersion": "metallb.io/v1beta1", "kind": "ConfigurationState",
            "metadata": {"name": name}})

    def _write_kubeconfig(self):
        token = self._server.ask(
            "POST", f"/api/v1/namespaces/{self.name}/serviceaccounts/lbd/token",
            {"spec": {"expirationSeconds": 3600}})["status"]["token"]
        with open(f"{self._folder}/kubeconfig", "w", encoding="ascii") as file:
            file.write(f"""apiVersion: v1
kind: Config
current-context: lab
contexts: [{{name: lab, context: {{cluster: lab, user: lbd}}}}]
clusters:
- name: lab
  cluster: {{server: "https://{ADDRESS}", certificate-authority: {PKI}/ca.crt}}
users: [{{name: lbd, user: {{token: {token}}}}}]
""")

    def start(self, lbd):
        """lbd, which ends with this process."""
        options = []
        if self.role == "speaker":
            options = ["--gossip-in-the-clear", "--gossip-bind",
                       f"127.0.0.1:{7000 + self._number}", "--status-listen",
                       f"unix:{self._folder}/lbd.sock"]
        with open(f"{self._folder}/log", "w", encoding="ascii") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", lbd, "--kubernetes",
                 "--role", self.role, "--kubeconfig",
                 f"{self._folder}/kubeconfig", "--kubernetes-namespace",
                 self.name, "--lb-class", f"lab/{self.name}", "--node-name",
                 self.name, "--state-dir", f"{self._folder}/state",
                 "--user", "root", *options],
                env={**os.environ, "METALLB_POD_NAME": "speaker"},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def end(self):
        """At once."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def log(self):
        """What lbd has written."""
        with open(f"{self._folder}/log", encoding="utf-8") as log:
            return log.read()

    def named(self):
        """The rights that lbd says it lacks."""
        return set(re.findall(r"it may not (\w+ [\w/]+)", self.log()))

    def is_over(self):
        """Has it named what it lacks? Another right it must never name."""
        if self.lacked is None:
            return False
        return bool(self.named())

    def work(self):
        """Something to do for a lbd of this role: Services, which others
        change at the same time."""
        self._services += 1
        path = f"/api/v1/namespaces/{self.name}/services"
        name = f"s{self._services}"
        self._server.make(path, {
            "metadata": {"name": name},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}],
                     "loadBalancerClass": f"lab/{self.name}"}})
        if self.role == "speaker":
            self._annotate(f"{path}/{name}", POOL_ANNOTATION, "pool")
            self._server.patch_status(f"{path}/{name}", {"loadBalancer": {
                "ingress": [{"ip": self._address(self._services)}]}})
            if self._services == 1:
                self._set_endpoint("s1", True)
            self._set_endpoint("s2", self._services % 2 == 1)
            return
        # Changes by others, so that writes conflict.
        lease = (f"/apis/coordination.k8s.io/v1/namespaces/{self.name}/leases/"
                 "lbd-controller")
        for count in range(4):
            self._annotate(f"{path}/{name}", "changed", str(count))
        for count in range(4):
            self._annotate(lease, "changed", f"{self._services} {count}")
        # One that asks for an address of no pool: events that repeat.
        self._server.make(path, {
            "metadata": {"name": "asks"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}],
                     "loadBalancerClass": f"lab/{self.name}"}})
        self._annotate(f"{path}/asks", "metallb.io/loadBalancerIPs",
                       f"192.0.2.{self._services % 2}")

    def _address(self, number):
        return f"10.{self._number}.{number // 250}.{number % 250 + 1}"

    def _set_endpoint(self, service, ready):
        """The speaker announces the service, or ceases to."""
        path = ("/apis/discovery.k8s.io/v1/namespaces/"
                f"{self.name}/endpointslices")
        endpoints = [{"addresses": ["192.0.2.1"], "nodeName": self.name,
                      "conditions": {"ready": ready}}]
        self._server.make(path, {
            "metadata": {"name": service,
                         "labels": {"kubernetes.io/service-name": service}},
            "addressType": "IPv4", "endpoints": endpoints})
        self._server.ask("PATCH", f"{path}/{service}", {"endpoints": endpoints},
                         "application/merge-patch+json")

    def _annotate(self, path, name, value):
        self._server.ask("PATCH", path,
                         {"metadata": {"annotations": {name: value}}},
                         "application/merge-patch+json", accepted=(404,))


def define_as_metallb(server):
    """Gives the objects of services' statuses the subresource."""
    for protocol in "L2", "BGP":
        plural = f"service{protocol.lower()}statuses"
        path = ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
                f"{plural}.metallb.io")
        versions = server.ask("GET", path)["spec"]["versions"]
        versions[0]["subresources"] = {"status": {}}
        server.ask("PATCH", path, {"spec": {"versions": versions}},
                   "application/merge-patch+json")
        # The server goes by it a moment later.
        while "status" in server.ask("POST", f"{METALLB}/{OWN}/{plural}", {
                "apiVersion": "metallb.io/v1beta1",
                "kind": f"Service{protocol}Status",
                "metadata": {"generateName": "probe-"},
                "status": {"node": "n1"}}):
            time.sleep(0.1)


def make_cases(server, folder):
    """A case for each right of each role, and one with all of them."""
    common = rights_of(server, f"{RBAC}/clusterroles/{OWN}:objects")
    cases = []
    for role in "controller", "speaker":
        cluster = common + rights_of(
            server, f"{RBAC}/clusterroles/{OWN}:{role}")
        own = rights_of(server, f"{RBAC}/namespaces/{OWN}/roles/{role}")
        for lacked in (None, *cluster, *own):
            case = Case(server, role, len(cases) + 1, lacked, folder)
            case.write_objects(cluster, own)
            cases.append(case)
    return cases


def main(lbd, folder):
    """Exits with what is wrong."""
    server = Server(ADDRESS, PKI)
    define_as_metallb(server)
    cases = make_cases(server, folder)
    for case in cases:
        case.work()  # What was left is of a Service that is there at the start.
    for case in cases:
        case.start(lbd)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        waiting = [case for case in cases if not case.is_over()]
        for case in cases:
            if case in waiting:
                case.work()
            else:
                case.end()
        if all(case.lacked is None for case in waiting):
            break
    time.sleep(1)
    failures = []
    for case in cases:
        wanted = {case.right()} if case.lacked else set()
        if case.named() != wanted:
            failures.append(f"{case}: names {sorted(case.named())}")
            print(f"--- {case}:", *case.log().splitlines()[-15:], sep="\n  ")
        case.end()
    print(f"{len(cases)} cases, {len(failures)} failed", *failures, sep="\n")
    sys.exit(1 if failures else 0)


ADDRESS, PKI = sys.argv[1:3]
main(*sys.argv[3:])
