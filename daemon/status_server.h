// StatusServer: the gRPC listener of the status service, with the standard
// health service and server reflection.
#ifndef LB_DAEMON_STATUS_SERVER_H_
#define LB_DAEMON_STATUS_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"

namespace lb {

class StatusServer {
 public:
  // Listens on "unix:/path" (the folder is made, the socket is open to its
  // owner and group) or on a loopback "address:port"; plain TCP to other hosts
  // is not offered, as nothing would protect it. `service` outlives the server.
  // InvalidArgument: another kind of address. Unavailable: cannot listen there,
  // or another process does.
  static absl::StatusOr<std::unique_ptr<StatusServer>> Start(
      const std::string& listen, grpc::Service* service);

  // Refuses new calls and waits for those under way, a second at most, then
  // cancels them. Blocks: never call it on the thread that answers.
  void Shutdown();

 private:
  explicit StatusServer(std::unique_ptr<grpc::Server> server)
      : server_(std::move(server)) {}

  std::unique_ptr<grpc::Server> server_;
};

}  // namespace lb

#endif  // LB_DAEMON_STATUS_SERVER_H_
