"""What the chart renders, for several values.

    chart_facts.py HELM CHART LBD FOLDER
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

import yaml

HELM, CHART, LBD, FOLDER = sys.argv[1:5]
NAMESPACE = "metallb-system"
FAULTS = []


def expect(what, is_so):
    if not is_so:
        FAULTS.append(what)
        print(f"FAILED: {what}")


def helm_template(values, *options):
    """The finished process of `helm template` with these values."""
    path = FOLDER + "/values.yaml"
    with open(path, "w") as file:
        json.dump(values, file)
    return subprocess.run(
        [HELM, "template", "lbd", CHART, "--namespace", NAMESPACE, "--values",
         path, *options], capture_output=True, text=True)


def render(values=None, *options):
    """The objects, by kind and name."""
    run = helm_template(values or {}, *options)
    if run.returncode != 0:
        sys.exit(f"helm template {values}: {run.stderr}")
    objects = [o for o in yaml.safe_load_all(run.stdout) if o]
    return {(o["kind"], o["metadata"]["name"]): o for o in objects}


def pod_of(objects, role):
    kind = "Deployment" if role == "controller" else "DaemonSet"
    return objects[kind, "lbd-" + role]["spec"]["template"]


def container_of(objects, role):
    return pod_of(objects, role)["spec"]["containers"][0]


def args_of(objects, role):
    return container_of(objects, role)["args"]


def environment_of(objects, role):
    return {e["name"]: e.get("value") for e in
            container_of(objects, role)["env"]}


def check_version():
    with open("lb/config/version.h") as file:
        version = re.search(r'kVersion = "(.*)"', file.read())[1]
    with open(CHART + "/Chart.yaml") as file:
        chart = yaml.safe_load(file)
    expect(f"the chart is of version {version}",
           chart["version"] == chart["appVersion"] == version)


def check_default():
    objects = render()
    for kind in ("Deployment", "DaemonSet", "ServiceAccount", "ClusterRole",
                 "Role", "ClusterRoleBinding", "RoleBinding", "NetworkPolicy",
                 "PodDisruptionBudget", "Lease", "Secret"):
        expect(f"there is a {kind}", any(k == kind for k, _ in objects))
    for kind, name in objects:
        expect(f"no {kind} by default", "Webhook" not in kind and
               "Admission" not in kind and "Monitor" not in kind)
        of_cluster = kind.startswith("Cluster")
        expect(f"{kind}/{name} is in the namespace", of_cluster or
               objects[kind, name]["metadata"]["namespace"] == NAMESPACE)
    expect("two controllers", objects["Deployment", "lbd-controller"]["spec"]
           ["replicas"] == 2)
    for role in ("controller", "speaker"):
        pod, container = pod_of(objects, role), container_of(objects, role)
        security = container["securityContext"]
        added = ["NET_RAW"] if role == "speaker" else None
        expect(f"{role}: only NET_RAW", security["capabilities"].get("drop") ==
               ["ALL"] and security["capabilities"].get("add") == added)
        expect(f"{role}: root is read-only", security["readOnlyRootFilesystem"]
               and security["allowPrivilegeEscalation"] is False)
        expect(f"{role}: role", f"--role={role}" in container["args"])
        expect(f"{role}: found by its label",
               pod["metadata"]["labels"]["component"] == role)
        expect(f"{role}: account exists", ("ServiceAccount", pod["spec"]
               ["serviceAccountName"]) in objects)
        expect(f"{role}: priority", pod["spec"]["priorityClassName"])
        port = {p["name"]: p["containerPort"] for p in container["ports"]}
        expect(f"{role}: port", port["metrics"] == 9120 and
               "--metrics-listen=0.0.0.0:9120" in container["args"])
        for probe, path in (("livenessProbe", "/livez"),
                            ("readinessProbe", "/readyz")):
            expect(f"{role}: {probe}", container[probe]["httpGet"] ==
                   {"path": path, "port": "metrics"})
        mounts = {m["name"] for m in container.get("volumeMounts", [])}
        volumes = {v["name"] for v in pod["spec"].get("volumes", [])}
        wanted = {"state", "run", "memberlist"} if role == "speaker" else set()
        expect(f"{role}: volumes are mounted", mounts == volumes == wanted)
    expect("the controller is no root", pod_of(objects, "controller")["spec"]
           ["securityContext"]["runAsNonRoot"])
    expect("speakers are root, and stay it", pod_of(objects, "speaker")["spec"]
           ["securityContext"]["runAsUser"] == 0 and
           "--user=root" in args_of(objects, "speaker"))
    expect("speakers are on the host's network",
           pod_of(objects, "speaker")["spec"]["hostNetwork"] is True)
    tolerated = {t["key"] for t in pod_of(objects, "speaker")["spec"]
                 ["tolerations"]}
    expect("speakers run on control planes",
           "node-role.kubernetes.io/control-plane" in tolerated)


def check_test():
    """What helm test runs, where a speaker is and by the socket of that one."""
    values = {"speaker": {"runDir": "/run/mine", "nodeSelector": {"edge": "y"},
                          "tolerations": [{"key": "a", "operator": "Exists"}]}}
    objects = render(values)
    test, spec = objects["Pod", "lbd-test"], pod_of(objects, "speaker")["spec"]
    expect("it is a test", test["metadata"]["annotations"]["helm.sh/hook"] ==
           "test")
    for field in ("nodeSelector", "tolerations", "securityContext"):
        expect(f"test: {field}", test["spec"][field] == spec[field])
    expect("test: image", test["spec"]["containers"][0]["image"] ==
           spec["containers"][0]["image"])
    run = [v for v in spec["volumes"] if v["name"] == "run"]
    expect("test: the speaker's folder", [
        v["hostPath"]["path"] for v in run + test["spec"]["volumes"]] ==
        ["/run/mine", "/run/mine"])
    expect("no test without speakers", ("Pod", "lbd-test") not in render(
        {"speaker": {"enabled": False}}))


def rules_of(objects, accounts):
    """What each account may do: (account, namespaced) -> set of rights."""
    rights = {}
    for (kind, _), binding in objects.items():
        if not kind.endswith("RoleBinding"):
            continue
        reference = binding["roleRef"]
        role = objects[reference["kind"], reference["name"]]
        for subject in binding["subjects"]:
            mine = rights.setdefault(
                (accounts[subject["name"]], kind == "RoleBinding"), set())
            for rule in role["rules"]:
                for group in rule["apiGroups"]:
                    for resource in rule["resources"]:
                        for verb in rule["verbs"]:
                            mine.add((group, resource, verb,
                                      *rule.get("resourceNames", ())))
    return rights


def check_rights():
    """Those of packaging/kubernetes/rbac.yaml, which rights_test tries, and with
    fastNodeFailure those of the file beside it, too."""
    shipped = {}
    for name, values in (("rbac.yaml", {}), ("rbac-fast-node-failure.yaml",
                         {"controller": {"fastNodeFailure": True}})):
        with open("packaging/kubernetes/" + name) as file:
            shipped.update({(o["kind"], o["metadata"]["name"]): o
                            for o in yaml.safe_load_all(file)})
        wanted = rules_of(shipped, {"controller": "controller",
                                    "speaker": "speaker"})
        got = rules_of(render(values), {"lbd-controller": "controller",
                                        "lbd-speaker": "speaker"})
        expect("four sets of rights", len(wanted) == 4)
        for key in sorted(wanted.keys() | got.keys()):
            expect(f"{name}: {key}: {got.get(key)} are the rights "
                   f"{wanted.get(key)}", got.get(key) == wanted.get(key))
    expect("rbac.create=false: no roles", not any(
        "Role" in kind for kind, _ in render({"rbac": {"create": False}})))


# Values that MetalLB's users set most, with some of what lbd has not.
METALLB = {
    "loadBalancerClass": "metallb", "nameOverride": "lbd",
    "fullnameOverride": "lbd", "imagePullSecrets": [{"name": "registry"}],
    "controller": {
        "logLevel": "warn", "webhookMode": "enabled",
        "image": {"repository": "registry/lbd", "tag": "1",
                  "pullPolicy": "Always"},
        "tolerations": [{"operator": "Exists"}],
        "nodeSelector": {"role": "infra"},
        "affinity": {"nodeAffinity": {}},
        "resources": {"limits": {"cpu": "100m", "memory": "100Mi"}},
        "serviceAccount": {"create": False, "name": "mine"}},
    "speaker": {
        "logLevel": "all", "tolerateMaster": False, "ignoreExcludeLB": True,
        "memberlist": {"enabled": True, "mlBindPort": 7000,
                       "mlSecretKeyPath": "/etc/key"},
        "excludeInterfaces": {"enabled": False},
        "frr": {"enabled": False, "image": {"tag": "1"}, "metricsPort": 1},
        "reloader": {"resources": {}}, "frrMetrics": {"resources": {}},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "nodeSelector": {"edge": "yes"}},
    "crds": {"enabled": True, "validationFailurePolicy": "Ignore"},
    "frrk8s": {"enabled": True, "external": False},
    "frr-k8s": {"prometheus": {"serviceMonitor": {"enabled": False}}},
    "prometheus": {"metricsPort": 9121, "scrapeAnnotations": True,
                   "serviceAccount": "prometheus", "namespace": "monitoring",
                   "podMonitor": {"enabled": True, "interval": 15,
                                  "additionalLabels": {"team": "net"}},
                   "prometheusRule": {"enabled": True}},
    "networkpolicies": {"enabled": True, "defaultDeny": True, "apiPort": 6443},
}


def check_metallb_values():
    objects = render(METALLB)
    pod, container = pod_of(objects, "controller"), container_of(
        objects, "controller")
    expect("image", container["image"] == "registry/lbd:1" and
           container["imagePullPolicy"] == "Always")
    expect("log level", "--log-level=warning" in container["args"])
    expect("class", "--lb-class=metallb" in container["args"])
    expect("resources", container["resources"]["limits"]["cpu"] == "100m")
    spec = pod["spec"]
    expect("tolerations", spec["tolerations"] == [{"operator": "Exists"}])
    expect("node selector", spec["nodeSelector"]["role"] == "infra")
    expect("affinity", spec["affinity"] == {"nodeAffinity": {}})
    expect("pull secrets", spec["imagePullSecrets"] == [{"name": "registry"}])
    expect("account", spec["serviceAccountName"] == "mine" and
           ("ServiceAccount", "mine") not in objects)
    expect("annotations", pod["metadata"]["annotations"] ==
           {"prometheus.io/scrape": "true", "prometheus.io/port": "9121"})
    args, spec = args_of(objects, "speaker"), pod_of(objects, "speaker")["spec"]
    for arg in ("--log-level=debug", "--ignore-exclude-lb",
                "--exclude-interfaces", "--lb-class=metallb"):
        expect(f"speaker: {arg}", arg in args)
    environment = environment_of(objects, "speaker")
    expect("gossip", environment["METALLB_ML_BIND_PORT"] == "7000" and
           environment["METALLB_ML_SECRET_KEY_PATH"] == "/etc/key")
    expect("speaker: tolerations", spec["tolerations"] ==
           [{"key": "a", "operator": "Exists"}])
    monitor = objects["PodMonitor", "lbd-speaker"]
    expect("monitor", monitor["metadata"]["labels"]["team"] == "net" and
           monitor["spec"]["podMetricsEndpoints"][0]["interval"] == 15)
    policy = objects["NetworkPolicy", "lbd-controller"]["spec"]
    expect("policy", policy["egress"][0]["ports"][0]["port"] == 6443)
    expect("default deny", ("NetworkPolicy", "lbd-default-deny") in objects)


def check_fast_node_failure():
    off, on = render(METALLB), render({**METALLB, "controller": {
        **METALLB["controller"], "fastNodeFailure": True}})
    for objects, is_on in ((off, False), (on, True)):
        for role in ("controller", "speaker"):
            expect(f"{role}: --fast-node-failure", is_on == (
                "--fast-node-failure" in args_of(objects, role)))
        egress = objects["NetworkPolicy", "lbd-controller"]["spec"]["egress"]
        ports = {port["port"] for rule in egress for port in rule["ports"]}
        expect("kubelets are reached", ports == ({6443, 10250} if is_on
                                                 else {6443}))


def check_switches():
    for values, key, there in (
            ({"controller": {"enabled": False}},
             ("Deployment", "lbd-controller"), False),
            ({"speaker": {"enabled": False}}, ("DaemonSet", "lbd-speaker"),
             False),
            ({"controller": {"replicas": 1}},
             ("PodDisruptionBudget", "lbd-controller"), False),
            ({"networkpolicies": {"enabled": False}},
             ("NetworkPolicy", "lbd-controller"), False),
            ({"speaker": {"memberlist": {"createSecret": False}}},
             ("Secret", "memberlist"), False),
            ({"speaker": {"secretName": "other"}}, ("Secret", "memberlist"),
             False),
            ({"grafana": {"dashboard": {"enabled": True}}},
             ("ConfigMap", "lbd-dashboard"), True),
            ({"prometheus": {"serviceMonitor": {"enabled": True},
                             "rbacPrometheus": False}},
             ("ServiceMonitor", "lbd-controller"), True)):
        expect(f"{values}: {key}", (key in render(values)) == there)
    dashboard = render({"grafana": {"dashboard": {"enabled": True}}})[
        "ConfigMap", "lbd-dashboard"]
    with open("examples/grafana/lbd.json") as file:
        expect("the dashboard is the example's", json.load(file) ==
               json.loads(dashboard["data"]["lbd.json"]))
    policy = render({"namespacePolicy": {"enabled": True}}, "--api-versions",
                    "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy")
    expect("namespace policy", ("ValidatingAdmissionPolicy", "lbd-namespace")
           in policy)


def check_args():
    """lbd takes what the chart starts it with."""
    kubeconfig = FOLDER + "/kubeconfig"
    with open(kubeconfig, "w") as file:
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "a",
                   "contexts": [{"name": "a", "context":
                                 {"cluster": "a", "user": "a"}}],
                   "clusters": [{"name": "a", "cluster":
                                 {"server": "https://127.0.0.1:1"}}],
                   "users": [{"name": "a", "user": {"token": "a"}}]}, file)
    more = {"controller": {"logFormat": "json", "fastNodeFailure": True,
                           "extraArgs": ["--lease-duration=9s"]},
            "speaker": {"excludeInterfaces": {"patterns": ["veth*", "lo"]},
                        "electionPolicy": "sticky", "gossipProfile": "wan",
                        "memberlist": {"keyDerivation": "legacy"}}}
    for values in ({}, METALLB, more):
        objects = render(values)
        for role in ("controller", "speaker"):
            run = subprocess.run(
                [LBD, "--check", "--kubeconfig", kubeconfig,
                 "--gossip-secret-file", kubeconfig, *args_of(objects, role)],
                capture_output=True, text=True, env={**os.environ, "PATH": ""})
            expect(f"{role}: {args_of(objects, role)}: {run.stdout}"
                   f"{run.stderr}", run.returncode == 0)


def check_refusals():
    for values, text in (
            ({"controller": {"replica": 1}}, "'replica' not allowed"),
            ({"controler": {}}, "'controler' not allowed"),
            ({"controller": {"logLevel": "loud"}}, "value must be one of"),
            ({"controller": {"replicas": "two"}}, "got string, want integer"),
            ({"speaker": {"memberlist": {"mlBindPort": 70000}}},
             "want 65,535"),
            ({"speaker": {"electionPolicy": "best"}}, "value must be one of"),
            ({"speaker": {"stateDir": "lib"}}, "does not match pattern"),
            ({"speaker": {"runDir": "run"}}, "does not match pattern"),
            ({"prometheus": {"prometheusRule": {"addressPoolUsage": {
                "thresholds": [{"percent": 101}]}}}}, "want 100"),
            ({"prometheus": {"podMonitor": {"enabled": True}}},
             "prometheus.serviceAccount is empty"),
            ({"prometheus": {"podMonitor": {"enabled": True},
                             "serviceMonitor": {"enabled": True}}},
             "want one of the two"),
            ({"controller": {"image": {
                "repository": "quay.io/metallb/controller"}}},
             "MetalLB's own image"),
            ({"namespacePolicy": {"enabled": True}}, "want Kubernetes 1.30")):
        run = helm_template(values, "--kube-version", "1.29")
        expect(f"{values}: {run.stderr[-500:]!r} has {text!r}",
               run.returncode != 0 and text in run.stderr)


def check_alerts():
    spec = render(METALLB)["PrometheusRule", "lbd"]["spec"]
    rules = spec["groups"][0]["rules"]
    names = {rule["alert"] for rule in rules}
    for name in ("MetalLBStaleConfig", "MetalLBConfigNotLoaded",
                 "MetalLBAddressPoolExhausted", "MetalLBBGPSessionDown",
                 "MetalLBAddressPoolUsage75Percent", "LbdNoController"):
        expect(f"alert {name}", name in names)
    expect("each is named once", len(names) == len(rules))
    sources = ""
    for path in glob.glob("daemon/metrics/*.cc"):
        with open(path) as file:
            sources += file.read()
    for rule in rules:
        for metric in re.findall(r"\b(?:lb|metallb)_[a-z0-9_]+", rule["expr"]):
            expect(f"{rule['alert']}: {metric}", f'"{metric}"' in sources)
        expect(f"{rule['alert']}: texts", all(
            rule["annotations"].get(key) for key in ("summary", "description"))
            and rule["labels"]["severity"])
    path = FOLDER + "/rules.yaml"
    with open(path, "w") as file:
        json.dump(spec, file)
    if shutil.which("promtool"):
        run = subprocess.run(["promtool", "check", "rules", path],
                             capture_output=True, text=True)
        expect(f"promtool: {run.stdout}{run.stderr}", run.returncode == 0)
    off = {name: {"enabled": False} for name, value in
           yaml.safe_load(open(CHART + "/values.yaml"))["prometheus"]
           ["prometheusRule"].items() if isinstance(value, dict) and
           "enabled" in value}
    rules = render({"prometheus": {"prometheusRule": {"enabled": True, **off}}})
    expect("each can be switched off", not rules["PrometheusRule", "lbd"]
           ["spec"]["groups"][0]["rules"])


for check in (check_version, check_default, check_test, check_rights,
              check_metallb_values, check_fast_node_failure, check_switches,
              check_args,
              check_refusals, check_alerts):
    check()
sys.exit(bool(FAULTS))
