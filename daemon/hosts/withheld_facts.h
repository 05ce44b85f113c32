// WithheldFacts: the addresses that a node is elected for and does not
// announce, because another host has them, as it tells the other nodes. A part
// of its HostFacts, so that every node can say why an address is not answered.
//
// Values and pure functions.
#ifndef LB_DAEMON_HOSTS_WITHHELD_FACTS_H_
#define LB_DAEMON_HOSTS_WITHHELD_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb {

// The maximum of SerializeWithheld(): some 50 addresses.
inline constexpr size_t kWithheldFactsSizeMax = 1536;

struct WithheldFact {
  net::IpAddress address;
  std::string interface;  // Where the other host answers: 1 to 255 bytes.
  net::MacAddress mac;    // That host's.
  std::string member;     // Its name, if it is a member: 255 bytes at most.
  bool by_proxy = false;  // It answers for every address.
  absl::Time since;       // Civil time, in whole seconds.

  friend bool operator==(const WithheldFact&, const WithheldFact&) = default;
};

struct WithheldFacts {
  std::vector<WithheldFact> facts;
  uint16_t omitted = 0;  // Number of addresses that are left out.

  bool empty() const { return facts.empty() && omitted == 0; }

  friend bool operator==(const WithheldFacts&, const WithheldFacts&) = default;
};

// Leaves out what is beyond kWithheldFactsSizeMax, and counts it.
void BoundWithheldFacts(WithheldFacts* withheld);

// Takes the earlier time of each that `before` has too: a clock that was set
// since then makes no news.
void KeepSince(const WithheldFacts& before, WithheldFacts* withheld);

// Numbers big-endian:
//
//   withheld = omitted(2) entry*
//   entry    = flags(1) 4 or 16 bytes, size(1) interface mac(6)
//              size(1) member since(8)             since: seconds since 1970
//   flags    = 1 IPv6 | 2 by proxy
//
// REQUIRES: within the bounds.
std::string SerializeWithheld(const WithheldFacts& withheld);
// Nullopt: damaged, or too long.
std::optional<WithheldFacts> ParseWithheld(std::string_view bytes);

}  // namespace lb

#endif  // LB_DAEMON_HOSTS_WITHHELD_FACTS_H_
