// ListeningSocket: a socket to which callers connect.
//
//   LB_ASSIGN_OR_RETURN(auto socket,
//                       ListeningSocket::Open("unix:/run/lbd/lbd.sock"));
//
// The path of a unix socket ends with the object. Any thread, one at a time.
#ifndef LB_DAEMON_FRONT_LISTENING_SOCKET_H_
#define LB_DAEMON_FRONT_LISTENING_SOCKET_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace lb::front {

class ListeningSocket {
 public:
  // Listens on "unix:/path", with the process's umask and in place of any
  // socket at the path, or on "address:port". Does not block. InvalidArgument:
  // `listen` is neither. Unavailable: the address is in use, or not permitted.
  static absl::StatusOr<std::unique_ptr<ListeningSocket>> Open(
      const std::string& listen);
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  ~ListeningSocket();

  int descriptor() const { return descriptor_; }
  bool is_unix() const { return !path_.empty(); }

 private:
  ListeningSocket(int descriptor, std::string path);

  const int descriptor_;
  const std::string path_;  // Empty: not a unix socket.
};

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_LISTENING_SOCKET_H_
