"""Keeps UDP flows to a service address going, and says what each one lost.

  flows.py ADDRESS PORT [FLOWS [INTERVAL-MS]]

A flow is one source port, so that a router spreads the flows over its next
hops. Each sends a numbered packet every interval to echo.py until SIGINT or
SIGTERM. Then one line a flow, as JSON:

  {"flow": 3, "sent": 500, "lost": 12, "longest_ms": 131, "nodes": ["n1", "n3"]}

`longest_ms` is the longest time between two answers. `nodes` answered, in the
order of their first answer. A packet that is answered by any node within half a
second after the last one was sent is not lost.
"""

import json
import selectors
import signal
import socket
import sys
import time


class Flow:
    def __init__(self, target):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(target)
        self.sent = 0
        self.answered = set()
        self.last_answer = None
        self.longest = 0.0
        self.nodes = []

    def send(self):
        try:
            self.socket.send(str(self.sent).encode())
        except OSError:
            pass  # No route, or refused: it counts as lost.
        self.sent += 1

    def receive(self):
        now = time.monotonic()
        while True:
            try:
                node, number = self.socket.recv(512).decode().split()
            except BlockingIOError:
                return
            except OSError:
                continue
            self.answered.add(int(number))
            if node not in self.nodes:
                self.nodes.append(node)
            if self.last_answer is not None:
                self.longest = max(self.longest, now - self.last_answer)
            self.last_answer = now

    def report(self, number):
        return json.dumps({
            "flow": number,
            "sent": self.sent,
            "lost": self.sent - len(self.answered),
            "longest_ms": round(self.longest * 1000),
            "nodes": self.nodes,
        })


def main():
    target = (sys.argv[1], int(sys.argv[2]))
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 12
    interval = (float(sys.argv[4]) if len(sys.argv) > 4 else 10) / 1000
    flows = [Flow(target) for _ in range(count)]
    selector = selectors.DefaultSelector()
    for flow in flows:
        selector.register(flow.socket, selectors.EVENT_READ, flow)
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))

    def wait(until):
        while (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                key.data.receive()

    due = time.monotonic()
    while not stopped:
        for flow in flows:
            flow.send()
        due += interval
        wait(due)
    wait(time.monotonic() + 0.5)
    for number, flow in enumerate(flows):
        print(flow.report(number))


if __name__ == "__main__":
    main()
