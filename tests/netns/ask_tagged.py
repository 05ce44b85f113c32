#!/usr/bin/env python3
"""Asks for an address with a VLAN tag in the frame; prints who answers.

  ask_tagged.py INTERFACE ADDRESS OWN-ADDRESS TAG

TAG is the tag's identifier and its two bytes, as 8100:c000 (VLAN 0, priority
6). Prints "MAC untagged" or "MAC tagged" for each answer within 0.5 s. Needs
CAP_NET_RAW; used by marks_and_tags.sh.
"""
import fcntl
import socket
import struct
import sys
import time

ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA = 3, 263, 8
PACKET_OUTGOING, TP_STATUS_VLAN_VALID = 4, 1 << 4


def own_mac(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        return fcntl.ioctl(s, 0x8927, struct.pack("256s", interface.encode()))[18:24]


def arp_question(mac, target, source):
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
    body += mac + socket.inet_aton(source) + bytes(6) + socket.inet_aton(target)
    return b"\xff" * 6, 0x0806, body


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ndp_question(mac, target, source):
    target, source = (socket.inet_pton(socket.AF_INET6, a) for a in (target, source))
    group = socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13] + target[13:]
    body = struct.pack("!BBHI", 135, 0, 0, 0) + target + b"\x01\x01" + mac
    pseudo = source + group + struct.pack("!I3xB", len(body), 58)
    body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    header = struct.pack("!IHBB", 0x60000000, len(body), 58, 255) + source + group
    return b"\x33\x33" + group[12:], 0x86DD, header + body


def answer_of(frame, target):
    kind = struct.unpack("!H", frame[12:14])[0]
    is_ipv6 = ":" in target
    if not is_ipv6 and kind == 0x0806 and frame[20:22] == b"\x00\x02":
        return frame[28:32] == socket.inet_aton(target) and frame[22:28]
    if is_ipv6 and kind == 0x86DD and frame[20] == 58 and frame[54] == 136:
        return frame[62:78] == socket.inet_pton(socket.AF_INET6, target) and frame[6:12]
    return None


def main():
    interface, target, source, tag = sys.argv[1:]
    mac = own_mac(interface)
    make = ndp_question if ":" in target else arp_question
    destination, kind, body = make(mac, target, source)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    sock.bind((interface, 0))
    tags = bytes.fromhex(tag.replace(":", ""))
    sock.send(destination + mac + tags + struct.pack("!H", kind) + body)
    end = time.monotonic() + 0.5
    while (left := end - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            frame, auxiliary, _, address = sock.recvmsg(2048, 256)
        except socket.timeout:
            break
        if address[2] == PACKET_OUTGOING:
            continue
        # Announcements pass by; they go to all.
        answer = frame[:6] == mac and answer_of(frame, target)
        if answer:
            status = struct.unpack("I", auxiliary[0][2][:4])[0]
            is_tagged = bool(status & TP_STATUS_VLAN_VALID)
            print(answer.hex(":"), "tagged" if is_tagged else "untagged")


if __name__ == "__main__":
    main()
