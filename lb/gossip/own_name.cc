#include "lb/gossip/own_name.h"

#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::gossip {

OwnName::OwnName(SharedState& state, absl::Time now)
    : state_(state), check_(state.roster.self().former, now) {
  if (check_.running()) state_.roster.HoldMove();
}

void OwnName::OnTimer(absl::Time now) {
  if (check_.due() > now) return;
  const uint32_t sequence = state_.numbers.Next();
  if (!check_.TakePing(now, sequence, state_.options.dissemination.interval,
                       state_.options.probe.timeout)) {
    return state_.roster.ReleaseMove(now);
  }
  const wire::Ping ping =
      state_.outbox.PingFor(state_.roster.self().name, sequence);
  for (const net::Endpoint& former : check_.former()) {
    state_.outbox.SendPlain(former, ping);
  }
}

bool OwnName::OnPing(absl::Time now, const wire::Ping& ping) {
  if (!state_.roster.IsSelf(ping.source.node)) return false;
  const auto address = net::IpAddress::FromBytes(ping.source.address);
  if (!address.ok()) return false;
  const net::Endpoint source = {*address, ping.source.port};
  if (source != state_.roster.self().endpoint) {
    state_.roster.OnNamesake(now, source);
    return false;  // It is to hear that the name is taken.
  }
  if (!check_.IsOwn(ping.sequence)) return false;
  // The former address is still this host's.
  check_.End();
  state_.roster.ReleaseMove(now);
  return true;
}

bool OwnName::OnAck(absl::Time now, uint32_t sequence) {
  if (!check_.OnAck(now, sequence)) return false;
  state_.roster.OnNamesake(now, check_.former().back());
  return true;
}

}  // namespace lb::gossip
