// Sockets of this host, for lbctl to find or to miss.
#ifndef LB_DAEMON_LBCTL_TESTING_SOCKETS_H_
#define LB_DAEMON_LBCTL_TESTING_SOCKETS_H_

#include <string>

#include "lb/net/endpoint.h"

namespace lb::lbctl {

// A unix socket at the path, which stays when this ends.
class UnixListener {
 public:
  explicit UnixListener(const std::string& path);
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  // Until then connections are refused.
  void Listen() const;

 private:
  const int fd_;
};

enum class Transport { kTcp, kUdp };

// On 127.0.0.1, with a port that the kernel chose.
class LoopbackSocket {
 public:
  explicit LoopbackSocket(Transport transport);
  ~LoopbackSocket();
  LoopbackSocket(const LoopbackSocket&) = delete;
  LoopbackSocket& operator=(const LoopbackSocket&) = delete;

  void Listen() const;
  const net::Endpoint& endpoint() const { return endpoint_; }

 private:
  const int fd_;
  net::Endpoint endpoint_;
};

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_TESTING_SOCKETS_H_
