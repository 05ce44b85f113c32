// MemberMacs: whose is a MAC address that was seen on the wire?
//
// Remembers what members said of their interfaces, also of those that failed or
// left: when gossip is cut and the segment is not, the rival that answers for
// our address is a member that we believe dead. Bounded; the least recently
// heard is forgotten first.
//
// Pure bookkeeping, loop thread only.
#ifndef LB_ANNOUNCE_MEMBER_MACS_H_
#define LB_ANNOUNCE_MEMBER_MACS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

struct MemberMac {
  net::MacAddress mac;
  std::string node;

  friend bool operator==(const MemberMac&, const MemberMac&) = default;
};

class MemberMacs {
 public:
  explicit MemberMacs(size_t macs_max) : macs_max_(macs_max) {}

  // `node` says that its interfaces have these MACs. A MAC that two claim is
  // the last one's. True: NodeOf() has changed.
  bool Learn(const std::string& node, absl::Span<const net::MacAddress> macs);
  bool Learn(const MemberMac& member);

  // Nullopt: no member's.
  std::optional<std::string> NodeOf(const net::MacAddress& mac) const;

  // The `max` that were most lately heard, the latest last.
  std::vector<MemberMac> Latest(size_t max) const;

  size_t size() const { return nodes_.size(); }

 private:
  struct Known {
    std::string node;
    uint64_t heard = 0;
  };

  const size_t macs_max_;
  uint64_t learned_ = 0;
  std::map<net::MacAddress, Known> nodes_;
  std::map<uint64_t, net::MacAddress> by_age_;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_MEMBER_MACS_H_
