"""What a client notices of a fault: runs a command, and asks meanwhile.

  outage.py ADDRESS SECONDS COMMAND...

Asks http://ADDRESS/ every 20 ms, each request on a connection of its own that
may take 0.3 s, and reads all ARP frames on eth0. After a second the command runs;
SECONDS later it ends. Prints, counted from the command:

  - when the address was first announced by another MAC than before: until then
    nobody can reach it
  - when the first request was answered
  - how many requests failed in each second: after the first answer those are
    requests that were sent on to an endpoint that is gone

Fails if no other MAC announced the address, or no request was answered. Times
are in milliseconds.
"""
import collections
import socket
import subprocess
import sys
import threading
import time

from arp_reader import ArpReader

INTERVAL = 0.02  # Seconds.
TIMEOUT = 0.3  # Seconds.
# `why` says what became of one that was not answered.
Request = collections.namedtuple("Request", "begun ended answered why")


def neighbour(address):
    """The MAC that this host knows for an address."""
    with open("/proc/net/arp", encoding="ascii") as table:
        for line in table:
            fields = line.split()
            if fields[0] == address:
                return fields[3]
    sys.exit(f"{address}: no entry in the table of neighbours")


class Asker:
    """Requests at a steady pace, whatever becomes of them."""

    def __init__(self, address, timeout=TIMEOUT):
        self._address = address
        self._timeout = timeout
        self.requests = []
        self._threads = []

    def ask_until(self, end):
        """Starts a request every 20 ms, until a time."""
        self.ask_while(lambda: time.monotonic() < end)

    def ask_while(self, is_wanted):
        """The same, until a function says no."""
        while is_wanted():
            now = time.monotonic()
            thread = threading.Thread(target=self._ask, args=(now,))
            thread.start()
            self._threads.append(thread)
            time.sleep(INTERVAL)

    def wait(self):
        """Until all requests have ended."""
        for thread in self._threads:
            thread.join()

    def _ask(self, begun):
        page, why = b"", "not connected: "
        try:
            with socket.create_connection((self._address, 80),
                                          self._timeout) as connection:
                why = "connected: "
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                while some := connection.recv(65536):
                    page += some
        except OSError as error:
            why += str(error)
        self.requests.append(Request(begun, time.monotonic(),
                                     b"Welcome to nginx!" in page, why))


def print_failures(requests, broken):
    """Failed requests of all, second by second."""
    seconds = collections.defaultdict(list)
    for request in requests:
        seconds[int(request.begun - broken)].append(request.answered)
    print("failed requests in each second:",
          " ".join(f"{answers.count(False)}/{len(answers)}"
                   for _, answers in sorted(seconds.items())))
    late = collections.Counter(request.why for request in requests
                               if not request.answered and
                               request.begun - broken >= 3)
    print("why, from the third second on:",
          ", ".join(f"{count} {why}" for why, count in sorted(late.items()))
          or "none failed")


def main(address, seconds, *command):
    """All of it."""
    before = neighbour(address)
    arp, asker = ArpReader(address), Asker(address)
    asker.ask_until(time.monotonic() + 1)
    broken = time.monotonic()
    subprocess.run(command, check=True)
    asker.ask_until(broken + float(seconds))
    asker.wait()
    if not any(r.answered for r in asker.requests if r.ended < broken):
        sys.exit(f"{address} does not answer before the command")
    moved = [when - broken for when, mac in arp.since(broken)
             if mac != before]
    after = [r for r in asker.requests if r.begun > broken]
    answered = [r.ended - broken for r in after if r.answered]
    if not moved or not answered:
        sys.exit(f"{address}: {len(moved)} ARP frames of another node, "
                 f"{len(answered)} of {len(after)} requests answered")
    print(f"address moved after {min(moved) * 1000:.0f} ms")
    print(f"first answer after {min(answered) * 1000:.0f} ms")
    print_failures(after, broken)


if __name__ == "__main__":
    main(*sys.argv[1:])
