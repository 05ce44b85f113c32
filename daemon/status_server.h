// StatusServer: one gRPC listener, with the standard health service and server
// reflection.
//
//   LB_ASSIGN_OR_RETURN(auto server, StatusServer::Start(
//       {.listen = "unix:/run/lbd/lbd.sock"}, &status, &admin));
//
// A connection gets its right when it is made (daemon/front), and then a gRPC
// server that offers only what this right allows. Several listeners may offer
// the same service.
#ifndef LB_DAEMON_STATUS_SERVER_H_
#define LB_DAEMON_STATUS_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/front/access.h"
#include "daemon/front/certificates.h"
#include "daemon/front/front.h"
#include "grpcpp/grpcpp.h"

namespace lb {

struct ListenerOptions {
  // "unix:/path": the folder is made; the socket is open to its owner and
  // `group` (empty: the process's). Or "address:port" for TCP.
  std::string listen;
  std::string group;
  // For TCP. Without `cert` it is in the clear, on loopback addresses only.
  front::TlsFiles tls;
  // Rights over TLS. Callers of a unix socket may do everything; callers over
  // TCP in the clear may only read.
  front::Access tls_access;
  // Called for callers that were closed, at a bounded rate, on another thread.
  std::function<void(const std::string& what)> on_refused =
      [](const std::string&) {};
};

// NotFound: this host has no such group. OK: also for an empty name.
absl::Status CheckStatusGroup(const std::string& group);

// Returns the errors of ReadTlsFiles(), also for certificates that are not
// valid now. OK also if there are no files, or this user may not read them.
absl::Status CheckTlsFiles(const front::TlsFiles& files);

class StatusServer {
 public:
  // The services outlive the server. `status` is for callers that may read,
  // `admin` (null: none) for those that may also change the node.
  // InvalidArgument: another kind of address, plain TCP to other hosts, bad TLS
  // files (see ReadTlsFiles()). NotFound: no such group. Unavailable: cannot
  // listen there or read a file, or another process listens there.
  static absl::StatusOr<std::unique_ptr<StatusServer>> Start(
      const ListenerOptions& options, grpc::Service* status,
      grpc::Service* admin = nullptr);
  ~StatusServer();

  // Reads changed TLS files for new connections. Bad files are refused, and the
  // server goes on with the files that it has. If the authorities of clients
  // changed, connections made under the old ones end. Returns the errors of
  // front::ReadTlsFiles(). OK also if there are no files.
  absl::Status ReadTlsFiles();

  // Refuses new calls and waits for those under way, a second at most, then
  // cancels them. Blocks: never call it on the thread that answers.
  void Shutdown();

 private:
  class Served;  // A gRPC server without a listener.

  explicit StatusServer(front::TlsFiles tls_files);

  const front::TlsFiles tls_files_;  // Without `cert`: in the clear.
  // Each offers what one right allows.
  std::map<front::Right, std::unique_ptr<Served>> served_;
  std::unique_ptr<front::Front> front_;  // Ends before the others.
};

}  // namespace lb

#endif  // LB_DAEMON_STATUS_SERVER_H_
