"""Plays the controllers of DaemonSets and Deployments, the scheduler, the
garbage collector and kubelets, for the pods of MetalLB and of lbd: each is a
process in the network namespace of its host, with the arguments and variables
of its template.

  play_pods.py HOST:PORT PKI FOLDER PREFIX NAMESPACE...

Until it is killed. The pods of a Deployment are on the host `cp`. FOLDER gets
a folder for each pod, with its log, and NODE-NAMESPACE/lbd.sock of each speaker
of lbd; PREFIX is that of network namespaces. The variables LBD and METALLB name
lbd and the folder with MetalLB's programs.

What it leaves out: images, users and capabilities, mounts but for Secrets,
liveness, webhooks, kube-proxy.
"""
import base64
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from api import Server

ADDRESSES = {"n1": "172.18.8.11", "n2": "172.18.8.12", "n3": "172.18.8.13",
             "cp": "172.18.8.40"}
PERIOD = 0.1  # Seconds.


def matches(labels, expression):
    """A matchExpression of a node selector."""
    value = labels.get(expression["key"])
    return {"In": value in expression.get("values", []),
            "NotIn": value not in expression.get("values", []),
            "Exists": value is not None,
            "DoesNotExist": value is None}[expression["operator"]]


def may_run(spec, labels):
    """Does a pod's template select the node with these labels?"""
    selector = spec.get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        return False
    affinity = spec.get("affinity", {}).get("nodeAffinity", {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution")
    return affinity is None or any(
        all(matches(labels, one) for one in term.get("matchExpressions", []))
        for term in affinity["nodeSelectorTerms"])


def hash_of(template):
    """A name of this state of a template."""
    text = json.dumps(template, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


class Pod:
    """One process, and its object."""

    def __init__(self, cluster, owner, name, host):
        self.owner, self.name, self.host = owner, name, host
        self.path = cluster.path("pods", owner["metadata"]["namespace"])
        self.template = owner["spec"]["template"]
        self.hash = hash_of(self.template)
        self.container = self.template["spec"]["containers"][0]
        self.folder = cluster.folder / name
        self.stopped_at = None
        self.is_ready = False
        self.uid = cluster.server.ask(
            "POST", self.path, self._object())["metadata"]["uid"]
        cluster.write(f"{self.path}/{name}", {
            "phase": "Running", "podIP": ADDRESSES[host],
            "podIPs": [{"ip": ADDRESSES[host]}]})
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "ip", "netns", "exec",
             cluster.prefix + host, *self._command(cluster)],
            env={**os.environ, **self._variables(cluster)},
            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
            stdout=open(self.folder / "log", "ab"))

    def _object(self):
        owner = {"apiVersion": "apps/v1", "kind": self.owner["kind"],
                 "name": self.owner["metadata"]["name"], "controller": True,
                 "uid": self.owner["metadata"]["uid"]}
        spec = self.template["spec"]
        return {"metadata": {"name": self.name, "ownerReferences": [owner],
                             "labels": self.template["metadata"]["labels"]},
                "spec": {"nodeName": self.host if self.host != "cp" else None,
                         "serviceAccountName": spec["serviceAccountName"],
                         "terminationGracePeriodSeconds": spec.get(
                             "terminationGracePeriodSeconds", 30),
                         "containers": [{"name": self.container["name"],
                                         "image": self.container["image"]}]}}

    def _variables(self, cluster):
        fields = {"spec.nodeName": self.host, "metadata.name": self.name,
                  "metadata.namespace": self.owner["metadata"]["namespace"],
                  "status.podIP": ADDRESSES[self.host],
                  "status.hostIP": ADDRESSES[self.host]}
        variables = {"METALLB_NAMESPACE": fields["metadata.namespace"],
                     "KUBECONFIG": cluster.kubeconfig(self)}
        for one in self.container.get("env", []):
            field = one.get("valueFrom", {}).get("fieldRef")
            value = fields[field["fieldPath"]] if field else one["value"]
            if one["name"] == "METALLB_ML_SECRET_KEY_PATH":
                value = cluster.mount_secret(self)
            variables[one["name"]] = value
        return variables

    def _command(self, cluster):
        self.folder.mkdir(exist_ok=True)
        arguments = self.container.get("args", [])
        image = self.container["image"]
        if "metallb/" in image:
            program = image.split("metallb/")[1].split(":")[0]
            # Nothing answers for a webhook.
            more = ["--webhook-mode=disabled"] * (program == "controller")
            return [f"{os.environ['METALLB']}/{program}", *arguments, *more]
        own = ["--kubeconfig", cluster.kubeconfig(self)]
        if "--user=root" not in arguments:
            own += ["--user", "root"]
        if self.host == "cp":
            # These pods have a network of their own, and share one here.
            arguments = [one for one in arguments if "metrics-" not in one]
            return [os.environ["LBD"], *arguments, *own, "--node-name",
                    self.name, "--state-dir", str(self.folder)]
        folder = cluster.folder / f"{self.host}-{self.path.split('/')[-2]}"
        folder.mkdir(exist_ok=True)
        return [os.environ["LBD"], *arguments, *own, "--state-dir",
                f"{folder}/state", "--status-listen", f"unix:{folder}/lbd.sock"]

    def look(self, cluster):
        """Is it ready now?"""
        if self.is_ready or self.stopped_at:
            return
        probe = self.container["readinessProbe"]["httpGet"]
        ports = {port["name"]: port["containerPort"]
                 for port in self.container["ports"]}
        if self.host != "cp":
            address = (f"http://{probe.get('host', ADDRESSES[self.host])}:"
                       f"{ports.get(probe['port'], probe['port'])}"
                       f"{probe['path']}")
            if subprocess.run(
                    ["ip", "netns", "exec", cluster.prefix + self.host, "curl",
                     "-sf", "-m", "1", "-o", "/dev/null", address],
                    check=False).returncode:
                return
        self.is_ready = True
        cluster.write(f"{self.path}/{self.name}", {
            "conditions": [{"type": "Ready", "status": "True"}]})

    def stop(self):
        """As kubelet does when its object is to go."""
        if self.stopped_at is None:
            self.stopped_at = time.monotonic()
            self.process.send_signal(signal.SIGTERM)
            return
        grace = self.template["spec"].get("terminationGracePeriodSeconds", 30)
        # A Deployment of MetalLB's has none: it is killed.
        if time.monotonic() > self.stopped_at + grace:
            self.process.kill()


class Cluster:
    """All that there is to play."""

    def __init__(self, address, pki, folder, prefix, *namespaces):
        self.server = Server(address, pki)
        self.address, self.pki = address, pki
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.prefix, self.namespaces = prefix, namespaces
        self.pods = {}
        self.made = 0
        self.owners = {}  # In the last turn.

    @staticmethod
    def path(plural, namespace):
        """Of the objects of a kind."""
        group = {"daemonsets": "/apis/apps/v1", "deployments": "/apis/apps/v1",
                 "pods": "/api/v1", "secrets": "/api/v1",
                 "serviceaccounts": "/api/v1"}
        return (f"{group.get(plural, '/apis/metallb.io/v1beta1')}/namespaces/"
                f"{namespace}/{plural}")

    def items(self, plural, namespace):
        """All objects of a kind."""
        return self.server.ask("GET", self.path(plural, namespace))["items"]

    def write(self, path, status):
        """A status, of an object that may be gone."""
        self.server.ask("PATCH", path + "/status", {"status": status},
                        "application/merge-patch+json", accepted=(404, 409))

    def kubeconfig(self, pod):
        """A file with the token of the pod's account."""
        pod.folder.mkdir(exist_ok=True)
        file = pod.folder / "kubeconfig"
        account = pod.template["spec"]["serviceAccountName"]
        accounts = self.path("serviceaccounts",
                             pod.owner["metadata"]["namespace"])
        if not file.exists():
            token = self.server.ask(
                "POST", f"{accounts}/{account}/token",
                {"spec": {"expirationSeconds": 7200}})["status"]["token"]
            file.write_text(json.dumps({
                "apiVersion": "v1", "kind": "Config", "current-context": "lab",
                "contexts": [{"name": "lab",
                              "context": {"cluster": "lab", "user": "lab"}}],
                "clusters": [{"name": "lab", "cluster": {
                    "server": "https://" + self.address,
                    "certificate-authority": self.pki + "/ca.crt"}}],
                "users": [{"name": "lab", "user": {"token": token}}]}))
        return str(file)

    def secret_of(self, owner):
        """The data of the Secret of the gossip; None: it is missing."""
        names = [one["secret"]["secretName"]
                 for one in owner["spec"]["template"]["spec"].get("volumes", [])
                 if one["name"] == "memberlist"]
        secrets = self.path("secrets", owner["metadata"]["namespace"])
        return self.server.ask("GET", f"{secrets}/{names[0]}",
                               accepted=(404,)).get("data") if names else {}

    def mount_secret(self, pod):
        """A folder with its files."""
        for key, value in self.secret_of(pod.owner).items():
            (pod.folder / key).write_bytes(base64.b64decode(value))
        return str(pod.folder)

    def read_owners(self):
        """All DaemonSets and Deployments, by uid."""
        owners = {}
        for namespace in self.namespaces:
            for plural, kind in (("daemonsets", "DaemonSet"),
                                 ("deployments", "Deployment")):
                for owner in self.items(plural, namespace):
                    owner["kind"] = kind
                    owners[owner["metadata"]["uid"]] = owner
        return owners

    def turn(self):
        """Looks at everything once."""
        nodes = {node["metadata"]["name"]: node["metadata"]["labels"]
                 for node in self.server.ask("GET", "/api/v1/nodes")["items"]}
        owners = self.read_owners()
        wanted = {}  # The owner and the host, by its uid and a suffix.
        for uid, owner in owners.items():
            spec = owner["spec"]
            if owner["kind"] == "Deployment":
                for number in range(spec.get("replicas", 1)):
                    wanted[uid, str(number)] = (owner, "cp")
                continue
            for node, labels in nodes.items():
                if may_run(spec["template"]["spec"], labels):
                    wanted[uid, node] = (owner, node)
        self.end(wanted)
        self.begin(wanted)
        for pod in self.pods.values():
            pod.look(self)
        for uid, owner in owners.items():
            self.tell(owner, sum(key[0] == uid for key in wanted))
        for uid, owner in self.owners.items():
            if uid not in owners:
                self.collect("secrets", owner["metadata"])
        self.owners = owners

    def end(self, wanted):
        """Stops pods that are not wanted, or not as they are."""
        deleted = {item["metadata"]["name"] for namespace in self.namespaces
                   for item in self.items("pods", namespace)
                   if "deletionTimestamp" in item["metadata"]}
        for key, pod in list(self.pods.items()):
            if pod.process.poll() is not None:
                self.server.ask("DELETE", f"{pod.path}/{pod.name}",
                                {"gracePeriodSeconds": 0}, accepted=(404,))
                del self.pods[key]
                meta = {**pod.owner["metadata"], "uid": pod.uid}
                self.collect("servicel2statuses", meta)
                self.collect("configurationstates", meta)
            elif (key not in wanted or pod.name in deleted or
                  pod.stopped_at or self.is_outdated(pod, wanted[key][0])):
                pod.stop()

    def is_outdated(self, pod, owner):
        """Is it to be replaced now? One of a DaemonSet's at a time."""
        if pod.hash == hash_of(owner["spec"]["template"]):
            return False
        if owner["spec"].get("updateStrategy", {}).get("type") == "OnDelete":
            return False
        return owner["kind"] == "Deployment" or all(
            other.is_ready and not other.stopped_at
            for other in self.pods.values()
            if other.owner["metadata"]["uid"] == owner["metadata"]["uid"])

    def begin(self, wanted):
        """Starts pods, where no other has their ports."""
        for key, (owner, host) in wanted.items():
            if key in self.pods:
                continue
            spec = owner["spec"]["template"]["spec"]
            ports = {port["containerPort"]
                     for port in spec["containers"][0]["ports"]}
            if host != "cp" and any(
                    port["containerPort"] in ports
                    for pod in self.pods.values() if pod.host == host
                    for port in pod.container["ports"]):
                continue
            if self.secret_of(owner) is None:
                continue
            self.made += 1
            name = f"{owner['metadata']['name']}-{key[1]}-{self.made}"
            self.pods[key] = Pod(self, owner, name, host)

    def collect(self, plural, meta):
        """Deletes the objects of an owner that is gone."""
        path = self.path(plural, meta["namespace"])
        for item in self.items(plural, meta["namespace"]):
            if any(owner["uid"] == meta["uid"] for owner in
                   item["metadata"].get("ownerReferences", [])):
                self.server.ask("DELETE", f"{path}/{item['metadata']['name']}",
                                accepted=(404,))

    def tell(self, owner, count):
        """Writes the status, if it is another."""
        meta = owner["metadata"]
        mine = [pod for pod in self.pods.values()
                if pod.owner["metadata"]["uid"] == meta["uid"]]
        ready = sum(pod.is_ready and not pod.stopped_at for pod in mine)
        new = sum(pod.hash == hash_of(owner["spec"]["template"])
                  for pod in mine)
        if owner["kind"] == "DaemonSet":
            status = {"desiredNumberScheduled": count, "numberMisscheduled": 0,
                      "currentNumberScheduled": len(mine),
                      "updatedNumberScheduled": new, "numberReady": ready,
                      "numberAvailable": ready}
        else:
            status = {"replicas": len(mine), "updatedReplicas": new,
                      "readyReplicas": ready, "availableReplicas": ready}
        status["observedGeneration"] = meta["generation"]
        known = owner.get("status", {})
        if all(known.get(key, 0) == value for key, value in status.items()):
            return
        path = self.path(owner["kind"].lower() + "s", meta["namespace"])
        self.write(f"{path}/{meta['name']}", status)


def main():
    """Until it is killed."""
    cluster = Cluster(*sys.argv[1:])
    while True:
        cluster.turn()
        time.sleep(PERIOD)


main()
