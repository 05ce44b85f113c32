// Membership's check that no other host has this node's name.
#include "lb/gossip/membership.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

void Membership::RunNameCheck(absl::Time now) {
  if (name_check_.due() > now) return;
  const uint32_t sequence = state_.numbers.Next();
  if (!name_check_.TakePing(now, sequence, state_.options.gossip_interval,
                            state_.options.probe_timeout)) {
    return state_.roster.ReleaseMove(now);
  }
  for (const net::Endpoint& former : name_check_.former()) {
    state_.outbox.SendPlain(former,
                            wire::Ping{.sequence = sequence,
                                       .node = state_.roster.self().name,
                                       .source = state_.outbox.OwnSource()});
  }
}

bool Membership::OnNamesakePing(absl::Time now, const wire::Ping& ping) {
  if (!state_.roster.IsSelf(ping.source.node)) return false;
  const auto address = net::IpAddress::FromBytes(ping.source.address);
  if (!address.ok()) return false;
  const net::Endpoint source = {*address, ping.source.port};
  if (source != state_.roster.self().endpoint) {
    state_.roster.OnNamesake(now, source);
    return false;  // It is to hear that the name is taken.
  }
  if (!name_check_.IsOwn(ping.sequence)) return false;
  // The former address is still this host's.
  name_check_.End();
  state_.roster.ReleaseMove(now);
  return true;
}

}  // namespace lb::gossip
