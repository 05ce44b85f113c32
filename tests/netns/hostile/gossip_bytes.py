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


def ping(**fields):
    """Its answer goes to SourceAddr, where there is one."""
    return bytes((PING,)) + body(SeqNo=1, **fields)


class Lzw:
    """As Go's compress/lzw writes it: the least significant bit first, literals
    of 8 bits."""

    CLEAR, END, LAST = 256, 257, 4095

    def __init__(self):
        self.bits = self.used = 0
        self.out = bytearray()
        self.begin()

    def begin(self):
        self.width, self.high, self.overflow = 9, self.END, 512
        self.emit(self.CLEAR)

    def emit(self, code):
        self.bits |= code << self.used
        self.used += self.width
        while self.used >= 8:
            self.out.append(self.bits & 255)
            self.bits >>= 8
            self.used -= 8

    def next_code(self):
        """The code of what was just seen first; None: all begins anew."""
        self.high += 1
        if self.high == self.overflow:
            self.width += 1
            self.overflow <<= 1
        if self.high < self.LAST:
            return self.high
        self.emit(self.CLEAR)
        self.width, self.high, self.overflow = 9, self.END, 512
        return None

    def end(self):
        self.next_code()
        self.emit(self.END)
        if self.used:
            self.out.append(self.bits & 255)
        return bytes(self.out)


def lzw(data):
    made, table, code = Lzw(), {}, data[0]
    for value in data[1:]:
        known = table.get((code, value))
        if known is not None:
            code = known
            continue
        made.emit(code)
        new = made.next_code()
        if new is None:
            table = {}
        else:
            table[code, value] = new
        code = value
    made.emit(code)
    return made.end()


def lzw_zeros(count):
    """lzw(bytes(count)), sooner: each piece is one zero longer."""
    made, code, length = Lzw(), 0, 1
    while count > length:
        made.emit(code)
        count -= length
        new = made.next_code()
        code, length = (0, 1) if new is None else (new, length + 1)
    # The last piece is in the table, be it shorter.
    made.emit(0 if count == 1 else Lzw.END + count - 1)
    return made.end()


def compressed(packed):
    return bytes((COMPRESS,)) + body(Algo=0, Buf=packed)


def nested_pings():
    """1,020 pings in a packet of 621 bytes."""
    return compressed(lzw(compound([compound([ping()] * 255)] * 4)))


def pings_for(address):
    """255 pings in a packet of 1,111 bytes, whose answers another host is to
    get."""
    return compressed(lzw(compound(
        [ping(SourceAddr=address, SourcePort=PORT)] * 255)))


def push_pull(states, user_state=b""):
    """A full exchange, from who says that it knows these states."""
    return (bytes((PUSH_PULL,))
            + body(Join=True, Nodes=len(states), UserStateLen=len(user_state))
            + b"".join(states) + user_state)


def state(node, address, incarnation, meta=b""):
    return body(Name=node, Addr=address, Port=PORT, Incarnation=incarnation,
                Meta=meta, State=0, Vsn=VERSIONS)


def lbd_metadata(interface, mac):
    """As daemon/members/node_metadata.cc has it: one usable interface."""
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
