// Reception: what one received packet means for the addresses of an interface.
//
// Judges, and builds the reply; knows nothing of states, times or queues. Pure.
#ifndef LB_ANNOUNCE_RECEPTION_H_
#define LB_ANNOUNCE_RECEPTION_H_

#include <cstdint>
#include <vector>

#include "absl/container/btree_set.h"
#include "lb/announce/claim.h"
#include "lb/announce/verdict.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"
#include "lb/net/neighbor_packet.h"

namespace lb::announce {

struct Reception {
  // One that JudgeArp() or JudgeNdp() returns, or kUnsupported.
  Verdict verdict = Verdict::kUnsupported;
  // kReply, kNotOurs: asked for. kConflict: claimed by another.
  net::IpAddress vip;
  // The sender and its claim to `vip`: always set with kConflict, and with
  // kReply only if `is_rival`.
  bool is_rival = false;
  net::MacAddress mac;
  RivalSign sign = RivalSign::kClaims;
};

// `held` are the addresses that the host with `own_mac` announces on the
// interface, or wants to.
Reception Receive(const net::MacAddress& own_mac,
                  const absl::btree_set<net::IpAddress>& held,
                  const net::NeighborPacket& packet);

// A client looks for the owner of an address: it neither announces the address
// itself nor probes for it.
bool IsQuestion(const net::NeighborPacket& packet);

// The frame that answers `packet`. REQUIRES: its verdict is kReply.
std::vector<uint8_t> ReplyFrame(const net::MacAddress& own_mac,
                                const net::NeighborPacket& packet);

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_RECEPTION_H_
