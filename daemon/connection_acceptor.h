// ConnectionAcceptor: a listening socket in front of a gRPC server.
//
// gRPC (1.51) accepts whatever comes, until the process has no descriptor left,
// and then closes its listener for good. Here a connection beyond
// kDescriptorsMax is closed at once, so that callers cannot take what gossip,
// frames and state files need, and listening goes on.
//
//   LB_ASSIGN_OR_RETURN(auto acceptor,
//                       ConnectionAcceptor::Listen("unix:/run/lbd/lbd.sock"));
//   acceptor->Start([&](int descriptor) { ... });  // Who takes it closes it.
//
// Accepts on a thread of its own, which ends with the object; so does the path
// of a unix socket.
#ifndef LB_DAEMON_CONNECTION_ACCEPTOR_H_
#define LB_DAEMON_CONNECTION_ACCEPTOR_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"

namespace lb {

class ConnectionAcceptor {
 public:
  // The kernel gives the lowest number that is free: one at or above this is
  // the mark of as many that are open. Below the 1,024 that processes may
  // usually have.
  static constexpr int kDescriptorsMax = 640;

  // "unix:/path", in place of what is there, with the process's umask; or
  // "address:port". InvalidArgument: neither. Unavailable: in use, or not
  // permitted.
  static absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> Listen(
      const std::string& listen);
  ConnectionAcceptor(const ConnectionAcceptor&) = delete;
  ConnectionAcceptor& operator=(const ConnectionAcceptor&) = delete;
  ~ConnectionAcceptor();

  // Calls `take` on the thread, with descriptors that do not block. Once.
  void Start(std::function<void(int descriptor)> take);

 private:
  ConnectionAcceptor(int socket, std::string path);

  void Run(const std::function<void(int descriptor)>& take) const;

  const int socket_;
  const int stop_;          // An eventfd.
  const std::string path_;  // Of a unix socket.
  std::thread thread_;
};

}  // namespace lb

#endif  // LB_DAEMON_CONNECTION_ACCEPTOR_H_
