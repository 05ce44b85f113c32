"""What a client notices while a command runs.

  meanwhile.py ADDRESS COMMAND...

Asks http://ADDRESS/ every 20 ms, each request on a connection of its own that may
take a second: from one second before the command to two seconds after its end.
Reads all ARP frames on eth0. Prints the number of requests, those that failed and
why, and how often another MAC announced the address. Ends with the command's
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
    moves = 0
    for _, frame_mac in arp.since(begun):
        moves += frame_mac != mac
        mac = frame_mac
    failed = [r for r in asker.requests if not r.answered]
    print(f"{len(failed)} of {len(asker.requests)} requests failed in "
          f"{ended - begun:.1f} s; the address moved {moves} times")
    for request in failed:
        print(f"{request.begun - begun:.3f} s: {request.why}")
    sys.exit(process.returncode or len(failed) == len(asker.requests))


main(*sys.argv[1:])
