// Holdings: who holds which address, and on what sharing terms.
//
// Bookkeeping only: whether a service may hold an address is decided before
// (selection.h). O(log n) in services and addresses.
#ifndef LB_IPAM_HOLDINGS_H_
#define LB_IPAM_HOLDINGS_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/inlined_vector.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/sharing.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

struct Holding {
  Assignment assignment;
  SharingTerms terms;
};

class Holdings {
 public:
  using ByService = std::map<std::string, Holding, std::less<>>;

  // Nullptr: the service holds nothing.
  const Holding* Find(std::string_view service) const;
  const ByService& by_service() const { return by_service_; }

  // By name.
  std::vector<std::string> HoldersOf(const net::IpAddress& address) const;
  bool IsHeld(const net::IpAddress& address) const {
    return holders_.contains(address);
  }

  // Why `service` may not hold the address on `terms` beside its other holders:
  // "10.0.0.1 is held by default/web: not shared". Nullopt: it may.
  std::optional<std::string> WhyTaken(const net::IpAddress& address,
                                      std::string_view service,
                                      const SharingTerms& terms) const;

  // Addresses all of whose holders share with that (non-empty) key.
  const absl::btree_set<net::IpAddress>& SharedWith(std::string_view key) const;

  // REQUIRES: the service holds nothing.
  void Add(std::string_view service, Holding holding);
  // REQUIRES: the service holds something. Returns it.
  Holding Remove(std::string_view service);

  // Notes that the service's address at `index` lies in `pool` now.
  void SetPool(std::string_view service, size_t index, std::string pool);

 private:
  using Node = ByService::value_type;  // Nodes of a std::map stay in place.

  ByService by_service_;
  // In order of arrival; read in order of name.
  absl::btree_map<net::IpAddress, absl::InlinedVector<const Node*, 1>> holders_;
  std::map<std::string, absl::btree_set<net::IpAddress>, std::less<>> by_key_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_HOLDINGS_H_
