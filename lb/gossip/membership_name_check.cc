// Membership's check that no other host has this node's name.
#include "lb/gossip/membership.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

void Membership::RunNameCheck(absl::Time now) {
  if (name_check_.due() > now) return;
  const uint32_t sequence = NextSequence();
  if (!name_check_.TakePing(now, sequence, options_.gossip_interval,
                            options_.probe_timeout)) {
    return roster_.ReleaseMove(now);
  }
  for (const net::Endpoint& former : name_check_.former()) {
    SendPlain(former, wire::Ping{.sequence = sequence,
                                 .node = self().name,
                                 .source = OwnSource()});
  }
}

bool Membership::OnNamesakePing(absl::Time now, const wire::Ping& ping) {
  if (!roster_.IsSelf(ping.source.node)) return false;
  const auto address = net::IpAddress::FromBytes(ping.source.address);
  if (!address.ok()) return false;
  const net::Endpoint source = {*address, ping.source.port};
  if (source != self().endpoint) {
    roster_.OnNamesake(now, source);
    return false;  // It is to hear that the name is taken.
  }
  if (!name_check_.IsOwn(ping.sequence)) return false;
  // The former address is still this host's.
  name_check_.End();
  roster_.ReleaseMove(now);
  return true;
}

}  // namespace lb::gossip
