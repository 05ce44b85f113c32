"""Messages of memberlist's gossip, good and bad, as bytes.

The format is in lb/gossip/wire/README.md. Written again here, so that a fault
of the library's own codec is none of the attacker's.
"""

import struct

PING, SUSPECT, ALIVE, DEAD, PUSH_PULL, COMPOUND, USER, COMPRESS, ENCRYPT = (
    0, 3, 4, 5, 6, 7, 8, 9, 10)
VERSIONS = bytes((1, 5, 2, 0, 0, 0))
PORT = 7946


def integer(value):
    if value < 0x80:
        return bytes((value,))
    if value < 0x10000:
        return struct.pack("!BH", 0xCD, value)
    return struct.pack("!BI", 0xCE, value)


def raw(value):
    if isinstance(value, str):
        value = value.encode()
    if len(value) < 32:
        return bytes((0xA0 | len(value),)) + value
    if len(value) < 0x10000:
        return struct.pack("!BH", 0xDA, len(value)) + value
    return struct.pack("!BI", 0xDB, len(value)) + value


def body(**fields):
    packed = bytes((0x80 | len(fields),))
    for name in sorted(fields):
        value = fields[name]
        packed += raw(name)
        if isinstance(value, bool):
            packed += bytes((0xC3 if value else 0xC2,))
        else:
            packed += integer(value) if isinstance(value, int) else raw(value)
    return packed


def alive(node, address, incarnation, meta=b""):
    return bytes((ALIVE,)) + body(Node=node, Addr=address, Port=PORT,
                                  Incarnation=incarnation, Meta=meta,
                                  Vsn=VERSIONS)


def accuse(kind, node, incarnation, accuser):
    return bytes((kind,)) + body(Node=node, Incarnation=incarnation,
                                 From=accuser)


def compound(messages):
    return (bytes((COMPOUND, len(messages)))
            + b"".join(struct.pack("!H", len(m)) for m in messages)
            + b"".join(messages))


def push_pull(states, user_state=b""):
    """A full exchange, from who says that it knows these states."""
    return (bytes((PUSH_PULL,))
            + body(Join=True, Nodes=len(states), UserStateLen=len(user_state))
            + b"".join(states) + user_state)


def state(node, address, incarnation, meta=b""):
    return body(Name=node, Addr=address, Port=PORT, Incarnation=incarnation,
                Meta=meta, State=0, Vsn=VERSIONS)


def lbd_metadata(interface, mac):
    """As daemon/agent/node_metadata.cc has it: one usable interface."""
    return (b"lbd\x01\x00" + bytes((len(interface),)) + interface.encode()
            + mac + b"\x00")


def malformed(rng):
    """One packet of many kinds; none does anything."""
    good = compound([alive("x", bytes((10, 0, 0, 1)), 0), bytes((PING,))
                     + body(Node="nobody", SeqNo=7)])
    kind = rng.randrange(7)
    if kind == 0:
        return rng.randbytes(rng.randrange(1400))
    if kind == 1:  # A known type, and nonsense.
        return bytes((rng.randrange(16),)) + rng.randbytes(rng.randrange(200))
    if kind == 2:
        return good[:rng.randrange(len(good))]
    if kind == 3:  # More parts than there are.
        return bytes((COMPOUND, 255)) + rng.randbytes(600)
    if kind == 4:  # Containers in containers.
        return bytes((ALIVE,)) + bytes((0x91,)) * 1200
    if kind == 5:  # Compressed nonsense.
        return bytes((COMPRESS,)) + body(Algo=0, Buf=rng.randbytes(600))
    flipped = bytearray(good)
    flipped[rng.randrange(1, len(good))] ^= 1 << rng.randrange(8)
    return bytes(flipped)
