"""Answers each UDP packet with the name of the node and what came.

  echo.py NODE PORT

It answers from the address that was asked, which may come and go on "lo".
"""

import socket
import sys

IP_PKTINFO = 8


def main():
    node, port = sys.argv[1].encode(), int(sys.argv[2])
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    server.bind(("0.0.0.0", port))
    while True:
        packet, control, _, client = server.recvmsg(512, 64)
        # struct in_pktinfo: interface, local address, header's destination.
        asked = control[0][2][8:12]
        source = (socket.IPPROTO_IP, IP_PKTINFO, bytes(4) + asked + bytes(4))
        try:
            server.sendmsg([node + b" " + packet], [source], 0, client)
        except OSError:
            pass  # The address has just left this node.


if __name__ == "__main__":
    main()
