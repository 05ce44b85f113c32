// LoopbackDelivery: puts the addresses that this node announces on "lo", so
// that its kernel accepts their packets where no kube-proxy does it.
//
// Loop thread only.
#ifndef LB_DAEMON_AGENT_LOOPBACK_DELIVERY_H_
#define LB_DAEMON_AGENT_LOOPBACK_DELIVERY_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "lb/io/environment.h"
#include "lb/net/ip_address.h"

namespace lb {

class LoopbackDelivery {
 public:
  LoopbackDelivery(std::string node, const io::Environment& environment)
      : node_(std::move(node)), environment_(environment) {}

  // Takes off what a run that was killed has left: all that carries the mark of
  // an AddressInstaller, whatever is known of it otherwise.
  void RemoveLeftovers();

  // Puts these on "lo" and takes off what else this object put there, so many
  // addresses in one call: the kernel takes about 0.1 ms for each of IPv6.
  // False: call again, on a later turn of the loop. What the kernel refuses is
  // tried again with later calls, and an event once, until it is done or
  // refused for another reason.
  static constexpr size_t kChangesMax = 32;
  bool Deliver(const std::set<net::IpAddress>& addresses);

  // Was it delivered, or refused?
  bool Tried(const net::IpAddress& address) const {
    return delivered_.contains(address) || refused_.contains(address);
  }

  // What the kernel refused, with what it said.
  const std::map<net::IpAddress, std::string>& refused() const {
    return refused_;
  }

 private:
  // True: it is done.
  bool Change(const net::IpAddress& address, bool deliver);
  void Report(const net::IpAddress& address, const char* what,
              const absl::Status& status);
  void RecordFailure(std::string message);

  const std::string node_;
  io::Environment environment_;
  std::set<net::IpAddress> delivered_;
  std::map<net::IpAddress, std::string> refused_;  // What was reported last.
};

}  // namespace lb

#endif  // LB_DAEMON_AGENT_LOOPBACK_DELIVERY_H_
