// Reception: what one received frame means for the addresses of an interface.
//
// Parses and judges; knows nothing of states, times or queues. Pure.
#ifndef LB_ANNOUNCE_RECEPTION_H_
#define LB_ANNOUNCE_RECEPTION_H_

#include <cstdint>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/types/span.h"
#include "lb/announce/claim.h"
#include "lb/announce/verdict.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

struct Reception {
  // One that JudgeArp() or JudgeNdp() returns, or kTagged, kUnsupported,
  // kMalformed.
  Verdict verdict = Verdict::kMalformed;
  // kReply, kNotOurs: asked for. kConflict: claimed by another.
  net::IpAddress vip;
  // With kReply:
  std::vector<uint8_t> reply;
  // Set with kReply if `is_rival`, and always with kConflict: the sender, and
  // its claim to `vip`.
  bool is_rival = false;
  net::MacAddress mac;
  RivalSign sign = RivalSign::kClaims;
};

// A whole Ethernet frame. `held` are the addresses that the host with `own_mac`
// announces on the interface, or wants to.
Reception Receive(const net::MacAddress& own_mac,
                  const absl::btree_set<net::IpAddress>& held,
                  absl::Span<const uint8_t> bytes);

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_RECEPTION_H_
