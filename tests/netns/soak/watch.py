#!/usr/bin/env python3
"""A client of many addresses: pings them, or asks the segment who has them.

    watch.py ping MILLISECONDS ADDRESS...
    watch.py ask MILLISECONDS INTERFACE OWN-MAC OWN-IPV4 OWN-IPV6 ADDRESS...
    watch.py claim INTERFACE OWN-MAC OWN-IPV4

Each address once in so many milliseconds, until SIGTERM. `ping` goes through
the kernel and its neighbour table; `ask` sends ARP requests and neighbour
solicitations of its own, and keeps no answer. `claim` announces an IPv4 address
once, and ends (RFC 5227 section 2.3). Lines of SECONDS ADDRESS KIND
VALUE, the time of day first:

    T * asked N         so many questions in the second before
    T A lost NUMBER     not answered within PATIENCE (ping), before the next
                        question (ask); T is when it was asked
    T A silent S        an answer at last, S seconds after the one before
    T A double MACS     one question, answered by several hosts (ask)
    T A repeated N      one question, answered so often by one host
"""

import collections
import heapq
import select
import signal
import socket
import struct
import sys
import time

PATIENCE = 1.0
SILENT = 0.2
ARP, IPV6 = 0x0806, 0x86DD
ICMP6_SOLICITATION, ICMP6_ADVERTISEMENT = 135, 136
ALL_PROTOCOLS = 3
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
SOLICITED = 0x40


def say(at, address, kind, value):
    print(f"{at:.3f} {address} {kind} {value}", flush=False)


def large_queues(made):
    for option in (SO_SNDBUFFORCE, SO_RCVBUFFORCE):
        made.setsockopt(socket.SOL_SOCKET, option, 8 << 20)
    made.setblocking(False)
    return made


class Pinger:
    """Echo requests through ping sockets, one for each family."""

    def __init__(self, addresses):
        self.sockets = [
            large_queues(socket.socket(family, socket.SOCK_DGRAM, protocol))
            for family, protocol in ((socket.AF_INET, socket.IPPROTO_ICMP),
                                     (socket.AF_INET6, socket.IPPROTO_ICMPV6))]
        self.number = 0
        self.waiting = collections.OrderedDict()  # As they were asked.
        self.last = dict.fromkeys(addresses)

    def ask(self, address, now):
        self.number += 1
        self.waiting[self.number] = now, address
        six = ":" in address
        echo = struct.pack("!BBHHHQ", 128 if six else 8, 0, 0, 0,
                           self.number & 0xFFFF, self.number)
        try:
            self.sockets[six].sendto(echo, (address, 0))
        except OSError:
            pass  # Not resolved, say: it will count as lost.
        while next(iter(self.waiting.values()))[0] < now - PATIENCE:
            number, (asked, lost) = self.waiting.popitem(last=False)
            say(asked, lost, "lost", number)

    def take(self, readable, now):
        data = readable.recv(2048)
        if len(data) < 16:
            return
        number, = struct.unpack_from("!Q", data, 8)
        asked = self.waiting.pop(number, None)
        if asked is None:
            return
        address = asked[1]
        before = self.last[address]
        if before is not None and now - before > SILENT:
            say(now, address, "silent", f"{now - before:.3f}")
        self.last[address] = now


def octets(mac):
    return bytes.fromhex(mac.replace(":", ""))


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def request(mac, own, wanted):
    """An ARP request (RFC 826), as a whole frame."""
    return (b"\xff" * 6 + mac + struct.pack("!HHHBBH", ARP, 1, 0x0800, 6, 4, 1)
            + mac + own + bytes(6) + wanted)


def solicitation(mac, own, wanted):
    """A neighbour solicitation (RFC 4861 section 4.3), as a whole frame."""
    group = bytes.fromhex("ff0200000000000000000001ff") + wanted[-3:]
    body = wanted + b"\x01\x01" + mac
    pseudo = own + group + struct.pack("!II", 8 + len(body), 58)
    head = struct.pack("!BBHI", ICMP6_SOLICITATION, 0, 0, 0)
    total = checksum(pseudo + head + body)
    head = struct.pack("!BBHI", ICMP6_SOLICITATION, 0, total, 0)
    return (b"\x33\x33" + group[-4:] + mac + struct.pack("!H", IPV6)
            + struct.pack("!IHBB", 6 << 28, len(head + body), 58, 255)
            + own + group + head + body)


def claim(interface, mac, own):
    address = socket.inet_pton(socket.AF_INET, own)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as made:
        made.bind((interface, 0))
        made.send(request(octets(mac), address, address))


class Asker:
    """Questions and answers through a packet socket."""

    def __init__(self, interface, mac, own4, own6, *addresses):
        self.mac = octets(mac)
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                             socket.htons(ALL_PROTOCOLS))
        made.bind((interface, ALL_PROTOCOLS))
        self.sockets = [large_queues(made)]
        own = (socket.inet_pton(socket.AF_INET, own4),
               socket.inet_pton(socket.AF_INET6, own6))
        self.questions, self.names, self.asked, self.heard = {}, {}, {}, {}
        for address in addresses:
            six = ":" in address
            wanted = socket.inet_pton(
                socket.AF_INET6 if six else socket.AF_INET, address)
            self.names[wanted] = address
            form = solicitation if six else request
            self.questions[address] = form(self.mac, own[six], wanted)

    def ask(self, address, now):
        asked = self.asked.get(address)
        if asked is not None:
            macs = self.heard.pop(address, [])
            if not macs:
                say(asked, address, "lost", 0)
            elif len(set(macs)) > 1:
                say(asked, address, "double", ",".join(sorted(set(macs))))
            elif len(macs) > 1:
                say(asked, address, "repeated", len(macs))
        self.asked[address] = now
        try:
            self.sockets[0].send(self.questions[address])
        except OSError:
            pass

    def take(self, readable, now):
        frame = readable.recv(2048)
        if frame[:6] != self.mac or len(frame) < 42:
            return
        kind, = struct.unpack_from("!H", frame, 12)
        if kind == ARP and frame[21] == 2:
            wanted, mac = frame[28:32], frame[22:28]
        elif (kind == IPV6 and len(frame) >= 78 and frame[20] == 58
              and frame[54] == ICMP6_ADVERTISEMENT and frame[58] & SOLICITED):
            wanted, mac = frame[62:78], frame[6:12]
        else:
            return
        address = self.names.get(wanted)
        if address is not None:
            self.heard.setdefault(address, []).append(mac.hex(":"))


def run(client, addresses, interval):
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    start = time.time()
    # Spread over the interval.
    due = [(start + interval * i / len(addresses), a)
           for i, a in enumerate(addresses)]
    asked, second = 0, start + 1
    while not stopped:
        now = time.time()
        while due[0][0] <= now:
            at, address = due[0]
            # Questions that were missed while this process did not run are not
            # made up for.
            heapq.heapreplace(due, (max(at + interval, now), address))
            client.ask(address, now)
            asked += 1
        if now >= second:
            say(now, "*", "asked", asked)
            sys.stdout.flush()
            asked, second = 0, now + 1
        readable, _, _ = select.select(client.sockets, [], [],
                                       max(0, due[0][0] - time.time()))
        for one in readable:
            try:
                while True:
                    client.take(one, time.time())
            except BlockingIOError:
                pass
    sys.stdout.flush()


def main(mode, *arguments):
    if mode == "claim":
        claim(*arguments)
        return
    milliseconds, *rest = arguments
    if mode == "ping":
        client, addresses = Pinger(rest), rest
    else:
        client, addresses = Asker(*rest), rest[4:]
    run(client, addresses, int(milliseconds) / 1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
