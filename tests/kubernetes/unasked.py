"""Which addresses changed though no request of their Service allows it.

A controller names the version of the object that it decided on when it writes a
status, so what a list says of a Service is decided on all that was asked before.
Between two lists a status may change

  - if a request was under way, or came and was answered, since the first list
    began; the second one may take seconds, so what is asked meanwhile counts;
  - if in the first list the Service had no address, or not the one it asked for.

A request without an answer may be carried out at any later time, as long as
there is the object. No I/O, no clock.
"""


class Requests:
    """Counts requests for other addresses, by the uid of the object."""

    def __init__(self):
        self.begun = {}
        self.answered = {}

    def begin(self, uid):
        self.begun[uid] = self.begun.get(uid, 0) + 1

    def end(self, uid):
        """The server has answered."""
        self.answered[uid] = self.answered.get(uid, 0) + 1

    def unanswered(self):
        return sum(self.begun.values()) - sum(self.answered.values())


class Judge:
    """Compares each list with the one before."""

    def __init__(self, requests):
        self._requests = requests
        self._known = {}  # By uid: the facts of the last list.
        self._before = {}

    def begin_list(self):
        """To be called before the list is asked for."""
        self._before = dict(self._requests.answered)

    def judge(self, uid, addresses, wanted):
        """The addresses that the Service had, if it has others, or none, and
        that is nowhere asked for. `wanted`: what it asks for, or None."""
        known = self._known.get(uid)
        asked = self._requests.begun.get(uid, 0)
        self._known[uid] = {
            # All requests so far are in this list's object.
            "asked": self._before.get(uid, 0),
            "addresses": addresses,
            # What it asks for may be another's yet.
            "is_open": not addresses or
                       (wanted is not None and wanted not in addresses),
        }
        if known is None or known["is_open"] or asked > known["asked"]:
            return None
        if addresses == known["addresses"]:
            return None
        return known["addresses"]
