"""A name server at 127.0.0.1 that knows no name: each answer is NXDOMAIN."""
import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 53))
    while True:
        query, client = server.recvfrom(512)
        # RFC 1035, 4.1.1: a response with recursion, RCODE 3.
        server.sendto(query[:2] + b"\x81\x83" + query[4:6] + bytes(6)
                      + query[12:], client)
