"""Objects of metallb.io, and who refuses each: the API server by the custom
resource's schema and rules, or lbd's reader (lbctl check).

    crd_objects.py ADDRESS PKI LBCTL FOLDER

ends with 1 if one of them is judged otherwise. Most of what MetalLB's webhook
refuses is here; `WEBHOOK` says which.
"""
import glob
import json
import subprocess
import sys

import yaml

from api import Server

V1, V2 = "metallb.io/v1beta1", "metallb.io/v1beta2"
VERSION = {"BGPPeer": V2}
PLURAL = {"Community": "communities"}
NAMESPACE = "metallb-system"
WEBHOOK = True  # MetalLB's webhook refuses it, too.

PEER = {"myASN": 64512, "peerASN": 64513, "peerAddress": "10.0.0.1"}


def peer(**fields):
    """A BGPPeer with other fields; None leaves one out."""
    spec = PEER | fields
    return {name: value for name, value in spec.items() if value is not None}


def pool(*addresses, **fields):
    return {"addresses": list(addresses)} | fields


def chosen(**requirement):
    """A pool for the services that one requirement matches."""
    selector = {"matchExpressions": [{"key": "app"} | requirement]}
    return pool("10.0.0.0/24",
                serviceAllocation={"serviceSelectors": [selector]})


def aliases(*pairs):
    return {"communities": [{"name": n, "value": v} for n, v in pairs]}


# Kind, spec, what the server's answer has, and is it of the webhook, too?
# lbd's reader refuses each as well.
REFUSED = [
    ("IPAddressPool", pool(), "should have at least 1 items", WEBHOOK),
    ("IPAddressPool", pool("10.0.0.0/33"), "no prefix and no range", WEBHOOK),
    ("IPAddressPool", pool("10.0.0.300/32"), "no prefix and no range", WEBHOOK),
    ("IPAddressPool", pool("10.0.0.01/32"), "no prefix and no range", WEBHOOK),
    ("IPAddressPool", pool("10.0.0.1"), "no prefix and no range", WEBHOOK),
    ("IPAddressPool", pool("10.0.0.1-6"), "no prefix and no range", WEBHOOK),
    ("IPAddressPool", pool("10.0.0.1-fd00::1"), "no prefix and no range", False),
    ("IPAddressPool", pool("10.0.0.1-10.0.0.2-10.0.0.3"),
     "no prefix and no range", WEBHOOK),
    ("IPAddressPool", pool("fd00::/129"), "no prefix and no range", WEBHOOK),
    ("IPAddressPool", pool("fd00::1::2/64"), "no prefix and no range", WEBHOOK),
    ("IPAddressPool", pool("fd00:1:2:3:4:5:6:7:8/64"), "no prefix", WEBHOOK),
    ("IPAddressPool", pool("10.0.0.0/24", ""), "no prefix", WEBHOOK),
    ("IPAddressPool", pool("10.0.0.9-10.0.0.1"), "reversed", WEBHOOK),
    ("IPAddressPool", pool("10.0.1.0 - 10.0.0.255"), "reversed", WEBHOOK),
    ("IPAddressPool", pool("9.255.255.255-9.0.0.0"), "reversed", WEBHOOK),
    ("IPAddressPool", pool("0.0.0.0/0"), "addresses that a service", False),
    ("IPAddressPool", pool("127.0.0.0/8"), "addresses that a service", False),
    ("IPAddressPool", pool("126.0.0.0/7"), "addresses that a service", False),
    ("IPAddressPool", pool("169.254.9.0/24"), "addresses that a serv", False),
    ("IPAddressPool", pool("223.255.255.255-224.0.0.0"), "addresses", False),
    ("IPAddressPool", pool("255.255.255.0/24"), "addresses that", False),
    ("IPAddressPool", pool("::/64"), "begins or ends with", False),
    ("IPAddressPool", pool("::1/128"), "begins or ends with", False),
    ("IPAddressPool", pool("fe80::1-fe80::2"), "begins or ends with", False),
    ("IPAddressPool", pool("FF02::/16"), "begins or ends with", False),
    ("IPAddressPool", pool("::ffff:10.0.0.0/120"), "begins or ends", False),
    ("IPAddressPool", {"adresses": ["10.0.0.0/24"]}, "unknown field", False),
    ("IPAddressPool", pool("10.0.0.0/24", autoAssign=["perhaps"]),
     "must be of type boolean", WEBHOOK),
    ("IPAddressPool", pool("10.0.0.0/24", serviceAllocation={"priority": -1}),
     "greater than or equal to 0", False),
    ("IPAddressPool", pool("10.0.0.0/24", serviceAllocation={
        "namespaces": ["a", "b", "a"]}), "in the list twice", WEBHOOK),
    ("IPAddressPool", pool("10.0.0.0/24", serviceAllocation={
        "namespaces": ["a b"]}), "namespaces[0]", False),
    ("IPAddressPool", chosen(operator="Inn", values=["a"]),
     'supported values: "In"', WEBHOOK),
    ("IPAddressPool", chosen(operator="In"), "want at least one", WEBHOOK),
    ("IPAddressPool", chosen(operator="Exists", values=["a"]), "want none",
     WEBHOOK),
    ("IPAddressPool", chosen(operator="In", values=["a", "a"]),
     "Duplicate value", WEBHOOK),
    ("IPAddressPool", chosen(operator="In", values=["a b"]), "values[0]",
     WEBHOOK),
    ("IPAddressPool", chosen(operator="In", key="-", values=["a"]), "key",
     WEBHOOK),
    ("L2Advertisement", {"ipAddressPools": ["a", "b", "a"]},
     "a name stands in the list twice", WEBHOOK),
    ("L2Advertisement", {"interfaces": [""]}, "interfaces[0]", False),
    ("L2Advertisement", {"nodeSelectors": [
        {"matchLabels": {"app": "a b"}}]}, "matchLabels.app", WEBHOOK),
    ("L2Advertisement", {"preferredNodeSelectors": [
        {"weight": 101, "preference": {}}]}, "less than or equal to 100",
     WEBHOOK),
    ("L2Advertisement", {"preferredNodeSelectors": [{"weight": 1}]},
     "preference: Required", WEBHOOK),
    ("L2Advertisement", {"nodeSelector": []}, "unknown field", False),
    ("BGPAdvertisement", {"aggregationLength": 33},
     "less than or equal to 32", WEBHOOK),
    ("BGPAdvertisement", {"aggregationLength": 0},
     "greater than or equal to 1", WEBHOOK),
    ("BGPAdvertisement", {"aggregationLengthV6": 129},
     "less than or equal to 128", WEBHOOK),
    ("BGPAdvertisement", {"aggregationLength": 24,
                          "serviceSelectors": [{"matchLabels": {"a": "b"}}]},
     "besides serviceSelectors", WEBHOOK),
    ("BGPAdvertisement", {"localPref": -1}, "greater than or equal", WEBHOOK),
    ("BGPAdvertisement", {"communities": ["65535:65536"]}, "no community",
     WEBHOOK),
    ("BGPAdvertisement", {"communities": ["large:1:2"]}, "no community",
     WEBHOOK),
    ("BGPAdvertisement", {"communities": ["large:1:2:4294967296"]},
     "no community", WEBHOOK),
    ("BGPAdvertisement", {"communities": ["1:2", "1:2"]}, "in the list twice",
     WEBHOOK),
    ("BGPAdvertisement", {"communities": [f"1:{n}" for n in range(64)]},
     "at most 63 items", WEBHOOK),
    ("BGPAdvertisement", {"ipAddressPools": ["a", "a"]}, "in the list twice",
     WEBHOOK),
    ("BGPAdvertisement", {"peers": ["a", "a"]}, "in the list twice", WEBHOOK),
    ("BGPPeer", peer(myASN=0), "myASN is 0", WEBHOOK),
    ("BGPPeer", peer(myASN=None), "spec.myASN: Required", WEBHOOK),
    ("BGPPeer", peer(peerASN=None), "peerASN and dynamicASN", WEBHOOK),
    ("BGPPeer", peer(peerASN=0), "peerASN and dynamicASN", WEBHOOK),
    ("BGPPeer", peer(dynamicASN="external"), "peerASN and dynamicASN", WEBHOOK),
    ("BGPPeer", peer(peerASN=None, dynamicASN="extern"),
     'supported values: "internal"', WEBHOOK),
    ("BGPPeer", peer(peerAddress=None), "peerAddress and interface", WEBHOOK),
    ("BGPPeer", peer(interface="eth0"), "peerAddress and interface", WEBHOOK),
    ("BGPPeer", peer(peerAddress="1.1.1"), "no address", WEBHOOK),
    ("BGPPeer", peer(peerAddress="10.0.0.300"), "no address", WEBHOOK),
    ("BGPPeer", peer(peerAddress="fd00::1::2"), "no address", WEBHOOK),
    ("BGPPeer", peer(peerAddress="router.example"), "no address", WEBHOOK),
    ("BGPPeer", peer(peerAddress="224.0.0.1"), "address of a host", False),
    ("BGPPeer", peer(peerAddress="::"), "address of a host", False),
    ("BGPPeer", peer(peerAddress="fe80::1"), "link-local", False),
    ("BGPPeer", peer(sourceAddress="fd00::1"), "of another family", False),
    ("BGPPeer", peer(sourceAddress="a"), "no address", WEBHOOK),
    ("BGPPeer", peer(sourceAddress="0.0.0.0"), "address of a host", False),
    ("BGPPeer", peer(routerID="224.0.0.1"), "address of a host", False),
    ("BGPPeer", peer(routerID="fd00::1"), "no IPv4 address", WEBHOOK),
    ("BGPPeer", peer(peerPort=65536), "less than or equal", WEBHOOK),
    ("BGPPeer", peer(holdTime="2s"), "no hold time", WEBHOOK),
    ("BGPPeer", peer(holdTime="65536s"), "no hold time", WEBHOOK),
    ("BGPPeer", peer(holdTime="soon"), "no hold time", WEBHOOK),
    ("BGPPeer", peer(holdTime="-3s"), "no hold time", WEBHOOK),
    ("BGPPeer", peer(holdTime="10s", keepaliveTime="11s"),
     "longer than holdTime", WEBHOOK),
    ("BGPPeer", peer(keepaliveTime="500ms"), "three times keepaliveTime",
     WEBHOOK),
    ("BGPPeer", peer(holdTime="9s", keepaliveTime="999ms"),
     "shorter than 1s", False),
    ("BGPPeer", peer(keepaliveTime="often"), "no duration", WEBHOOK),
    ("BGPPeer", peer(connectTime="0s"), "whole seconds", WEBHOOK),
    ("BGPPeer", peer(connectTime="1500ms"), "whole seconds", WEBHOOK),
    ("BGPPeer", peer(password="a", passwordSecret={"name": "b"}),
     "passwordSecret besides password", WEBHOOK),
    ("BGPPeer", peer(password="a" * 81), "Too long", False),
    ("BGPPeer", peer(ebgpMultiHop=True, peerASN=64512), "ebgpMultiHop", WEBHOOK),
    ("BGPPeer", peer(vrf="red"), "default VRF only", False),
    ("Community", aliases(("a", "1")), "no community", WEBHOOK),
    ("Community", aliases(("a", "99999999:1")), "no community", WEBHOOK),
    ("Community", aliases(("a", "lar:123:9999:123")), "no community", WEBHOOK),
    ("Community", aliases(("", "1:2")), "name", False),
    ("Community", aliases(("a:b", "1:2")), "with a colon", False),
    ("Community", aliases(("a", "1:2"), ("a", "1:3")), "defined twice", WEBHOOK),
    ("BFDProfile", {"detectMultiplier": 1}, "greater than or equal", WEBHOOK),
    ("BFDProfile", {"receiveInterval": 9}, "greater than or equal", WEBHOOK),
    ("BFDProfile", {"minimumTtl": 255}, "less than or equal", WEBHOOK),
]

# Each kind has selectors of its own.
for _kind, _spec in (("L2Advertisement", {}), ("BGPAdvertisement", {}),
                     ("BGPPeer", PEER)):
    for _requirement, _text in (
            ({"operator": "In"}, "want at least one"),
            ({"operator": "NotIn", "values": []}, "want at least one"),
            ({"operator": "DoesNotExist", "values": ["a"]}, "want none")):
        _selector = {"matchExpressions": [{"key": "app"} | _requirement]}
        REFUSED.append((_kind, _spec | {"nodeSelectors": [_selector]}, _text,
                        WEBHOOK))

# BGPPeers of v1beta1, which has fewer fields and rules of its own.
REFUSED_OLD_PEERS = [
    (peer(myASN=0), "myASN is 0"),
    (peer(peerASN=0), "peerASN is 0"),
    (peer(peerASN=None), "spec.peerASN: Required"),
    (peer(peerAddress=""), "peerAddress is empty"),
    (peer(peerAddress="10.0.0.300"), "no address"),
    (peer(peerAddress="224.0.0.1"), "address of a host"),
    (peer(peerAddress="fe80::1"), "link-local"),
    (peer(sourceAddress="a"), "no address"),
    (peer(sourceAddress="0.0.0.0"), "address of a host"),
    (peer(sourceAddress="fd00::1"), "of another family"),
    (peer(routerID="fd00::1"), "no IPv4 address"),
    (peer(routerID="224.0.0.1"), "address of a host"),
    (peer(holdTime="2s"), "no hold time"),
    (peer(keepaliveTime="often"), "no duration"),
    (peer(keepaliveTime="500ms"), "three times keepaliveTime"),
    (peer(holdTime="9s", keepaliveTime="500ms"), "shorter than 1s"),
    (peer(holdTime="10s", keepaliveTime="11s"), "longer than holdTime"),
    (peer(ebgpMultiHop=True, peerASN=64512), "ebgpMultiHop"),
    (peer(nodeSelectors=[{"matchExpressions": [
        {"key": "a", "operator": "In"}]}]), "want at least one"),
    (peer(nodeSelectors=[{"matchExpressions": [
        {"key": "a", "operator": "Exists", "values": ["b"]}]}]), "want none"),
    (peer(interface="eth0"), "unknown field"),
]
ACCEPTED_OLD_PEERS = [PEER, peer(peerPort=0, holdTime="90s", routerID="10.0.0.9",
                                 sourceAddress="10.0.0.2", password="a")]

# What the server takes and lbd's reader refuses: what its text has.
REFUSED_BY_LBD = [
    ("IPAddressPool", pool("10.0.0.0/24", "10.0.0.9-10.0.0.10"), "overlaps",
     WEBHOOK),
    ("IPAddressPool", pool("fd00::2-fd00::1"), "reversed", WEBHOOK),
    ("IPAddressPool", pool("8000::/1"), "want addresses", False),
    ("L2Advertisement", {"nodeSelectors": [{}, {}]}, "in the list already",
     WEBHOOK),
    ("BGPAdvertisement", {"communities": ["nobody"]}, "no Community object",
     False),
    ("BGPPeer", peer(bfdProfile="nobody"), "no such BFDProfile", False),
    ("BGPPeer", peer(passwordSecret={"name": "nobody"}), "no such Secret",
     False),
]

ACCEPTED = [
    ("IPAddressPool", pool("10.0.0.0/24", "10.0.1.1-10.0.1.1",
                           "10.0.2.1 - 10.0.2.9", " 10.0.3.0/32",
                           "172.18.8.201-172.18.8.205")),
    ("IPAddressPool", pool("9.0.0.255-10.0.0.0", "1.0.0.0/8",
                           "223.255.255.0/24", "128.0.0.0/8")),
    ("IPAddressPool", pool("2000::/3", "fd00:0:0:1::/64", "fc00::1-fc00::2",
                           "64:ff9b::10.0.0.0/120", "fe00::/09")),
    ("IPAddressPool", pool("10.0.0.0/24", autoAssign=False, avoidBuggyIPs=True,
                           serviceAllocation={
                               "priority": 50, "namespaces": ["a", "b"],
                               "namespaceSelectors": [{"matchLabels": {
                                   "kubernetes.io/metadata.name": "c"}}],
                               "serviceSelectors": [{"matchExpressions": [{
                                   "key": "app", "operator": "In",
                                   "values": ["x", ""]}]}]})),
    ("IPAddressPool", chosen(operator="DoesNotExist")),
    ("IPAddressPool", chosen(operator="NotIn", values=["a"])),
    ("L2Advertisement", {}),
    ("L2Advertisement", {"ipAddressPools": ["a", "b"], "interfaces": ["eth0"],
                         "nodeSelectors": [{}, {"matchLabels": {"a": ""}}],
                         "preferredNodeSelectors": [
                             {"weight": 100, "preference": {}}]}),
    ("BGPAdvertisement", {}),
    ("BGPAdvertisement", {"aggregationLength": 24, "localPref": 4294967295,
                          "aggregationLengthV6": 64, "peers": ["a", "b"],
                          "communities": ["65535:65281", "0:0", "007:1",
                                          "large:4294967295:0:1"]}),
    ("BGPAdvertisement", {"aggregationLength": 32,
                          "serviceSelectors": [{"matchLabels": {"a": "b"}}]}),
    ("BGPPeer", PEER),
    ("BGPPeer", peer(peerASN=None, dynamicASN="internal", peerAddress=None,
                     interface="eth0", localASN=4200000000)),
    ("BGPPeer", peer(peerAddress="fd00::1", sourceAddress="fd00::2",
                     routerID="10.0.0.1", peerPort=1179, holdTime="90s",
                     keepaliveTime="30s", connectTime="1m5s",
                     ebgpMultiHop=True,
                     enableGracefulRestart=True, disableMP=False,
                     dualStackAddressFamily=True)),
    ("BGPPeer", peer(holdTime="0s", keepaliveTime="0s")),
    ("BGPPeer", peer(holdTime="1m30s", keepaliveTime="0s",
                     passwordSecret={})),
    ("BGPPeer", peer(holdTime="3s", password="a" * 80)),
    ("BGPPeer", peer(keepaliveTime="1m30s")),
    ("BGPPeer", peer(holdTime="3s", keepaliveTime="1s")),
    ("BGPPeer", peer(holdTime="", peerAddress="::1:2", vrf="", password="")),
    ("Community", {}),
    ("Community", aliases(("a", "1:2"), ("b", "large:1:2:3"))),
    ("BFDProfile", {}),
    ("BFDProfile", {"receiveInterval": 50, "transmitInterval": 50,
                    "echoInterval": 10, "detectMultiplier": 3, "minimumTtl": 254,
                    "echoMode": True, "passiveMode": True}),
]


# What the server says of the objects in tests/cli/bad, by name.
BAD_FILES = {
    "bgp-advertisement": "less than or equal to 32", "bgp-alias": "",
    "bgp-beyond": "", "community": "no community",
    "profile": "greater than or equal", "unjoined": "",
    "bgp-peer": "no address", "field": "unknown field",
    "prefix": "no prefix and no range", "reversed": "reversed",
    "type": "must be of type boolean", "overlap": "",
}


# What `kubectl get` shows of MetalLB's, besides NAME.
COLUMNS = {
    "BFDProfile": "Passive Mode, Transmit Interval, Receive Interval, "
                  "Multiplier",
    "BGPAdvertisement": "IPAddressPools, IPAddressPool Selectors, Peers, "
                        "Node Selectors",
    "BGPPeer": "Address, ASN, BFD Profile, Multi Hops",
    "Community": "",
    "ConfigurationState": "Result, ErrorSummary, Age",
    "IPAddressPool": "Auto Assign, Avoid Buggy IPs, Addresses",
    "L2Advertisement": "IPAddressPools, IPAddressPool Selectors, Interfaces, "
                       "Node Selectors",
    "ServiceBGPStatus": "Node, Service Name, Service Namespace",
    "ServiceL2Status": "Allocated Node, Service Name, Service Namespace",
}


def without_text(schema, path):
    """The fields that `kubectl explain` has nothing to say of. Those of a status
    may explain themselves."""
    for name, field in schema.get("properties", {}).items():
        if not path and name in ("apiVersion", "kind", "metadata", "status"):
            continue
        if "description" not in field and name != "spec":
            yield f"{path}.{name}"
        yield from without_text(field, f"{path}.{name}")
        yield from without_text(field.get("items", {}), f"{path}.{name}[]")


def faults_of_definitions():
    columns = dict(COLUMNS)
    for path in sorted(glob.glob("packaging/kubernetes/crds/*.yaml")):
        with open(path) as file:
            spec = yaml.safe_load(file)["spec"]
        wanted = columns.pop(spec["names"]["kind"])
        for version in spec["versions"]:
            names = [column["name"] for column in
                     version.get("additionalPrinterColumns", [])]
            if ", ".join(names) != wanted:
                yield f"{path}: columns {names}, want {wanted}"
            for field in without_text(version["schema"]["openAPIV3Schema"], ""):
                yield f"{path}: {field} has no description"
    for kind in columns:
        yield f"{kind} is not defined"


def objects_of(pattern):
    """Those of metallb.io in files."""
    for path in sorted(glob.glob(pattern)):
        if path.endswith("/broken.yaml"):
            continue
        with open(path) as file:
            for body in yaml.safe_load_all(file):
                if body["apiVersion"].startswith("metallb.io/"):
                    body["metadata"]["namespace"] = NAMESPACE
                    yield body


def an_object(kind, spec, version=None):
    return {"apiVersion": version or VERSION.get(kind, V1), "kind": kind,
            "metadata": {"name": "a", "namespace": NAMESPACE}, "spec": spec}


def servers_text(server, body):
    """What kubectl would print; empty if it takes the object."""
    plural = PLURAL.get(body["kind"], body["kind"].lower() + "s")
    answer = server.ask(
        "POST", f"/apis/{body['apiVersion']}/namespaces/{NAMESPACE}/{plural}"
        "?dryRun=All&fieldValidation=Strict", body, accepted=(400, 422))
    return answer["message"] if answer["kind"] == "Status" else ""


def readers_text(lbctl, folder, body):
    """The same of `lbctl check`."""
    path = folder + "/object.json"
    with open(path, "w") as file:
        json.dump(body, file)
    run = subprocess.run([lbctl, "check", path], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    if run.returncode not in (0, 4):
        sys.exit(f"{lbctl} check: {run.returncode}: {run.stdout}")
    return run.stdout if run.returncode == 4 else ""


def main(address, pki, lbctl, folder):
    server = Server(address, pki)
    faults = 0

    def compare(who, body, wanted, text):
        nonlocal faults
        if "evaluation error" in text:
            wanted = "a rule that can be evaluated"
        if bool(wanted) == bool(text) and wanted in text:
            return
        faults += 1
        print(f"FAILED: {json.dumps(body)[:400]}: {who} says "
              f"{text or 'nothing'!r}, want {wanted or 'nothing'!r}")

    def judge(kind, spec, by_server, by_reader, version=None):
        body = an_object(kind, spec, version)
        compare("the server", body, by_server, servers_text(server, body))
        compare("lbctl check", body, by_reader,
                readers_text(lbctl, folder, body))

    for fault in faults_of_definitions():
        faults += 1
        print("FAILED:", fault)
    for kind, spec, text, _ in REFUSED:
        judge(kind, spec, text, f"{kind}/a: ")
    for kind, spec, text, _ in REFUSED_BY_LBD:
        judge(kind, spec, "", text)
    for kind, spec in ACCEPTED:
        judge(kind, spec, "", "")
    for spec, text in REFUSED_OLD_PEERS:
        # What v1beta2 has, lbd's reader takes in v1beta1 too.
        new = "interface" in spec
        judge("BGPPeer", spec, text, "want one of the two" if new else
              "BGPPeer/a: ", V1)
    for spec in ACCEPTED_OLD_PEERS:
        judge("BGPPeer", spec, "", "", V1)
    for body in objects_of("tests/cli/bad/*.yaml"):
        compare("the server", body, BAD_FILES.pop(body["metadata"]["name"]),
                servers_text(server, body))
    for name in BAD_FILES:
        faults += 1
        print(f"FAILED: tests/cli/bad has no {name}")
    for body in objects_of("examples/manifests/*.yaml"):
        compare("the server", body, "", servers_text(server, body))
    webhook = sum(row[3] for row in REFUSED + REFUSED_BY_LBD)
    print(f"{len(REFUSED) + len(REFUSED_OLD_PEERS)} objects are refused by "
          f"both, {len(REFUSED_BY_LBD)} by lbd alone, "
          f"{len(ACCEPTED) + len(ACCEPTED_OLD_PEERS)} by none; "
          f"{webhook} of them by MetalLB's webhook")
    sys.exit(faults > 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
