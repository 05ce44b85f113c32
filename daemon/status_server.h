// StatusServer: one gRPC listener, with the standard health service and server
// reflection.
//
//   LB_ASSIGN_OR_RETURN(auto server, StatusServer::Start(
//       {.listen = "unix:/run/lbd/lbd.sock"}, {&status, &admin}));
//
// Which services a listener offers is its owner's choice, so that rights go by
// listener; several listeners may offer the same service.
#ifndef LB_DAEMON_STATUS_SERVER_H_
#define LB_DAEMON_STATUS_SERVER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/certificates.h"
#include "daemon/connection_acceptor.h"
#include "grpcpp/grpcpp.h"

namespace lb {

struct ListenerOptions {
  // "unix:/path": the folder is made; the socket is open to its owner and
  // `group` (empty: the process's). Or "address:port" for TCP.
  std::string listen;
  std::string group;
  // For TCP. Without `cert` it is in the clear, on loopback addresses only.
  TlsFiles tls;
};

// NotFound: this host has no such group. OK: also for an empty name.
absl::Status CheckStatusGroup(const std::string& group);

class StatusServer {
 public:
  // The services outlive the server.
  // InvalidArgument: another kind of address, plain TCP to other hosts, bad TLS
  // files (see KeptTlsFiles). NotFound: no such group. Unavailable: cannot
  // listen there or read a file, or another process listens there.
  static absl::StatusOr<std::unique_ptr<StatusServer>> Start(
      const ListenerOptions& options,
      const std::vector<grpc::Service*>& services);

  // Takes up changed TLS files, within about a second; bad ones are refused,
  // and new connections go on with those that it has. Errors as of
  // KeptTlsFiles::Read(). OK: also where there are none.
  absl::Status ReadTlsFiles();

  // Refuses new calls and waits for those under way, a second at most, then
  // cancels them. Blocks: never call it on the thread that answers.
  void Shutdown();

 private:
  StatusServer(
      std::unique_ptr<KeptTlsFiles> tls, std::unique_ptr<grpc::Server> server,
      std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> door,
      std::unique_ptr<ConnectionAcceptor> acceptor);

  const std::unique_ptr<KeptTlsFiles> tls_;  // Null: in the clear.
  std::unique_ptr<grpc::Server> server_;
  // What comes through it the server serves.
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> door_;
  std::unique_ptr<ConnectionAcceptor> acceptor_;  // Ends before the others.
};

}  // namespace lb

#endif  // LB_DAEMON_STATUS_SERVER_H_
