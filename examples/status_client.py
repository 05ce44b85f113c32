#!/usr/bin/python3
"""Lists a node's services through its status service: a client in Python.

Wants python3-grpcio and, once, the stubs of the installed protocol file:

  protoc -I PREFIX/share/lbd/proto --python_out=. --grpc_out=. \\
      --plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin lb/status/v1/status.proto
  PYTHONPATH=. ./status_client.py unix:/run/lbd/lbd.sock
"""
import sys

import grpc
from lb.status.v1 import status_pb2, status_pb2_grpc


def main(server):
    with grpc.insecure_channel(server) as channel:
        status = status_pb2_grpc.StatusStub(channel)
        node = status.GetNode(status_pb2.GetNodeRequest(), timeout=5)
        print(f"{node.name}: {'ready' if node.ready else 'not ready'}")
        for problem in node.problems:
            print(f"problem: {problem.object}: {problem.text}")
        request = status_pb2.ListServicesRequest()
        for service in status.ListServices(request, timeout=5).services:
            print(
                service.name,
                ",".join(service.addresses) or "-",
                ",".join(a.node for a in service.announcers) or "-",
                service.reason,
            )


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "unix:/run/lbd/lbd.sock")
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
