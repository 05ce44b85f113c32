// Sockets of this host that lbctl finds or misses.
#ifndef LB_DAEMON_LBCTL_TESTING_SOCKETS_H_
#define LB_DAEMON_LBCTL_TESTING_SOCKETS_H_

#include <string>

#include "lb/net/endpoint.h"

namespace lb::lbctl {

// A unix socket at the path. The path stays when the object ends.
class UnixListener {
 public:
  explicit UnixListener(const std::string& path);
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  // Before this call, connections are refused.
  void Listen() const;

 private:
  const int fd_;
};

enum class Transport { kTcp, kUdp };

// A socket on 127.0.0.1, with a port that the kernel chose.
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
