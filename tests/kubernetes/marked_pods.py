"""Pods on the nodes of a lab without kubelets, and what became of them.

  marked_pods.py HOST:PORT PKI pods      the pod web-nI on each node, ready, behind
                      the Service web; and on n3 the pod one, the only one of the
                      Service one
  marked_pods.py ... repair NAME         the pod is ready, as its kubelet would say
  marked_pods.py ... ready               "NAME STATUS REASON" of each pod
  marked_pods.py ... lost                "NODE LOST..." of each speaker that has
                      lost others
  marked_pods.py ... told NODE           "REASON NOTE" of each event on the Node
"""
import sys

from api import Server

PODS = "/api/v1/namespaces/default/pods"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
STATES = ("/apis/metallb.io/v1beta1/namespaces/metallb-system/"
          "configurationstates")
EVENTS = "/apis/events.k8s.io/v1/events"
NODES = ("n1", "n2", "n3")


def repair(server, name):
    """The whole status, as kubelet writes it."""
    server.patch_status(PODS + "/" + name, {"phase": "Running", "conditions": [
        {"type": "PodScheduled", "status": "True"},
        {"type": "ContainersReady", "status": "True"},
        {"type": "Ready", "status": "True"}]})


def write_pods(server):
    """And their endpoints, which stay as they are: nothing follows pods here."""
    # There is no controller of Kubernetes that makes this one.
    server.make("/api/v1/namespaces/default/serviceaccounts",
                {"metadata": {"name": "default"}})
    services = {"web": {f"web-{node}": node for node in NODES},
                "one": {"one": "n3"}}
    for service, pods in services.items():
        for name, node in pods.items():
            server.make(PODS, {
                "metadata": {"name": name},
                "spec": {"nodeName": node,
                         "containers": [{"name": "a", "image": "a"}]}})
            repair(server, name)
        server.make(SLICES, {
            "metadata": {"name": service,
                         "labels": {"kubernetes.io/service-name": service}},
            "addressType": "IPv4", "ports": [{"name": "", "port": 80}],
            "endpoints": [{"addresses": ["10.0.0.1"], "nodeName": node,
                           "conditions": {"ready": True},
                           "targetRef": {"kind": "Pod", "name": name,
                                         "namespace": "default"}}
                          for name, node in pods.items()]})


def print_ready(server):
    """By name."""
    for pod in server.ask("GET", PODS)["items"]:
        for condition in pod["status"]["conditions"]:
            if condition["type"] == "Ready":
                print(pod["metadata"]["name"], condition["status"],
                      condition.get("reason", "-"))


def print_lost(server):
    """By node."""
    for state in server.ask("GET", STATES)["items"]:
        lost = state["metadata"].get("annotations", {}).get(
            "lb.io/lost-members")
        if lost:
            print(state["metadata"]["labels"]["metallb.io/node-name"], lost)


def print_told(server, node):
    """In no order."""
    for event in server.ask("GET", EVENTS)["items"]:
        regarding = event["regarding"]
        if regarding["kind"] == "Node" and regarding["name"] == node:
            print(event["reason"], event["note"])


COMMANDS = {"pods": write_pods, "repair": repair, "ready": print_ready,
            "lost": print_lost, "told": print_told}
COMMANDS[sys.argv[3]](Server(*sys.argv[1:3]), *sys.argv[4:])
