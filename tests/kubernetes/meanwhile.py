"""What a client notices while a command runs.

  meanwhile.py ADDRESS COMMAND...

Asks http://ADDRESS/ every 20 ms, each request on a connection of its own that may
take a second: from one second before the command to two seconds after its end.
Reads all ARP frames on eth0. Prints how often another MAC announced the address,
how many requests failed, and which. Of these some were under way as the address
moved: the other node does not know their connections. Ends with the command's
status, or with 1 if no request was answered.
"""
import subprocess
import sys
import time

from arp_reader import ArpReader
from outage import Asker, neighbour

TIMEOUT = 1  # Seconds.


def main(address, *command):
    """All of it."""
    mac, arp = neighbour(address), ArpReader(address)
    asker = Asker(address, TIMEOUT)
    asker.ask_until(time.monotonic() + 1)
    begun = time.monotonic()
    process = subprocess.Popen(command)
    asker.ask_while(lambda: process.poll() is None)
    ended = time.monotonic()
    asker.ask_until(ended + 2)
    asker.wait()
    moves = []
    for when, frame_mac in arp.since(begun):
        if frame_mac != mac:
            moves.append(when)
        mac = frame_mac
    failed = [r for r in asker.requests if not r.answered]
    under_way = [r for r in failed
                 if any(r.begun < move < r.ended for move in moves)]
    print(f"{len(asker.requests)} requests in {ended - begun:.1f} s; the address "
          f"moved {len(moves)} times")
    print(f"under way then, and failed: {len(under_way)}")
    print(f"failed besides: {len(failed) - len(under_way)}")
    for request in failed:
        print(f"  {request.begun - begun:.3f} to {request.ended - begun:.3f} s: "
              f"{request.why}")
    print("  moved after:", *(f"{move - begun:.3f}" for move in moves))
    sys.exit(process.returncode or len(failed) == len(asker.requests))


main(*sys.argv[1:])
