"""Creates Services of type LoadBalancer, one after the other, and waits until
each has an address in its status.

  create_services.py HOST:PORT PKI PREFIX COUNT SECONDS

Prints how long that took. Fails if a Service has none after SECONDS.
"""
import http.client
import json
import ssl
import statistics
import sys
import time

PATH = "/api/v1/namespaces/default/services"


class Server:
    """An API server, asked as admin."""

    def __init__(self, address, pki):
        context = ssl.create_default_context(cafile=pki + "/ca.crt")
        context.load_cert_chain(pki + "/admin.crt", pki + "/admin.key")
        host, port = address.rsplit(":", 1)
        self._connection = http.client.HTTPSConnection(
            host, int(port), timeout=20, context=context)

    def ask(self, method, path, body=None):
        """The object in the answer."""
        self._connection.request(
            method, path, body and json.dumps(body),
            {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text)


def main(address, pki, prefix, count, seconds):
    """Creates them; the times, in milliseconds."""
    server = Server(address, pki)
    times = []
    for number in range(int(count)):
        name = f"{prefix}-{number}"
        begun = time.monotonic()
        server.ask("POST", PATH, {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}})
        while True:
            service = server.ask("GET", f"{PATH}/{name}")
            if service["status"]["loadBalancer"].get("ingress"):
                break
            if time.monotonic() - begun > float(seconds):
                sys.exit(f"{name}: no address after {seconds} s")
            time.sleep(0.002)
        times.append((time.monotonic() - begun) * 1000)
    print(f"{prefix}: {count} Services, from the creation to the address: "
          f"first {times[0]:.0f} ms, median {statistics.median(times):.0f} ms, "
          f"longest {max(times):.0f} ms", flush=True)


main(*sys.argv[1:])
