"""Who announces an address: the ARP frames that a client sees."""
import socket
import threading
import time

ETH_P_ARP = 0x0806


class ArpReader:
    """The frames on eth0 that an address sent, as they come; in a thread."""

    def __init__(self, address):
        self._address = socket.inet_aton(address)
        self.senders = []  # (time by time.monotonic(), MAC) of each frame.
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                     socket.htons(ETH_P_ARP))
        self._socket.bind(("eth0", ETH_P_ARP))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            frame = self._socket.recv(128)
            # Sender's MAC and address, after the Ethernet header (RFC 826).
            if frame[28:32] == self._address:
                self.senders.append((time.monotonic(), frame[22:28].hex(":")))

    def since(self, begun):
        """The frames since then."""
        return [(when, mac) for when, mac in self.senders if when > begun]
