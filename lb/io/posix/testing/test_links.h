// Links for tests and benchmarks on real interfaces: veth pairs in a network
// namespace that this process makes for itself. Nothing of the host is touched;
// it all goes with the process.
#ifndef LB_IO_POSIX_TESTING_TEST_LINKS_H_
#define LB_IO_POSIX_TESTING_TEST_LINKS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lb/io/posix/netlink_socket.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_prefix.h"

namespace lb::io {

// Whether this thread, and those that it starts from now on, are in a namespace
// of their own; made by the first call. False: CAP_SYS_ADMIN is missing.
bool HaveNamespace();

class TestLinks {
 public:
  // REQUIRES: HaveNamespace().
  static absl::StatusOr<TestLinks> Create();

  // A pair of interfaces that are each other's cable, switched off.
  absl::Status AddVethPair(const std::string& one, const std::string& other);
  // With its peer. What is not there is not deleted.
  void Delete(const std::string& name);
  // As `ip link property add dev NAME altname ALTERNATIVE`.
  absl::Status AddAltName(const std::string& name,
                          const std::string& alternative);
  absl::Status SetUp(const std::string& name, bool up);
  // At once: without duplicate address detection.
  absl::Status AddAddress(const std::string& name,
                          const net::IpPrefix& address);
  absl::Status RemoveAddress(const std::string& name,
                             const net::IpPrefix& address);
  struct NewRoute {
    net::IpPrefix to;
    std::vector<net::IpAddress> gateways;  // Several: a multipath route.
    int table = 254;                       // The main one.
  };
  absl::Status AddRoute(const std::string& name, const NewRoute& route);
  absl::Status AddDefaultRoute(const std::string& name,
                               const net::IpAddress& gateway);

 private:
  explicit TestLinks(NetlinkSocket socket) : socket_(std::move(socket)) {}

  NetlinkSocket socket_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_TESTING_TEST_LINKS_H_
