"""Prints the BGP messages of a capture that one address sent, in order.

  wire.py FILE ADDRESS

One line for each, with the time in seconds since 1970:

  1700000000.123456 UPDATE 800
  1700000000.456789 NOTIFICATION 6/2

The number behind an UPDATE is that of its IPv4 prefixes, announced and
withdrawn. tshark reads the capture, and another program's reading of our bytes
is the point.
"""

import json
import subprocess
import sys

NAMES = {1: "OPEN", 2: "UPDATE", 3: "NOTIFICATION", 4: "KEEPALIVE",
         5: "ROUTE-REFRESH"}


def layers(packet):
    found = packet["_source"]["layers"].get("bgp", [])
    return found if isinstance(found, list) else [found]


def count(tree, key):
    if isinstance(tree, list):
        return sum(count(each, key) for each in tree)
    if not isinstance(tree, dict):
        return 0
    return sum(
        (len(value) if isinstance(value, list) else 1) if name == key else
        count(value, key) for name, value in tree.items())


def describe(message):
    kind = int(message["bgp.type"])
    words = [NAMES.get(kind, str(kind))]
    if kind == 2:
        words.append(str(count(message, "bgp.nlri_prefix") +
                         count(message, "bgp.withdrawn_prefix")))
    if kind == 3:
        minor = next(value for name, value in message.items()
                     if name.startswith("bgp.notify.minor_error"))
        words.append(f"{message['bgp.notify.major_error']}/{minor}")
    return " ".join(words)


def main():
    # A decoder's own checks would print what was sent twice.
    out = subprocess.run(
        ["tshark", "-n", "-r", sys.argv[1], "-T", "json", "--no-duplicate-keys",
         "-Y", f"bgp && !tcp.analysis.retransmission && (ip.src == {sys.argv[2]})"],
        check=True, capture_output=True).stdout
    for packet in json.loads(out or b"[]"):
        time = float(packet["_source"]["layers"]["frame"]["frame.time_epoch"])
        for message in layers(packet):
            if isinstance(message, dict) and "bgp.type" in message:
                print(f"{time:.6f} {describe(message)}")


if __name__ == "__main__":
    main()
