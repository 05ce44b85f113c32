"""A BGP peer that changes its TCP-MD5 key on the living connection.

  rekey_peer.py ADDRESS PEER KEY NEXT-KEY

It takes one connection from PEER, signed by KEY, says AS 65000, and prints each
IPv4 prefix that it is told. At SIGUSR1 it signs by NEXT-KEY from then on, on
the connection that it has. It exits when that ends.
"""

import signal
import socket
import struct
import sys

TCP_MD5SIG = 14
MARKER = b"\xff" * 16
KEEPALIVE = MARKER + struct.pack("!HB", 19, 4)


def set_key(sock, peer, key):
    # struct tcp_md5sig of linux/tcp.h.
    address = struct.pack("!H2x4s", 0, socket.inet_aton(peer))
    family = struct.pack("=H", socket.AF_INET)
    storage = (family + address[2:]).ljust(128, b"\0")
    sock.setsockopt(
        socket.IPPROTO_TCP, TCP_MD5SIG,
        storage + struct.pack("=BBHi80s", 0, 0, len(key), 0, key.encode()))


def read(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            print("closed", flush=True)
            sys.exit(0)
        data += more
    return data


def open_message():
    four_octets = struct.pack("!BBI", 65, 4, 65000)
    ipv4 = struct.pack("!BBHBB", 1, 4, 1, 0, 1)
    capabilities = ipv4 + four_octets
    parameter = struct.pack("!BB", 2, len(capabilities)) + capabilities
    body = struct.pack("!BHH4sB", 4, 65000, 90, bytes([10, 0, 0, 1]),
                       len(parameter)) + parameter
    return MARKER + struct.pack("!HB", 19 + len(body), 1) + body


def print_prefixes(update):
    withdrawn = struct.unpack_from("!H", update)[0]
    attributes = struct.unpack_from("!H", update, 2 + withdrawn)[0]
    at = 4 + withdrawn + attributes
    while at < len(update):
        bits = update[at]
        size = (bits + 7) // 8
        print(socket.inet_ntoa(update[at + 1:at + 1 + size].ljust(4, b"\0")) +
              f"/{bits}", flush=True)
        at += 1 + size


def main():
    address, peer, key, next_key = sys.argv[1:]
    listener = socket.create_server((address, 179))
    set_key(listener, peer, key)
    sock, _ = listener.accept()

    def rekey(*_):
        set_key(sock, peer, next_key)
        print("rekeyed", flush=True)

    signal.signal(signal.SIGUSR1, rekey)
    sock.sendall(open_message())
    while True:
        length, kind = struct.unpack("!HB", read(sock, 19)[16:])
        body = read(sock, length - 19)
        if kind == 1:
            sock.sendall(KEEPALIVE)
        elif kind == 2:
            print_prefixes(body)
        elif kind == 3:
            print(f"notified {body[0]}/{body[1]}", flush=True)


if __name__ == "__main__":
    main()
