"""Frames of HTTP/2 (RFC 9113) as an attacker sends them, as bytes.

Header fields are literals without indexing (RFC 7541 section 6.2.2), so that
nothing has to be kept.
"""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
FRAME_MAX = 16384


def frame(kind, flags, stream, payload=b""):
    return (struct.pack("!I", len(payload))[1:] + bytes((kind, flags))
            + struct.pack("!I", stream) + payload)


def number(value, prefix, head=0):
    """An integer with a prefix of so many bits (RFC 7541 section 5.1)."""
    most = (1 << prefix) - 1
    if value < most:
        return bytes((head | value,))
    out = bytearray((head | most,))
    value -= most
    while value >= 128:
        out.append(128 | value & 127)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(name, value):
    return (b"\0" + number(len(name), 7) + name.encode()
            + number(len(value), 7) + value.encode())


def opening():
    return PREFACE + frame(SETTINGS, 0, 0)


def call(stream, method, message=b""):
    """A gRPC request, whole."""
    block = b"".join(field(*pair) for pair in (
        (":method", "POST"), (":scheme", "http"), (":path", method),
        (":authority", "lbd"), ("content-type", "application/grpc"),
        ("te", "trailers")))
    body = b"\0" + struct.pack("!I", len(message)) + message
    return (frame(HEADERS, END_HEADERS, stream, block)
            + frame(DATA, END_STREAM, stream, body))


def huge_header(size):
    """One header whose value is said to have so many bytes: its beginning, and
    what brings the rest, FRAME_MAX bytes at a time."""
    head = b"\0" + number(4, 7) + b"huge" + number(size, 7)
    return (frame(HEADERS, 0, 1, head),
            frame(CONTINUATION, 0, 1, b"x" * FRAME_MAX))
