#include "lb/net/neighbor_packet.h"

#include <utility>

#include "absl/status/status.h"
#include "lb/base/status_macros.h"

namespace lb::net {

absl::StatusOr<NeighborPacket> ParseNeighborPacket(
    absl::Span<const uint8_t> frame) {
  LB_ASSIGN_OR_RETURN(const EthernetFrame ethernet, ParseEthernet(frame));
  NeighborPacket packet = {.header = ethernet.header};
  if (packet.header.ether_type == kEtherTypeArp) {
    LB_ASSIGN_OR_RETURN(packet.message, ParseArp(ethernet.payload));
  } else if (packet.header.ether_type == kEtherTypeIpv6) {
    auto ndp = ParseNdp(ethernet.payload);
    if (ndp.ok()) {
      packet.message = *std::move(ndp);
    } else if (!absl::IsUnimplemented(ndp.status())) {
      return ndp.status();
    }
  }
  return packet;
}

}  // namespace lb::net
