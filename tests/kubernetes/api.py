"""An API server of the tests, asked as admin."""
import http.client
import json
import ssl
import sys


class Server:
    """One connection."""

    def __init__(self, address, pki):
        context = ssl.create_default_context(cafile=pki + "/ca.crt")
        context.load_cert_chain(pki + "/admin.crt", pki + "/admin.key")
        host, port = address.rsplit(":", 1)
        self._connection = http.client.HTTPSConnection(
            host, int(port), timeout=20, context=context)

    def ask(self, method, path, body=None, kind="application/json",
            accepted=()):
        """The object in the answer; ends the program if it is a refusal whose
        code is not accepted."""
        self._connection.request(
            method, path, body and json.dumps(body), {"Content-Type": kind})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300 and answer.status not in accepted:
            sys.exit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text)

    def make(self, path, body):
        """Creates an object, unless there is one of that name."""
        return self.ask("POST", path, body, accepted=(409,))

    def patch_status(self, path, status):
        """Merges into an object's status."""
        return self.ask("PATCH", path + "/status", {"status": status},
                        "application/merge-patch+json")


def addresses_of(service):
    """The addresses in a Service's status."""
    entries = service.get("status", {}).get("loadBalancer", {}).get("ingress")
    return [entry["ip"] for entry in entries or []]
