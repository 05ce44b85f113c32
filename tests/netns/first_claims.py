"""When a node first announced each of its addresses, seen on the wire.

  first_claims.py MAC COUNT            listens on eth0 until the host with MAC
      has claimed COUNT addresses by gratuitous ARP or unsolicited neighbour
      advertisements; prints the time of each first claim.
  first_claims.py --report FAMILY START CLAIMS <LOG     a line of a table: from
      the event Ready of an lbd's log until the first and the last of them.
"""

import datetime
import socket
import sys
import time

ARP, IPV6 = 0x0806, 0x86DD
ALL_PROTOCOLS = 3
PATIENCE = 30  # Seconds.


def claimed(frame):
    """The address that a frame announces, or None."""
    kind = int.from_bytes(frame[12:14], "big")
    if kind == ARP and frame[28:32] == frame[38:42]:
        return frame[28:32]
    # ICMPv6, type 136, without the solicited flag.
    if kind == IPV6 and frame[20] == 58 and frame[54] == 136 and not frame[58] & 0x40:
        return frame[62:78]
    return None


def listen(mac, count):
    mac = bytes.fromhex(mac.replace(":", ""))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    wire.bind(("eth0", ALL_PROTOCOLS))
    wire.settimeout(PATIENCE)
    first = {}
    while len(first) < count:
        try:
            frame = wire.recv(2048)
        except TimeoutError:
            sys.exit(f"{len(first)} of {count} addresses announced")
        address = claimed(frame) if frame[6:12] == mac else None
        if address is not None and address not in first:
            first[address] = time.time()
    print("\n".join(str(at) for at in first.values()))


def report(family, start, claims):
    ready = None
    for line in sys.stdin:
        if " Ready " in line and ready is None:
            ready = datetime.datetime.fromisoformat(line.split()[0]).timestamp()
    with open(claims, encoding="ascii") as lines:
        times = sorted(float(line) for line in lines)
    print(f"| {family} | {times[0] - ready:.2f} | {times[-1] - ready:.2f} "
          f"| {ready - float(start):.2f} |")


if sys.argv[1] == "--report":
    report(*sys.argv[2:])
else:
    listen(sys.argv[1], int(sys.argv[2]))
